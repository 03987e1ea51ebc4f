import { ConfigurationError } from '../model/errors.ts'
import { code, type FastReader, type Field, miss, unreadable } from './csv-field.ts'
import { oneOf } from './csv-fields.ts'

/** A whole number of 64 bits with a sign, as a bigint: identifiers and counters beyond what `int` holds. */
export const long: Field<bigint> = {
  expected: 'a whole number of 64 bits',
  parse: readLong,
  format: value => (typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? String(value) : undefined),
  fast: delimiter => fastOf(readLong, 0n, delimiter),
}

/**
 * A decimal number as its text, so that no digit is lost: `12.50` stays `12.50`. It is told apart by its digits: as keys, `1.5` and `1.50` are
 * two. A plus, zeros before the first digit and a point without digits on one side are put right: `+01.` is `1`, `-.50` is `-0.50`. At most
 * 100 characters, no exponent.
 */
export const decimal: Field<string> = {
  expected: 'a decimal number',
  parse: readDecimal,
  format: value => (readDecimal(value) === value ? value : undefined),
  fast: delimiter => fastOf(readDecimal, '', delimiter),
}

/**
 * A time of ISO 8601 (RFC 3339) with its zone, as milliseconds since 1970: `2026-01-31T10:00:00Z`, `2026-01-31 12:00:00.123456+02:00`. A
 * zone is `Z` or hours and minutes from UTC; seconds may be missing. Digits beyond the milliseconds are cut off. Written in UTC with
 * milliseconds. Years are 0000 to 9999; there are no leap seconds.
 */
export const instant: Field<number> = {
  expected: 'a time of ISO 8601 with a zone',
  parse: readInstant,
  format: value => {
    if (!Number.isInteger(value) || value < firstInstant || value > lastInstant) return undefined
    return new Date(value).toISOString()
  },
  fast: delimiter => fastOf(readInstant, 0, delimiter),
}

/** One word for true and another for false: `boolOf('Y', 'N')`. */
export function boolOf(yes: string, no: string): Field<boolean> {
  if (yes === no) {
    throw new ConfigurationError(`Cannot make boolOf("${yes}", "${no}"): both are the same, two words would be right`)
  }
  const words = oneOf(yes, no)
  return {
    expected: words.expected,
    parse: text => {
      const word = words.parse(text, false)
      return word === unreadable ? unreadable : word === yes
    },
    format: value => words.format(value ? yes : no),
    fast: delimiter => {
      const read = words.fast?.(delimiter)
      return (bytes, cursor) => read?.(bytes, cursor) === yes
    },
  }
}

const wholeNumber = /^[+-]?\d{1,20}$/
const plainDecimal = /^([+-]?)(\d*)(?:\.(\d*))?$/
const longestDecimal = 100
const isoTime = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d(?::?\d\d)?)$/
const firstInstant = Date.parse('0000-01-01T00:00:00.000Z')
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z')

function readLong(text: string): bigint | typeof unreadable {
  if (!wholeNumber.test(text)) return unreadable
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return BigInt.asIntN(64, value) === value ? value : unreadable
}

function readDecimal(text: string): string | typeof unreadable {
  const [all, sign, whole, fraction = ''] = (text.length <= longestDecimal && plainDecimal.exec(text)) || []
  if (all === undefined || (whole === '' && fraction === '')) return unreadable
  const digits = `${whole.replace(/^0+/, '') || '0'}${fraction === '' ? '' : `.${fraction}`}`
  return sign === '-' && /[1-9]/.test(digits) ? `-${digits}` : digits
}

function readInstant(text: string): number | typeof unreadable {
  const [all, year, month, day, hour, minute, second = '0', fraction = '', zone] = isoTime.exec(text) ?? []
  if (all === undefined) return unreadable
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)]
  const offset = offsetOf(zone)
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  // Date would take February 30 for March 2.
  const isDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  if (!isDay || hours > 23 || minutes > 59 || seconds > 59 || offset === undefined) return unreadable
  const time =
    date.getTime() +
    (hours * 3600 + minutes * 60 + seconds) * 1000 +
    Number(fraction.padEnd(3, '0').slice(0, 3)) -
    offset
  return time < firstInstant || time > lastInstant ? unreadable : time
}

/** Milliseconds ahead of UTC. */
function offsetOf(zone: string): number | undefined {
  if (/^[Zz]$/.test(zone)) return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', ''))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** Reads a column of few and ordinary characters as a text; `parse` finds what is wrong with any other. */
function fastOf<T>(parse: (text: string) => T | typeof unreadable, none: T, delimiter: number): FastReader<T> {
  return (bytes, cursor) => {
    const limit = Math.min(cursor.end, cursor.at + longestDecimal + 1)
    let at = cursor.at
    while (at < limit && bytes[at] !== delimiter && bytes[at] !== code.quote) at++
    const value = parse(bytes.toString('latin1', cursor.at, at))
    if (value === unreadable || (at < cursor.end && bytes[at] !== delimiter)) {
      miss(cursor)
      return none
    }
    cursor.at = at
    return value
  }
}
