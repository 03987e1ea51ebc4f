import { MalformedRecordError } from '../../model/errors.ts'

/** The first bytes of a record in hexadecimal, as in messages about a header. */
const shownBytes = 8

export function malformedFrame(
  name: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  expected: string,
): MalformedRecordError {
  return new MalformedRecordError(`Cannot read ${name}: found ${firstBytes(bytes, start, end)}, expected ${expected}`)
}

function firstBytes(bytes: Uint8Array, start: number, end: number): string {
  if (end === start) return 'nothing'
  const shown = [...bytes.subarray(start, Math.min(end, start + shownBytes))]
  const rest = end - start > shownBytes ? ' …' : ''
  return `the bytes ${shown.map(byte => byte.toString(16).padStart(2, '0')).join(' ')}${rest}`
}
