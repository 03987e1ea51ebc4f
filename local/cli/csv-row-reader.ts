import { longestLineBytes } from '../../shared/codecs/files/line-reader.ts'
import { wholeNumber } from './numbers.ts'

/** What takes the rows of a file: each with how many lines of the file it takes up. */
export type RowTaker = {
  /** A row as bytes `[start, end)` of `bytes`, without its line end, valid during the call only. */
  line(bytes: Buffer, start: number, end: number, lines: number): void
  /** A row too long to be a record: its first bytes, and how long it is. */
  tooLong(head: Buffer, length: number, lines: number): void
  /**
   * A row whose quote stays open: its bytes up to the end of the line on which the quote opened, which is its last one here, and where a
   * closing quote was expected. The lines that follow it are read as rows of their own.
   */
  unclosed(row: Buffer, lines: number, expected: string): void
}

const newline = 0x0a
const carriageReturn = 0x0d
const quote = 0x22
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** Where in a row the reader is; `closing` is behind a quote that may be one of two, `plain` is in a column where quotes mean nothing. */
type State = 'columnStart' | 'plain' | 'quoted' | 'closing'

/**
 * Cuts blocks of CSV into rows (RFC 4180): a row ends with LF or CRLF outside quotes, the last one perhaps with the input; a byte order mark
 * at the start is dropped. Quotes are seen where `splitLine` sees them, also in rows that are wrong. A quote that is open when the row has
 * more bytes than a record holds is taken for one that is never closed: so memory is bounded by the longest record, and one wrong quote does
 * not eat a whole file. Each byte is looked at twice at most.
 */
export class CsvRowReader {
  readonly #taker: RowTaker
  readonly #delimiter: number
  #isFirst = true
  /** The beginning of a row that goes on. */
  #kept: Buffer[] = []
  #keptBytes = 0
  /** Bytes of a row too long to be kept, so far; 0 while it is kept whole. */
  #skipped = 0
  #state: State = 'columnStart'
  /** Where in the row the quote stands that was opened last. */
  #quoteAt = 0

  constructor(taker: RowTaker, delimiter: number) {
    this.#taker = taker
    this.#delimiter = delimiter
  }

  block(block: Buffer): void {
    let at = 0
    if (this.#isFirst && block.length > 0) {
      this.#isFirst = false
      if (block.subarray(0, byteOrderMark.length).equals(byteOrderMark)) at = byteOrderMark.length
    }
    for (;;) {
      const end = block.indexOf(newline, at)
      if (end < 0) break
      this.#scan(block, at, end)
      if (this.#state === 'quoted') {
        if (this.#skipped > 0) this.#giveUp()
        else this.#keep(block.subarray(at, end + 1))
      } else {
        this.#end(block, at, end)
      }
      at = end + 1
    }
    if (at === block.length) return
    this.#scan(block, at, block.length)
    if (this.#skipped > 0) this.#skipped += block.length - at
    else this.#keep(block.subarray(at))
  }

  /** The input is over: what is left is its last row. */
  finish(): void {
    while (this.#state === 'quoted' && this.#keptBytes > 0) {
      if (this.#skipped > 0) this.#giveUp()
      else this.#reopen('before the end of the input')
    }
    if (this.#keptBytes > 0) this.#end(Buffer.alloc(0), 0, 0)
  }

  #scan(bytes: Buffer, from: number, to: number): void {
    const { state, quoteAt } = scanned(bytes, from, to, this.#delimiter, this.#state)
    this.#state = state
    if (quoteAt >= 0) this.#quoteAt = (this.#skipped || this.#keptBytes) + quoteAt - from
  }

  #keep(bytes: Buffer): void {
    this.#kept.push(Buffer.from(bytes))
    this.#keptBytes += bytes.length
    // A carriage return may belong to the row's end.
    while (this.#keptBytes > longestLineBytes + 1 && this.#skipped === 0) {
      if (this.#state === 'quoted' && this.#row().indexOf(newline, this.#quoteAt) >= 0) this.#reopen(withinRecord)
      else this.#skipped = this.#keptBytes
    }
  }

  #row(): Buffer {
    if (this.#kept.length !== 1) this.#kept = [Buffer.concat(this.#kept)]
    return this.#kept[0]
  }

  #end(block: Buffer, start: number, end: number): void {
    if (this.#keptBytes === 0) {
      this.#hand(block, start, end)
    } else if (this.#skipped > 0) {
      const row = this.#row()
      this.#taker.tooLong(row, this.#skipped + end - start, linesIn(row))
    } else {
      this.#kept.push(block.subarray(start, end))
      const row = this.#row()
      this.#hand(row, 0, row.length)
    }
    this.#forget()
  }

  #hand(bytes: Buffer, start: number, end: number): void {
    const last = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end
    const row = bytes.subarray(start, last)
    if (row.length > longestLineBytes) this.#taker.tooLong(row, row.length, linesIn(row))
    else this.#taker.line(bytes, start, last, linesIn(row))
  }

  /** A line that is longer than a record ends within quotes. */
  #giveUp(): void {
    const row = this.#row()
    this.#taker.unclosed(row, linesIn(row), withinRecord)
    this.#forget()
  }

  /**
   * Gives up the row up to the line on which its open quote stands, and looks for rows in the lines after it. None of them closed that quote,
   * so that the next one of them that ends within quotes of its own is not closed by what is kept either.
   */
  #reopen(expected: string): void {
    const row = this.#row()
    const lineEnd = row.indexOf(newline, this.#quoteAt)
    const given = lineEnd < 0 ? row.length : lineEnd
    const last = given > 0 && row[given - 1] === carriageReturn ? given - 1 : given
    this.#taker.unclosed(row.subarray(0, last), linesIn(row.subarray(0, given)), expected)
    this.#forget()
    let at = given + 1
    for (;;) {
      const end = row.indexOf(newline, at)
      const { state, quoteAt } = scanned(row, at, end < 0 ? row.length : end, this.#delimiter, 'columnStart')
      if (end < 0 || state === 'quoted') {
        if (at >= row.length) return
        this.#state = state
        this.#quoteAt = quoteAt - at
        this.#kept = [row.subarray(at)]
        this.#keptBytes = row.length - at
        return
      }
      this.#hand(row, at, end)
      at = end + 1
    }
  }

  #forget(): void {
    this.#kept = []
    this.#keptBytes = 0
    this.#skipped = 0
    this.#state = 'columnStart'
  }
}

const withinRecord = `within the ${wholeNumber(longestLineBytes)} bytes that a record can have`

/** The state behind `[from, to)`, and where the last quote was opened in it, or -1. */
function scanned(bytes: Buffer, from: number, to: number, delimiter: number, before: State) {
  let state = before
  let quoteAt = -1
  for (let at = from; at < to; at++) {
    const byte = bytes[at]
    if (state === 'quoted') {
      if (byte === quote) state = 'closing'
    } else if (state === 'closing' && byte === quote) {
      state = 'quoted'
    } else if (byte === delimiter) {
      state = 'columnStart'
    } else if (state === 'columnStart' && byte === quote) {
      state = 'quoted'
      quoteAt = at
    } else {
      state = 'plain'
    }
  }
  return { state, quoteAt }
}

function linesIn(row: Buffer): number {
  let lines = 1
  for (let at = row.indexOf(newline); at >= 0; at = row.indexOf(newline, at + 1)) lines++
  return lines
}
