import { limits } from '../../model/limits.ts'
import { withoutLineBreak } from '../csv.ts'
import { code } from '../csv-field.ts'
import { type OpenQuote, openQuote } from '../csv-line.ts'
import { LineReader, type LineTaker, longestLineBytes } from './line-reader.ts'

/** What ended the search for a closing quote. */
export type UnclosedAt = 'end of input' | 'longest record'

/** What takes the rows of a file. Their bytes, too, are valid during the call only. */
export type RowTaker = LineTaker & {
  /**
   * A row whose quote stays open: its bytes up to the end of the line on which that quote opened, which is the last of its `lines`. The lines
   * behind it are read as rows of their own.
   */
  unclosed(row: Buffer, lines: number, at: UnclosedAt): void
}

/**
 * Cuts blocks of a file of CSV into rows (RFC 4180): lines as a `LineReader` has them, and a line break in quotes ends no row. Quotes are seen
 * where `splitLine` sees them, also in rows that are wrong. A quote that is still open when its row fills a record is taken for one that is
 * never closed: so memory is bounded by the longest record, and one wrong quote does not eat a whole file. Where rows begin and end depends
 * on the bytes from the start of the row alone, and not on how they are cut into blocks: one that goes on at `consumed` finds the same.
 */
export class CsvRowReader {
  readonly #taker: RowTaker
  readonly #delimiter: number
  readonly #reader: LineReader
  /** The lines of a row that goes on, with their line breaks, in the first bytes of a buffer that grows. */
  #row = Buffer.alloc(0)
  #rowBytes = 0
  #rowLines = 0
  /** How much of the row there is up to the end of the line on which the open quote stands. */
  #quotedBytes = 0
  #quotedLines = 0
  /** What was consumed before the row. */
  #rowStart = 0
  /** Where the next quote is in the buffer looked at last. */
  #seen: Buffer | undefined
  #nextQuote = 0

  constructor(taker: RowTaker, delimiter: number, isFileStart: boolean) {
    this.#taker = taker
    this.#delimiter = delimiter
    this.#reader = new LineReader(
      {
        line: (bytes, start, end) => this.#line(bytes, start, end),
        tooLong: (head, length) => this.#tooLong(head, length),
      },
      isFileStart,
    )
  }

  /** Bytes of the rows handed over and their ends: where reading can start again. */
  get consumed(): number {
    return this.#rowLines > 0 ? this.#rowStart : this.#reader.consumed
  }

  block(block: Buffer): void {
    this.#reader.block(block)
    this.#seen = undefined
  }

  /** The file is over: what is left is its last row. */
  finish(): void {
    this.#reader.finish()
    if (this.#rowLines > 0) this.#giveUp('end of input')
  }

  #line(bytes: Buffer, start: number, end: number): void {
    const isOpen = this.#rowLines > 0
    const open = isOpen ? openQuote(bytes, start, end, this.#delimiter, true) : this.#opened(bytes, start, end)
    if (!isOpen && open === 'none') this.#taker.line(bytes, start, end, 1)
    else this.#keep(bytes, start, end, open)
  }

  /** Most lines have no quotes, and none needs to be looked at before its first. */
  #opened(bytes: Buffer, start: number, end: number): OpenQuote {
    const first = this.#quoteFrom(bytes, start)
    if (first >= end) return 'none'
    const isColumnStart = first > start && bytes[first - 1] === this.#delimiter
    return openQuote(bytes, isColumnStart ? first : start, end, this.#delimiter, false)
  }

  #quoteFrom(bytes: Buffer, start: number): number {
    if (bytes === this.#seen && start <= this.#nextQuote) return this.#nextQuote
    const found = bytes.indexOf(code.quote, start)
    this.#seen = bytes
    this.#nextQuote = found < 0 ? Number.POSITIVE_INFINITY : found
    return this.#nextQuote
  }

  #keep(bytes: Buffer, start: number, end: number, open: OpenQuote): void {
    if (this.#rowLines === 0) this.#rowStart = this.#reader.consumed
    this.#append(bytes, start, end)
    this.#rowLines++
    if (open === 'none') {
      this.#end()
      return
    }
    // What the reader left out of a line's end.
    if (bytes[end] === code.carriageReturn) this.#append(carriageReturn, 0, 1)
    this.#append(lineFeed, 0, 1)
    if (open === 'own') {
      this.#quotedBytes = this.#rowBytes
      this.#quotedLines = this.#rowLines
    }
    if (this.#rowBytes >= longestLineBytes) this.#giveUp('longest record')
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const needed = this.#rowBytes + end - start
    if (needed > this.#row.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#row.length))
      this.#row.copy(grown, 0, 0, this.#rowBytes)
      this.#row = grown
    }
    bytes.copy(this.#row, this.#rowBytes, start, end)
    this.#rowBytes = needed
  }

  #end(): void {
    const row = this.#row.subarray(0, this.#rowBytes)
    const lines = this.#rowLines
    this.#forget()
    this.#hand(row, lines)
  }

  #hand(row: Buffer, lines: number): void {
    if (row.length > longestLineBytes) this.#taker.tooLong(row.subarray(0, limits.deadLetterBytes), row.length, lines)
    else this.#taker.line(row, 0, row.length, lines)
  }

  /** Where the line that goes beyond a record closes a quote is not known. */
  #tooLong(head: Buffer, length: number): void {
    if (this.#rowLines > 0) this.#giveUp('longest record')
    this.#taker.tooLong(head, length, 1)
  }

  /** None of the lines behind the open quote has one that is not doubled: so each of them is a row. */
  #giveUp(at: UnclosedAt): void {
    const kept = this.#row.subarray(0, this.#rowBytes)
    const quotedBytes = this.#quotedBytes
    const lines = this.#quotedLines
    this.#forget()
    const row = kept.subarray(0, withoutLineBreak(kept, 0, quotedBytes))
    if (row.length > longestLineBytes) this.#hand(row, lines)
    else this.#taker.unclosed(row, lines, at)
    for (let start = quotedBytes; start < kept.length; ) {
      const end = kept.indexOf(code.lineFeed, start) + 1
      this.#taker.line(kept, start, withoutLineBreak(kept, start, end), 1)
      start = end
    }
  }

  #forget(): void {
    this.#row = Buffer.alloc(0)
    this.#rowBytes = 0
    this.#rowLines = 0
  }
}

const lineFeed = Buffer.of(code.lineFeed)
const carriageReturn = Buffer.of(code.carriageReturn)
