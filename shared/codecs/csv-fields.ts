import { ConfigurationError } from '../model/errors.ts'
import { type Cursor, code, type FastReader, type Field, miss, unreadable } from './csv-field.ts'
import { fastText } from './csv-text.ts'
import { found } from './found.ts'

/** A whole number within ±(2^53 - 1), in decimal digits. */
export const int: Field<number> = {
  expected: 'a whole number',
  parse: text => {
    if (!wholeNumber.test(text)) return unreadable
    // Adding 0 makes 0 of -0: as a key they are one.
    const value = Number(text) + 0
    return Number.isSafeInteger(value) ? value : unreadable
  },
  format: value => (Number.isSafeInteger(value) ? String(value) : undefined),
  fast: delimiter => (bytes, cursor) => {
    const { at: start, end } = cursor
    const first = start < end && bytes[start] === code.minus ? start + 1 : start
    let at = first
    let value = 0
    while (at < end) {
      const digit = bytes[at] - code.zero
      if (digit >>> 0 > 9) break
      value = value * 10 + digit
      at++
    }
    // The sum is exact up to 2^53, and once it is above it does not round to below.
    if (at === first || value > Number.MAX_SAFE_INTEGER || (at < end && bytes[at] !== delimiter)) {
      miss(cursor)
      return 0
    }
    cursor.at = at
    return first === start ? value : 0 - value
  },
}

/** A decimal number, as a fraction or with an exponent, to the nearest double: what `Number(text)` gives. Not NaN or infinity. */
export const float: Field<number> = {
  expected: 'a number',
  parse: readFloat,
  format: value => (Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : String(value)) : undefined),
  fast: delimiter => (bytes, cursor) => {
    const { at: start, end } = cursor
    const first = start < end && bytes[start] === code.minus ? start + 1 : start
    let at = first
    let value = 0
    while (at < end) {
      const digit = bytes[at] - code.zero
      if (digit >>> 0 > 9) break
      value = value * 10 + digit
      at++
    }
    let digits = at - first
    let fraction = 0
    if (at < end && bytes[at] === code.point) {
      const afterPoint = ++at
      while (at < end) {
        const digit = bytes[at] - code.zero
        if (digit >>> 0 > 9) break
        value = value * 10 + digit
        at++
      }
      fraction = at - afterPoint
      digits += fraction
    }
    if (
      digits === 0 ||
      fraction >= powersOfTen.length ||
      value > Number.MAX_SAFE_INTEGER ||
      (at < end && bytes[at] !== delimiter)
    ) {
      return longFloat(bytes, cursor, delimiter)
    }
    cursor.at = at
    // Both sides are exact doubles, so that the one rounding of the division gives the nearest double.
    if (fraction > 0) value /= powersOfTen[fraction]
    return first === start ? value : -value
  },
}

/** Text in UTF-8, as it stands between the delimiters or the quotes. It may be empty; it may not hold NUL. */
export const text: Field<string> = {
  expected: 'text',
  parse: value => value,
  format: value => (value.isWellFormed() && !value.includes('\0') ? value : undefined),
  fast: fastText,
}

/** `true` or `false`. */
export const bool: Field<boolean> = {
  expected: 'true or false',
  parse: value => (value === 'true' ? true : value === 'false' ? false : unreadable),
  format: value => (value ? 'true' : 'false'),
  fast: delimiter => {
    const readTrue = fastWord('true', delimiter)
    const readFalse = fastWord('false', delimiter)
    return (bytes, cursor) => {
      if (readTrue(bytes, cursor)) return true
      if (!readFalse(bytes, cursor)) miss(cursor)
      return false
    }
  },
}

/** One of the words given, and nothing else: the value's type is their union. */
export function oneOf<Choice extends string>(...choices: Choice[]): Field<Choice> {
  refuseChoices(choices)
  const byText = new Map<string, Choice>(choices.map(choice => [choice, choice]))
  return {
    expected: `one of ${choices.map(found).join(', ')}`,
    parse: value => byText.get(value) ?? unreadable,
    format: value => byText.get(value),
    fast: delimiter => {
      const [first, ...others] = choices.map(choice => ({ choice, read: fastWord(choice, delimiter) }))
      return (bytes, cursor) => {
        if (first.read(bytes, cursor)) return first.choice
        for (const other of others) {
          if (other.read(bytes, cursor)) return other.choice
        }
        miss(cursor)
        return first.choice
      }
    },
  }
}

/** A column that may be empty, which reads as undefined. An empty text is written `""`, so that the two stay apart. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    expected: `${field.expected} or nothing`,
    emptyIsMissing: true,
    parse: (value, quoted) => (value === '' && !quoted ? undefined : field.parse(value, quoted)),
    format: value => (value === undefined ? '' : field.format(value)),
    fast: delimiter => {
      const inner = field.fast?.(delimiter) ?? missed
      if (delimiter === code.quote) return inner
      return (bytes, cursor) =>
        cursor.at === cursor.end || bytes[cursor.at] === delimiter ? undefined : inner(bytes, cursor)
    },
  }
}

const wholeNumber = /^[+-]?\d+$/
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

function readFloat(text: string): number | typeof unreadable {
  if (!decimal.test(text)) return unreadable
  const value = Number(text)
  return Number.isFinite(value) ? value : unreadable
}

/** Those that a double holds exactly, up to 10^22. */
const powersOfTen = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

/** No finite double has a longer shortest form, e.g. -2.2250738585072014e-308: what is longer is left to `parse`. */
const longestFloat = 24

/** A number of more digits than a double holds, or with an exponent: about half of what programs print from random doubles. */
function longFloat(bytes: Buffer, cursor: Cursor, delimiter: number): number {
  const limit = Math.min(cursor.end, cursor.at + longestFloat + 1)
  let at = cursor.at
  while (at < limit && bytes[at] !== delimiter) at++
  const value = readFloat(bytes.toString('latin1', cursor.at, at))
  if (value === unreadable || (at < cursor.end && bytes[at] !== delimiter)) {
    miss(cursor)
    return 0
  }
  cursor.at = at
  return value
}

/** Whether one word stands at the cursor, as the whole column. The cursor moves behind it if it does, and stays if not. */
function fastWord(word: string, delimiter: number): FastReader<boolean> {
  const letters = Buffer.from(word, 'utf8')
  const { length } = letters
  // Such a word stands in quotes.
  if (
    letters.some(
      letter =>
        letter === delimiter || letter === code.quote || letter === code.lineFeed || letter === code.carriageReturn,
    )
  )
    return () => false
  return (bytes, cursor) => {
    const start = cursor.at
    const at = start + length
    if (at > cursor.end || (at < cursor.end && bytes[at] !== delimiter)) return false
    for (let i = 0; i < length; i++) {
      if (bytes[start + i] !== letters[i]) return false
    }
    cursor.at = at
    return true
  }
}

function missed(_bytes: Buffer, cursor: Cursor): undefined {
  miss(cursor)
}

function refuseChoices(choices: readonly string[]): void {
  const refuse = (what: string): never => {
    throw new ConfigurationError(`Cannot make oneOf(${choices.map(found).join(', ')}): ${what}`)
  }
  if (choices.length === 0) refuse('there is nothing to choose from, one word or more would be right')
  for (const [at, choice] of choices.entries()) {
    if (choice === '') refuse('a choice is empty, optional(oneOf(...)) would be right')
    if (!choice.isWellFormed() || choice.includes('\0'))
      refuse(`${found(choice)} cannot be written, text without NUL would be right`)
    if (choices.indexOf(choice) !== at) refuse(`${found(choice)} is there twice, once would be right`)
  }
}
