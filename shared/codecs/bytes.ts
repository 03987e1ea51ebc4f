import type { Codec } from './codec.ts'

/** A record's bytes as they are. What it decodes to is a copy: it keeps neither the record nor its batch in memory. */
export const raw: Codec<Uint8Array> = {
  name: 'raw',
  decode: (bytes, start, end) => new Uint8Array(bytes.subarray(start, end)),
  encode: value => new Uint8Array(value),
}

/** The same bytes as a Buffer, for its methods: no copy. Bytes from Lambda are one already. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
