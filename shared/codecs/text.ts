import { isUtf8 } from 'node:buffer'
import { MalformedRecordError } from '../model/errors.ts'
import { asBuffer } from './bytes.ts'
import type { Codec } from './codec.ts'
import { found, foundBytes } from './found.ts'

/** A record as text in UTF-8, with its line end and byte order mark if it has any. Invalid bytes make the record malformed. */
export const utf8: Codec<string> = {
  name: 'utf8',
  decode: (bytes, start, end) => {
    const text = readUtf8(asBuffer(bytes), start, end)
    if (text !== undefined) return text
    throw new MalformedRecordError(`Cannot read text: found ${foundBytes(bytes, start, end)}, expected UTF-8`)
  },
  encode: value => {
    if (value.isWellFormed()) return Buffer.from(value, 'utf8')
    throw new RangeError(`Cannot write text: found ${found(value)}, expected no half of a surrogate pair`)
  },
}

/** The text of `bytes[start, end)`, or undefined where it is not UTF-8. */
export function readUtf8(bytes: Buffer, start: number, end: number): string | undefined {
  const text = bytes.toString('utf8', start, end)
  // The decoder puts U+FFFD in place of what is wrong, but U+FFFD may also be what was written: only then look closer.
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? undefined : text
}
