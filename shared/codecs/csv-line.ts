import { code } from './csv-field.ts'
import { readUtf8 } from './text.ts'

/** One column of a line: its text without the quotes around it, or what is wrong with it. */
export type Column =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'wrong'; readonly start: number; readonly end: number; readonly expected: string }

export type SplitLine = {
  /** The first columns, at most as many as asked for. */
  readonly columns: readonly Column[]
  /** How many columns the line has in all. */
  readonly count: number
  /** Whether the last column's quote is never closed, so that the count tells nothing. */
  readonly isOpen: boolean
}

/**
 * Splits a line by RFC 4180, read strictly: a quote stands around a whole column or, doubled, inside one that is quoted; a line
 * break stands inside quotes. A line that breaks this is split all the same, for the sake of the message.
 */
export function splitLine(
  bytes: Buffer,
  start: number,
  end: number,
  delimiter: number,
  columnsKept: number,
): SplitLine {
  const columns: Column[] = []
  let count = 0
  let isOpen = false
  for (let at = start; at <= end; ) {
    const isQuoted = at < end && bytes[at] === code.quote
    const close = isQuoted ? closingQuote(bytes, at + 1, end) : at
    isOpen = isQuoted && close === end
    const after = isOpen ? end : nextDelimiter(bytes, isQuoted ? close + 1 : at, end, delimiter)
    if (count < columnsKept) {
      columns.push(isQuoted ? quotedColumn(bytes, at, close, after, isOpen) : plainColumn(bytes, at, after))
    }
    count++
    at = after + 1
  }
  return { columns, count, isOpen }
}

/**
 * Where each column of a line begins and ends, its quotes with it: start, end, start, end. Undefined where a quote is never closed, so that
 * it cannot be told.
 */
export function columnRanges(bytes: Buffer, start: number, end: number, delimiter: number): number[] | undefined {
  const ranges: number[] = []
  for (let at = start; at <= end; ) {
    const isQuoted = at < end && bytes[at] === code.quote
    const close = isQuoted ? closingQuote(bytes, at + 1, end) : at
    if (isQuoted && close === end) return undefined
    const after = nextDelimiter(bytes, isQuoted ? close + 1 : at, end, delimiter)
    ranges.push(at, after)
    at = after + 1
  }
  return ranges
}

/** Which quote is open at the end of a line: none, so that the row ends with it; the one that was open before it; or one of its own. */
export type OpenQuote = 'none' | 'earlier' | 'own'

/**
 * Whether a row goes on behind its line `[start, end)`. `isOpen` says whether a quote was open before the line. A quote opens only where a
 * column begins, as `splitLine` has it, also in rows that are wrong.
 */
export function openQuote(bytes: Buffer, start: number, end: number, delimiter: number, isOpen: boolean): OpenQuote {
  let at = start
  if (isOpen) {
    const close = closingQuote(bytes, start, end)
    if (close === end) return 'earlier'
    at = nextDelimiter(bytes, close + 1, end, delimiter) + 1
  }
  while (at < end) {
    const isQuoted = bytes[at] === code.quote
    const close = isQuoted ? closingQuote(bytes, at + 1, end) : at
    if (isQuoted && close === end) return 'own'
    at = nextDelimiter(bytes, isQuoted ? close + 1 : at, end, delimiter) + 1
  }
  return 'none'
}

/** Where the quote is that is not one of a pair, or `end`. */
function closingQuote(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== code.quote) continue
    if (at + 1 === end || bytes[at + 1] !== code.quote) return at
    at++
  }
  return end
}

function nextDelimiter(bytes: Buffer, start: number, end: number, delimiter: number): number {
  let at = start
  while (at < end && bytes[at] !== delimiter) at++
  return at
}

function quotedColumn(bytes: Buffer, start: number, close: number, end: number, isOpen: boolean): Column {
  const wrong = (expected: string): Column => ({ kind: 'wrong', start, end, expected })
  if (isOpen) return wrong('a closing quote')
  if (close + 1 !== end) return wrong('quotes around the whole column, doubled inside it')
  const text = readUtf8(bytes, start + 1, close)
  if (text === undefined) return wrong('UTF-8')
  if (text.includes('\0')) return wrong('text without NUL')
  return { kind: 'text', text: text.replaceAll('""', '"'), quoted: true }
}

function plainColumn(bytes: Buffer, start: number, end: number): Column {
  const wrong = (expected: string): Column => ({ kind: 'wrong', start, end, expected })
  const text = readUtf8(bytes, start, end)
  if (text === undefined) return wrong('UTF-8')
  if (text.includes('\0')) return wrong('text without NUL')
  if (text.includes('"')) return wrong('quotes around the whole column, doubled inside it')
  if (/[\r\n]/.test(text)) return wrong('line breaks only inside quotes')
  return { kind: 'text', text, quoted: false }
}
