import type { Codec } from '../codec.ts'
import { found } from '../found.ts'
import { json } from '../json.ts'
import { encodeAll, type FileFormat, type FileWriter } from './file-format.ts'
import { decodeLines, linesWriter, preparedBy } from './lines.ts'

/**
 * A file of JSON values, one a line (NDJSON, JSON Lines). The codec may be any whose values are one line of text each: writing one that has
 * a line break, or nothing at all, throws a RangeError. Empty lines are skipped when it is read.
 *
 * ```ts
 * const events = ndjson<{ readonly id: number }>()
 * const ids = ndjson(json(value => Number(value)))
 * ```
 */
export function ndjson<T = never>(codec: Codec<T> = json<T>()): FileFormat<T> {
  const writer = (): FileWriter<T> => linesWriter(value => oneLineOf(codec, value))
  return {
    name: 'ndjson',
    extension: 'ndjson',
    writer,
    encode: values => encodeAll(writer(), values),
    decode: bytes => decodeLines(codec, bytes),
    ...preparedBy(codec),
  }
}

function oneLineOf<T>(codec: Codec<T>, value: T): Uint8Array {
  const bytes = codec.encode(value)
  if (bytes.length > 0 && !bytes.includes(lineFeed)) return bytes
  const what = bytes.length === 0 ? 'nothing' : found(Buffer.from(bytes).toString('utf8'))
  throw new RangeError(
    `Cannot write a line of NDJSON: codec ${codec.name} wrote ${what}, expected text without a line break`,
  )
}

const lineFeed = 0x0a
