import type { RowTaker, UnclosedAt } from '../../shared/codecs/files/csv-row-reader.ts'
import { longestLineBytes } from '../../shared/codecs/files/line-reader.ts'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import { limits } from '../../shared/model/limits.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import { UsageError } from './command-line.ts'
import type { Formatted, LineFormat } from './line-format.ts'
import { MalformedLineError } from './malformed-line.ts'
import { wholeNumber } from './numbers.ts'

/** Chooses the partition key of a line; undefined where the line has none, and gets one by its number. */
export type PartitionKey = (line: Buffer) => string | undefined

/** Lines spread over the shards. */
export const keyOfPlace: PartitionKey = () => undefined

export function keyText(text: string): PartitionKey {
  if (text.length > 0 && text.length <= limits.partitionKeyCharacters) return () => text
  throw new UsageError(
    `Cannot use a partition key of ${text.length} characters: expected 1 to ${limits.partitionKeyCharacters}`,
  )
}

/** The text of a column of comma-separated lines, without quotes around it. */
export function keyColumn(number: string): PartitionKey {
  const column = Number(number)
  if (!Number.isSafeInteger(column) || column < 1) {
    throw new UsageError(`Cannot use column "${number}": it is not the number of a column, expected 1 or more`)
  }
  return line => columnOf(line.toString('utf8'), column)
}

type Line = { readonly key: string; readonly bytes: Uint8Array }

/** A record, and how many lines it holds. */
export type LinesRecord = { readonly record: PutRecord; readonly lines: number }

/** A line that is not put: its number, 1 is the first, and why. */
export type LineFault = { readonly line: number; readonly reason: string }

/** A call takes less than PutRecords does: partition keys and the frames of aggregates need room. */
const callBytes = limits.putRecordsBytes - 1024 * 1024
/** Of two records of an aggregate in a row, one is more than half full: with this many keys a call stays below 500 records. */
const aggregatedKeys = 300

export type PackingOptions = {
  /** Whether many lines share a record. @default false */
  readonly isAggregating?: boolean
  /** Whether lines that cannot be read are counted and passed over. @default false */
  readonly skipsMalformed?: boolean
}

/** Collects lines, or rows of several, and gives them out as records, in order, as much at a time as one call of PutRecords takes. */
export class LinesToRecords implements RowTaker {
  /** Lines that no record holds: by number, with their length in bytes. */
  readonly refused: { readonly line: number; readonly bytes: number }[] = []
  /** Lines that could not be read and were passed over. */
  readonly skipped: { count: number; first: LineFault | undefined } = { count: 0, first: undefined }
  /** The line at which it ended: no later one is taken. */
  fault: LineFault | undefined
  readonly #format: LineFormat
  readonly #isAggregating: boolean
  readonly #skipsMalformed: boolean
  readonly #writer = new KplWriter()
  #lines: Line[] = []
  #taken = 0
  /** Of the first line of what is being read. */
  #number = 0
  #nextNumber = 1

  constructor(format: LineFormat, { isAggregating = false, skipsMalformed = false }: PackingOptions = {}) {
    this.#format = format
    this.#isAggregating = isAggregating
    this.#skipsMalformed = skipsMalformed
  }

  line(bytes: Buffer, start: number, end: number, lines: number): void {
    this.#begin(lines)
    if (this.fault !== undefined) return
    const formatted = this.#formatted(Buffer.from(bytes.subarray(start, end)))
    if (formatted === undefined) return
    const { key, data } = formatted
    if (data.length > longestLineBytes) this.refused.push({ line: this.#number, bytes: data.length })
    else this.#lines.push({ key: key ?? this.#placeKey(), bytes: data })
  }

  #formatted(line: Buffer): Formatted | undefined {
    try {
      return this.#format(line)
    } catch (error) {
      if (!(error instanceof MalformedLineError)) throw error
      this.#pass({ line: this.#number, reason: error.message })
      return undefined
    }
  }

  tooLong(_head: Buffer, length: number, lines: number): void {
    this.#begin(lines)
    if (this.fault === undefined) this.refused.push({ line: this.#number, bytes: length })
  }

  unclosed(row: Buffer, lines: number, at: UnclosedAt): void {
    this.#begin(lines)
    if (this.fault !== undefined) return
    this.#pass({ line: this.#nextNumber - 1, reason: `${this.#unclosedColumn(row)} ${unclosedAt[at]}` })
  }

  /** What is wrong with a row that ends within quotes, which its format can tell by name. */
  #unclosedColumn(row: Buffer): string {
    try {
      this.#format(row)
    } catch (error) {
      if (error instanceof MalformedLineError && error.message.endsWith('expected a closing quote'))
        return error.message
      if (!(error instanceof MalformedLineError)) throw error
    }
    return 'found a quote that is never closed, expected a closing quote'
  }

  #pass(fault: LineFault): void {
    if (this.#skipsMalformed) {
      this.skipped.count++
      this.skipped.first ??= fault
    } else {
      this.fault = fault
    }
  }

  #begin(lines: number): void {
    this.#number = this.#nextNumber
    this.#nextNumber += lines
  }

  /** The next call, of at most `mostLines` lines; without records when there are no more lines. */
  take(mostLines: number): readonly LinesRecord[] {
    const lines = this.#next(mostLines)
    if (this.#isAggregating) return this.#aggregated(lines)
    return lines.map(({ key, bytes }) => ({ record: { partitionKey: key, data: bytes }, lines: 1 }))
  }

  #next(mostLines: number): readonly Line[] {
    const keys = new Set<string>()
    let bytes = 0
    let end = this.#taken
    while (end < this.#lines.length && end - this.#taken < mostLines) {
      const line = this.#lines[end]
      bytes += line.bytes.length + Buffer.byteLength(line.key)
      keys.add(line.key)
      if (end > this.#taken && (bytes > callBytes || this.#isFull(keys.size, end - this.#taken))) break
      end++
    }
    const next = this.#lines.slice(this.#taken, end)
    this.#taken = end
    if (end === this.#lines.length) {
      this.#lines = []
      this.#taken = 0
    }
    return next
  }

  #isFull(keys: number, lines: number): boolean {
    return this.#isAggregating ? keys > aggregatedKeys : lines >= limits.putRecordsCount
  }

  /** Only lines of one key share a record: whatever shards there are when it is read, all of it belongs into the same. */
  #aggregated(lines: readonly Line[]): readonly LinesRecord[] {
    const byKey = new Map<string, Uint8Array[]>()
    for (const { key, bytes } of lines) {
      const others = byKey.get(key)
      if (others === undefined) byKey.set(key, [bytes])
      else others.push(bytes)
    }
    return [...byKey].flatMap(([key, parts]) => this.#recordsOf(key, parts))
  }

  #recordsOf(key: string, lines: readonly Uint8Array[]): readonly LinesRecord[] {
    const records: LinesRecord[] = []
    let inside = 0
    const finish = () => {
      records.push({ record: { partitionKey: key, data: this.#writer.finish() }, lines: inside })
      inside = 0
    }
    for (const line of lines) {
      if (this.#writer.add(key, line) !== 'added') {
        finish()
        this.#writer.add(key, line)
      }
      inside++
    }
    finish()
    return records
  }

  /** A line of its own spreads over the shards; lines that are put together take turns, a hundred at a time. */
  #placeKey(): string {
    return `line ${this.#isAggregating ? Math.ceil(this.#number / 100) * 100 : this.#number}`
  }
}

const unclosedAt: Readonly<Record<UnclosedAt, string>> = {
  'end of input': 'before the end of the input',
  'longest record': `within the ${wholeNumber(longestLineBytes)} bytes that a record can have`,
}

/** A quoted column may hold commas; its key is what is between the quotes. An empty or missing one is none. */
function columnOf(text: string, column: number): string | undefined {
  let at = 0
  for (let number = 1; at <= text.length; number++) {
    const isQuoted = text[at] === '"'
    const closing = isQuoted ? text.indexOf('"', at + 1) : at
    const comma = text.indexOf(',', closing < 0 ? text.length : closing)
    const end = comma < 0 ? text.length : comma
    if (number === column) {
      const key = isQuoted && closing > 0 ? text.slice(at + 1, closing) : text.slice(at, end)
      return key === '' ? undefined : key.toWellFormed().slice(0, limits.partitionKeyCharacters).toWellFormed()
    }
    at = end + 1
  }
  return undefined
}
