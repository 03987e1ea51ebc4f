import { asBuffer } from '../bytes.ts'
import type { Framing } from './framing.ts'
import { malformedFrame } from './malformed-frame.ts'

const name = "Avro's single-object encoding"
const magic = [0xc3, 0x01] as const
const headerLength = 10

/**
 * Avro's single-object encoding: C3 01, then the schema's CRC-64-AVRO fingerprint, the low bytes first. The id is the fingerprint as
 * 16 hexadecimal digits, the high ones first.
 */
export const singleObjectFraming: Framing = {
  name,
  read: (given, start, end) => {
    const bytes = asBuffer(given)
    if (end - start < headerLength || bytes[start] !== magic[0] || bytes[start + 1] !== magic[1]) {
      throw malformedFrame(name, bytes, start, end, 'c3 01 and the eight bytes of a fingerprint')
    }
    const id = bytes
      .readBigUInt64LE(start + 2)
      .toString(16)
      .padStart(16, '0')
    return { id, body: bytes, start: start + headerLength, end }
  },
  write: (id, body) => {
    if (typeof id !== 'string' || !/^[\da-f]{16}$/.test(id)) {
      throw new RangeError(`Cannot write ${name}: found the fingerprint ${JSON.stringify(id)}, expected 16 digits`)
    }
    const bytes = Buffer.allocUnsafe(headerLength + body.length)
    bytes.set(magic)
    bytes.writeBigUInt64LE(BigInt(`0x${id}`), 2)
    bytes.set(body, headerLength)
    return bytes
  },
}
