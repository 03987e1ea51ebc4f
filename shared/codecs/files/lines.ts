import { MalformedRecordError } from '../../model/errors.ts'
import { asBuffer } from '../bytes.ts'
import type { Codec } from '../codec.ts'
import { encodeAll, type FileFormat, type FileWriter } from './file-format.ts'

const newline = Buffer.from('\n')
const lineFeed = newline[0]

/** One value a line, unless its codec ends the line itself. Empty lines are skipped, so a codec that writes nothing is not read back. */
export function lines<T>(codec: Codec<T>, extension: string): FileFormat<T> {
  const writer = (): FileWriter<T> => linesWriter(value => codec.encode(value))
  return {
    name: codec.name,
    extension,
    writer,
    encode: values => encodeAll(writer(), values),
    decode: bytes => decodeLines(codec, bytes),
    ...preparedBy(codec),
  }
}

/** A file learns what its codec must. */
export const preparedBy = <T>(codec: Codec<T>): Pick<FileFormat<T>, 'prepare'> =>
  codec.prepare === undefined ? {} : { prepare: (records, signal) => codec.prepare?.(records, signal) }

/** Puts a line break behind each piece that does not end with one. */
export function linesWriter<T>(encode: (value: T) => Uint8Array, head: readonly Uint8Array[] = []): FileWriter<T> {
  const pieces: Uint8Array[] = [...head]
  return {
    add: value => {
      const piece = encode(value)
      pieces.push(piece)
      if (piece.at(-1) === lineFeed) return piece.length
      pieces.push(newline)
      return piece.length + 1
    },
    finish: () => Buffer.concat(pieces),
  }
}

/** The values of a text of lines; the last one may lack its line break. */
export function* decodeLines<T>(codec: Codec<T>, bytes: Uint8Array): Iterable<T> {
  const buffer = asBuffer(bytes)
  let line = 0
  for (let from = 0; from < buffer.length; ) {
    const found = buffer.indexOf(lineFeed, from)
    const to = found < 0 ? buffer.length : found
    line++
    if (to > from) yield atLine(line, () => codec.decode(buffer, from, to))
    from = to + 1
  }
}

/** Names the line of what cannot be read. */
export function atLine<T>(line: number, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof MalformedRecordError)) throw error
    throw new MalformedRecordError(`Cannot read line ${line}: ${error.message}`, { cause: error })
  }
}
