import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Packr } from 'msgpackr'

/**
 * How state, chunks and outboxes write values: MessagePack by msgpackr, objects as inline records. Plain objects, arrays, Map, Set,
 * Date, bigint, typed arrays, undefined and null come back as they were; a class instance comes back as a plain object, -0 as 0.
 * The bytes are a pure function of the value, whatever was packed before: pages rely on it.
 */
const packr = new Packr({ useRecords: true, moreTypes: true, useBigIntExtension: true })

export const packValue = (value: unknown): Buffer => packr.pack(value)
export const unpackValue = (bytes: Uint8Array): unknown => packr.unpack(bytes)

/** Raised when bytes of the same values would come out otherwise: another library version, level or layout. */
export const valueCodecVersion = 1

const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const stored = 0
const zstd = 1

/** One mark, then the bytes, compressed by zstd where there are at least `worthwhile` and it makes them fewer. Deterministic. */
export function compress(bytes: Buffer, worthwhile: number): Buffer {
  if (bytes.length >= worthwhile) {
    const smaller = zstdCompressSync(bytes, level)
    if (smaller.length < bytes.length) return Buffer.concat([Buffer.of(zstd), smaller])
  }
  return Buffer.concat([Buffer.of(stored), bytes])
}

export function decompress(bytes: Uint8Array): Buffer {
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1)
  switch (bytes[0]) {
    case stored:
      return rest
    case zstd:
      return zstdDecompressSync(rest)
    default:
      throw new RangeError(`Cannot decompress: the first byte is ${bytes[0]}, expected ${stored} or ${zstd}`)
  }
}
