import { asBuffer } from '../bytes.ts'
import type { Framing } from './framing.ts'
import { malformedFrame } from './malformed-frame.ts'

const name = "Confluent's wire format"
const magic = 0
const headerLength = 5
const largestId = 2 ** 31 - 1

/** More is no path to a message: protobuf's own compiler refuses deeper nesting. */
const mostIndexes = 100

/**
 * Confluent's: a zero, then the schema's id as four bytes, the high ones first. A protobuf body begins with its message indexes, see
 * `readMessageIndexes`. From Confluent's "wire format" page.
 */
export const confluentFraming: Framing = {
  name,
  read: (given, start, end) => {
    const bytes = asBuffer(given)
    if (end - start < headerLength || bytes[start] !== magic) {
      throw malformedFrame(name, bytes, start, end, 'a zero and the four bytes of a schema id')
    }
    const id = bytes.readInt32BE(start + 1)
    if (id < 0) throw malformedFrame(name, bytes, start, end, 'a zero and a schema id that is not negative')
    return { id, body: bytes, start: start + headerLength, end }
  },
  write: (id, body) => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > largestId) {
      throw new RangeError(
        `Cannot write ${name}: found the schema id ${JSON.stringify(id)}, expected 0 to ${largestId}`,
      )
    }
    const bytes = Buffer.allocUnsafe(headerLength + body.length)
    bytes[0] = magic
    bytes.writeInt32BE(id, 1)
    bytes.set(body, headerLength)
    return bytes
  },
}

/** Which message of a .proto file a body holds, from the outermost inwards, and where the message begins. */
export type MessageIndexes = { readonly indexes: readonly number[]; readonly start: number }

/** Reads what stands before a protobuf message: zigzag integers, how many and then each; a single zero stands for the first message. */
export function readMessageIndexes(body: Uint8Array, start: number, end: number): MessageIndexes {
  let at = start
  const next = (): number => {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) break
      const byte = body[at++]
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    throw malformedFrame(name, body, start, end, 'the indexes of a protobuf message')
  }
  const count = next()
  if (count < 0 || count > mostIndexes) {
    throw malformedFrame(name, body, start, end, `a path of at most ${mostIndexes} message indexes`)
  }
  if (count === 0) return { indexes: [0], start: at }
  const indexes = Array.from({ length: count }, next)
  if (indexes.some(index => index < 0)) {
    throw malformedFrame(name, body, start, end, 'message indexes that are not negative')
  }
  return { indexes, start: at }
}

/** What `readMessageIndexes` reads: to be put before the message, inside the body. */
export function writeMessageIndexes(indexes: readonly number[]): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0)
  return Uint8Array.from([indexes.length, ...indexes].flatMap(zigzagBytes))
}

function zigzagBytes(value: number): number[] {
  const bytes: number[] = []
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}
