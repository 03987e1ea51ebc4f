import { ConfigurationError } from '../model/errors.ts'
import { code, type FastReader, type Field, miss, unreadable } from './csv-field.ts'
import { found } from './found.ts'

/**
 * A time in UTC, as milliseconds since 1970. The pattern is made of `yyyy`, `MM`, `dd`, `HH`, `mm`, `ss` and `SSS`, as in Java's
 * DateTimeFormatter, and of literals: punctuation, `T` and `Z`, and other letters in single quotes. It must have a whole date,
 * and no smaller unit without the larger ones. Years are 0000 to 9999, in the Gregorian calendar; there are no leap seconds.
 *
 * ```ts
 * timestamp('yyyy-MM-dd HH:mm:ss')
 * timestamp('yyyy-MM-ddTHH:mm:ss.SSSZ')
 * ```
 */
export function timestamp(pattern: string): Field<number> {
  const layout = readPattern(pattern)
  const read = timeReader(layout)
  return {
    expected: `a time as ${found(pattern)}`,
    parse: text => {
      if (text.length !== layout.length) return unreadable
      const time = read(Buffer.from(text, 'utf8'), 0)
      return Number.isNaN(time) ? unreadable : time
    },
    format: timeWriter(layout),
    fast: delimiter => fastTime(layout, delimiter),
  }
}

/** From large to small. */
const units = ['yyyy', 'MM', 'dd', 'HH', 'mm', 'ss', 'SSS']

/** Every text that a pattern matches has the same length, and each part at the same place. */
type Layout = {
  readonly length: number
  /** Where each unit begins. */
  readonly at: ReadonlyMap<string, number>
  /** Where each character of a literal is, and which it is. */
  readonly offsets: readonly number[]
  readonly letters: readonly number[]
}

function readPattern(pattern: string): Layout {
  const refuse = (what: string): never => {
    throw new ConfigurationError(`Cannot use timestamp pattern ${found(pattern)}: ${what}`)
  }
  const at = new Map<string, number>()
  const offsets: number[] = []
  const letters: number[] = []
  let length = 0
  // Quoted letters, a run of one letter, or one other character.
  for (const [part, quoted] of pattern.matchAll(/'([^']*)'|([A-Za-z])\2*|./gsu)) {
    if (units.includes(part)) {
      if (at.has(part)) refuse(`${found(part)} is there twice, once would be right`)
      at.set(part, length)
      length += part.length
      continue
    }
    const literal = quoted === '' ? "'" : (quoted ?? part)
    if (quoted === undefined && /^[A-SU-Ya-z']/.test(part)) {
      refuse(`found ${found(part)}, expected ${units.join(', ')} or a literal, with letters in single quotes`)
    }
    if (/[^ !#-~]/.test(literal)) {
      refuse(`found ${found(literal)}, expected ASCII that can be printed, without double quotes`)
    }
    for (const letter of Buffer.from(literal, 'latin1')) {
      offsets.push(length++)
      letters.push(letter)
    }
  }
  for (const [i, unit] of units.entries()) {
    const smaller = units.slice(i + 1).find(other => at.has(other))
    if (at.has(unit)) continue
    if (i < 3) refuse(`it has no ${found(unit)}, a whole date would be right`)
    if (smaller !== undefined) refuse(`it has ${found(smaller)} without ${found(unit)}, both would be right`)
  }
  return { length, at, offsets, letters }
}

/** Writes a time, or undefined where it would not be read back: a year of five digits, a part smaller than the pattern's. */
function timeWriter(layout: Layout): (time: number) => string | undefined {
  const { length, at, offsets, letters } = layout
  const [year, month, day, hour, minute, second, milli] = units.map(unit => at.get(unit) ?? absent)
  const read = timeReader(layout)
  const bytes = Buffer.alloc(length)
  for (const [i, offset] of offsets.entries()) bytes[offset] = letters[i]
  const date = new Date(0)
  return time => {
    date.setTime(time)
    putDigits(bytes, year, 4, date.getUTCFullYear())
    putDigits(bytes, month, 2, date.getUTCMonth() + 1)
    putDigits(bytes, day, 2, date.getUTCDate())
    if (hour !== absent) putDigits(bytes, hour, 2, date.getUTCHours())
    if (minute !== absent) putDigits(bytes, minute, 2, date.getUTCMinutes())
    if (second !== absent) putDigits(bytes, second, 2, date.getUTCSeconds())
    if (milli !== absent) putDigits(bytes, milli, 3, date.getUTCMilliseconds())
    return read(bytes, 0) === time ? bytes.toString('latin1') : undefined
  }
}

function putDigits(bytes: Buffer, at: number, digits: number, value: number): void {
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    bytes[i] = code.zero + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}

function fastTime(layout: Layout, delimiter: number): FastReader<number> {
  const read = timeReader(layout)
  const { length, letters } = layout
  // Such a time stands in quotes.
  const isQuoted = letters.includes(delimiter)
  return (bytes, cursor) => {
    const after = cursor.at + length
    if (!isQuoted && (after === cursor.end || (after < cursor.end && bytes[after] === delimiter))) {
      const time = read(bytes, cursor.at)
      if (!Number.isNaN(time)) {
        cursor.at = after
        return time
      }
    }
    miss(cursor)
    return 0
  }
}

/** Reads the time that begins at a place, all of whose bytes are there. NaN where it is none. */
function timeReader({ at, offsets, letters }: Layout): (bytes: Uint8Array, start: number) => number {
  const [year, month, day, hour, minute, second, milli] = units.map(unit => at.get(unit) ?? absent)
  let lastDate = -1
  let lastDay = Number.NaN
  return (bytes, start) => {
    for (let i = 0; i < letters.length; i++) {
      if (bytes[start + offsets[i]] !== letters[i]) return Number.NaN
    }
    const yyyy = twoDigits(bytes, start + year) * 100 + twoDigits(bytes, start + year + 2)
    const MM = twoDigits(bytes, start + month)
    const dd = twoDigits(bytes, start + day)
    const HH = hour === absent ? 0 : twoDigits(bytes, start + hour)
    const mm = minute === absent ? 0 : twoDigits(bytes, start + minute)
    const ss = second === absent ? 0 : twoDigits(bytes, start + second)
    const SSS = milli === absent ? 0 : (bytes[start + milli] - code.zero) * 100 + twoDigits(bytes, start + milli + 1)
    if (yyyy > 9999 || MM > 12 || dd > 31 || HH > 23 || mm > 59 || ss > 59 || SSS < 0 || SSS > 999) return Number.NaN
    // Records come by time, so the day is nearly always the last one's.
    const date = yyyy * 10_000 + MM * 100 + dd
    if (date !== lastDate) {
      lastDay = startOfDay(yyyy, MM, dd)
      lastDate = date
    }
    return lastDay + (HH * 3600 + mm * 60 + ss) * 1000 + SSS
  }
}

const absent = -1

/** Two decimal digits, or a number above any that two digits have. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at] - code.zero
  const ones = bytes[at + 1] - code.zero
  return (tens | ones | (9 - tens) | (9 - ones)) < 0 ? notDigits : tens * 10 + ones
}

const notDigits = 20_000

/** NaN for a day that the month does not have, which Date would move into the next. */
function startOfDay(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : Number.NaN
}
