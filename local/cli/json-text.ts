import { found } from '../../shared/codecs/found.ts'
import { describeThrown } from '../../shared/model/errors.ts'
import { MalformedLineError } from './malformed-line.ts'

/** The value of a line of JSON. A whole number too long for a double is a big integer. Throws a MalformedLineError. */
export function jsonOf(text: string): unknown {
  try {
    return manyDigits.test(text) ? JSON.parse(text, exactly) : JSON.parse(text)
  } catch (error) {
    const reason = describeThrown(error).replace(/ in JSON at position /, ' at character ')
    throw new MalformedLineError(`found ${found(text)}, expected JSON: ${found(reason).slice(1, -1)}`)
  }
}

/** Fewer than 16 digits fit a double. */
const manyDigits = /\d{16}/

function exactly(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) ? BigInt(source) : value
}

/** A value as the text of a partition key: text as it is. */
export const keyTextOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'bigint'
      ? String(value)
      : (JSON.stringify(value, bigintText) ?? '')

const bigintText = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
