import type { LineUnderHeader } from '../codecs/csv-header.ts'
import type { RowTaker } from '../codecs/files/csv-row-reader.ts'
import { longestLineBytes } from '../codecs/files/line-reader.ts'
import { MalformedRecordError } from '../model/errors.ts'

/** A record of a file: the line on which it begins, or the number of its value, and its bytes. */
export type FileRecord = { readonly place: number; readonly data: Buffer }

/** What of a file is no record: its first bytes, how many there are, and why. */
export type Refused = {
  readonly place: number
  readonly head: Buffer
  readonly length: number
  readonly reason: string
}

/** Numbers the lines of a file, or its rows by their first lines, without its header, and keeps them as views of what was read. */
export class LineCollector implements RowTaker {
  /** Lines so far. */
  places: number
  readonly #under: LineUnderHeader | undefined
  #records: FileRecord[] = []
  #refused: Refused[] = []

  /** `under` is what the file's first line says of the others, where it is a header. */
  constructor(places: number, under: LineUnderHeader | undefined) {
    this.places = places
    this.#under = under
  }

  line(bytes: Buffer, start: number, end: number, lines: number): void {
    const place = this.places + 1
    this.places += lines
    if (this.#under === undefined) {
      this.#records.push({ place, data: bytes.subarray(start, end) })
      return
    }
    if (place === 1) return
    try {
      this.#records.push({ place, data: this.#under(bytes, start, end) })
    } catch (error) {
      if (!(error instanceof MalformedRecordError)) throw error
      this.#refused.push({ place, head: bytes.subarray(start, end), length: end - start, reason: error.message })
    }
  }

  tooLong(head: Buffer, length: number, lines: number): void {
    const reason = `Cannot put the line into a record: it has ${length} bytes, expected at most ${longestLineBytes}`
    this.#refused.push({ place: this.places + 1, head, length, reason })
    this.places += lines
  }

  /** A record that the codec refuses, at the line of its open quote. */
  unclosed(row: Buffer, lines: number): void {
    this.places += lines - 1
    this.line(row, 0, row.length, 1)
  }

  take(): { readonly records: readonly FileRecord[]; readonly refused: readonly Refused[] } {
    const taken = { records: this.#records, refused: this.#refused }
    this.#records = []
    this.#refused = []
    return taken
  }
}
