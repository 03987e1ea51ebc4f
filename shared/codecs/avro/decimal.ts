import { found } from '../found.ts'
import { Fault } from './fault.ts'

type Decimal = { readonly precision: number; readonly scale: number }

/** Two's complement of at most so many bytes is read without bigints. */
const smallBytes = 6

/** `12.50` from the bytes of 1250 in two's complement, the high ones first: exact, with just as many digits behind the point as the scale. */
export function decimalText(bytes: Uint8Array, { precision, scale }: Decimal): string {
  const unscaled = unscaledText(bytes, precision)
  const isNegative = unscaled.startsWith('-')
  const digits = isNegative ? unscaled.slice(1) : unscaled
  if (digits.length > precision) throw new Fault(`a decimal of ${digits.length} digits`, `at most ${precision}`)
  if (scale === 0) return unscaled
  const padded = digits.padStart(scale + 1, '0')
  return `${isNegative ? '-' : ''}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

function unscaledText(bytes: Uint8Array, precision: number): string {
  if (bytes.length === 0) throw new Fault('a decimal of no bytes', 'one or more')
  if (bytes.length <= smallBytes) {
    let value = (bytes[0] << 24) >> 24
    for (let i = 1; i < bytes.length; i++) value = value * 256 + bytes[i]
    return String(value)
  }
  // Bytes that only repeat the sign say nothing; the others say how long the number is before it is made.
  let first = 0
  const sign = bytes[0] > 0x7f ? 0xff : 0
  while (first < bytes.length - 1 && bytes[first] === sign && (bytes[first + 1] ^ sign) < 0x80) first++
  if (bytes.length - first > precision + 1) {
    throw new Fault(`a decimal of ${bytes.length - first} bytes`, `one of at most ${precision} digits`)
  }
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + first, bytes.length - first).toString('hex')
  return BigInt.asIntN(8 * (bytes.length - first), BigInt(`0x${hex}`)).toString()
}

/** The bytes of a decimal in two's complement, as few as can be, or just `size` where that is given. */
export function decimalBytes(value: unknown, decimal: Decimal, size: number | undefined): Uint8Array {
  const unscaled = unscaledOf(value, decimal)
  let length = 1
  while (BigInt.asIntN(8 * length, unscaled) !== unscaled) length++
  const bytes = Buffer.alloc(size ?? length)
  let rest = unscaled
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** Whether a decimal of this type can be written as that text. */
export function unscaledOf(value: unknown, { precision, scale }: Decimal): bigint {
  const parts = typeof value === 'string' ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(value) : null
  const what = typeof value === 'string' ? found(value) : String(value)
  if (parts === null || typeof value !== 'string' || value.length > 2 * precision + 8) {
    throw new Fault(what, `a decimal as text, e.g. "12.50", of at most ${precision} digits`)
  }
  const [, sign, whole, fraction = ''] = parts
  if (/[1-9]/.test(fraction.slice(scale))) throw new Fault(what, `at most ${scale} digits behind the point`)
  const digits = (whole + fraction.slice(0, scale).padEnd(scale, '0')).replace(/^0+(?=\d)/, '')
  if (digits.length > precision) throw new Fault(what, `at most ${precision} digits, ${scale} of them behind the point`)
  return BigInt(`${sign}${digits}`)
}
