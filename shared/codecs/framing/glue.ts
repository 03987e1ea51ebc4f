import { deflateSync, inflateSync } from 'node:zlib'
import { describeThrown, MalformedRecordError } from '../../model/errors.ts'
import { asBuffer } from '../bytes.ts'
import type { Framing } from './framing.ts'
import { malformedFrame } from './malformed-frame.ts'

const name = "AWS Glue's wire format"
const version = 3
const plain = 0
const zlib = 5
const headerLength = 18

/** An inflated body may be no longer: six times Kinesis's largest record (10 MiB), where the writer had about 1 GiB in his power. */
const largestBodyBytes = 64 * 2 ** 20

/** What `glueFraming` may be told. */
export type GlueFramingOptions = {
  /**
   * Whether bodies are written compressed. Both are read.
   * @default 'none'
   */
  readonly compression?: 'none' | 'zlib'
}

/** Glue's: a three, the compression (0 for none, 5 for zlib), the 16 bytes of the schema version's UUID. From AWS's own serializers. */
export function glueFraming({ compression = 'none' }: GlueFramingOptions = {}): Framing {
  return {
    name,
    idOf: (bytes, start, end) => readHeader(asBuffer(bytes), start, end).id,
    read: (given, start, end) => {
      const bytes = asBuffer(given)
      const { id, isCompressed } = readHeader(bytes, start, end)
      if (!isCompressed) return { id, body: bytes, start: start + headerLength, end }
      const body = inflate(bytes.subarray(start + headerLength, end))
      return { id, body, start: 0, end: body.length }
    },
    write: (id, body) => {
      const rest = compression === 'zlib' ? deflateSync(body) : body
      const bytes = Buffer.allocUnsafe(headerLength + rest.length)
      bytes[0] = version
      bytes[1] = compression === 'zlib' ? zlib : plain
      bytes.set(uuidBytes(id), 2)
      bytes.set(rest, headerLength)
      return bytes
    },
  }
}

function readHeader(
  bytes: Buffer,
  start: number,
  end: number,
): { readonly id: string; readonly isCompressed: boolean } {
  const isOurs = end - start >= headerLength && bytes[start] === version
  const isCompressed = bytes[start + 1] === zlib
  if (!isOurs || (bytes[start + 1] !== plain && !isCompressed)) {
    throw malformedFrame(name, bytes, start, end, 'a 3, a 0 or 5, and the 16 bytes of a schema version id')
  }
  return { id: uuidText(bytes, start + 2), isCompressed }
}

function inflate(bytes: Uint8Array): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: largestBodyBytes })
  } catch (error) {
    const what = `${bytes.length} bytes that do not inflate: ${describeThrown(error)}`
    const expected = `zlib data of at most ${largestBodyBytes} bytes`
    throw new MalformedRecordError(`Cannot read ${name}: found ${what}, expected ${expected}`, { cause: error })
  }
}

function uuidText(bytes: Buffer, at: number): string {
  const digits = bytes.toString('hex', at, at + 16)
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function uuidBytes(id: number | string): Buffer {
  if (typeof id === 'string' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) {
    return Buffer.from(id.replaceAll('-', ''), 'hex')
  }
  throw new RangeError(`Cannot write ${name}: found the schema version id ${JSON.stringify(id)}, expected a UUID`)
}
