import { crc32 } from 'node:zlib'

const checksumLength = 4

/** A tag's lowest two bits. */
const tag = { literal: 0, near: 1, far: 2 } as const

/**
 * A block of Avro's codec `snappy`: raw Snappy, then the CRC-32 of what it decompresses to, the high bytes first. Reading only: Snappy's
 * format description, version 2011. Throws a RangeError that says what is wrong.
 */
export function snappyDecompress(bytes: Buffer, mostBytes: number): Buffer {
  const end = bytes.length - checksumLength
  const { length, at: start } = readLength(bytes, end)
  if (length > mostBytes) throw new RangeError(`it would be ${length} bytes`)
  const out = Buffer.allocUnsafe(length)
  let at = start
  let made = 0
  while (at < end) {
    const { kind, count, offset, next } = readTag(bytes, at, end)
    if (count > length - made) throw new RangeError('it is longer than it says')
    if (kind === tag.literal) {
      if (count > end - next) throw new RangeError('it ends too early')
      bytes.copy(out, made, next, next + count)
      at = next + count
    } else {
      if (offset === 0 || offset > made) throw new RangeError(`it copies from ${offset} bytes before, of ${made}`)
      // Byte by byte: a copy may overlap what it makes.
      for (let i = 0; i < count; i++) out[made + i] = out[made + i - offset]
      at = next
    }
    made += count
  }
  if (made < length) throw new RangeError('it is shorter than it says')
  if (crc32(out) !== bytes.readUInt32BE(end)) throw new RangeError('its checksum is wrong')
  return out
}

function readLength(bytes: Buffer, end: number): { readonly length: number; readonly at: number } {
  let length = 0
  for (let at = 0; at < Math.min(end, 5); at++) {
    length += (bytes[at] & 0x7f) * 2 ** (7 * at)
    if (bytes[at] < 0x80) return { length, at: at + 1 }
  }
  throw new RangeError('it has no length')
}

type Tag = { readonly kind: number; readonly count: number; readonly offset: number; readonly next: number }

function readTag(bytes: Buffer, at: number, end: number): Tag {
  const first = bytes[at]
  const kind = first & 3
  const high = first >>> 2
  const more = (width: number): number => {
    if (at + 1 + width > end) throw new RangeError('it ends too early')
    return width === 0 ? 0 : bytes.readUIntLE(at + 1, width)
  }
  if (kind === tag.literal) {
    const width = Math.max(0, high - 59)
    return { kind, count: (width === 0 ? high : more(width)) + 1, offset: 0, next: at + 1 + width }
  }
  if (kind === tag.near) return { kind, count: (high & 7) + 4, offset: ((high >>> 3) << 8) | more(1), next: at + 2 }
  const width = kind === tag.far ? 2 : 4
  return { kind, count: high + 1, offset: more(width), next: at + 1 + width }
}
