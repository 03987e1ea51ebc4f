import type { RowTaker } from '../../shared/codecs/files/csv-row-reader.ts'
import { longestLineBytes } from '../../shared/codecs/files/line-reader.ts'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import { limits } from '../../shared/model/limits.ts'
import type { ErrorPolicy } from '../../shared/plan/graph.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import { InputError } from './input-file.ts'

/** What a file had so far. */
export type LineCounts = {
  /** Lines, those of its header among them. */
  readonly read: number
  /** Lines put, or rows of several. */
  readonly lines: number
  /** Those that could not be made records: they are too long, or unlike the header. */
  readonly tooLong: number
}

/**
 * Collects lines, or rows of several, into aggregated records: each is keyed by the file's name and the number of its first line, which is its
 * place. The number of any other is told by its index inside: so nothing follows a row of several lines there.
 */
export class LinePacker implements RowTaker {
  readonly #file: string
  readonly #stream: string
  readonly #pipelineVersion: string
  readonly #onTooLong: ErrorPolicy
  readonly #writer = new KplWriter()
  #records: PutRecord[] = []
  #letters: DeadLetter[] = []
  /** Lines so far. */
  #read: number
  #key = ''
  #lines = 0
  #tooLong = 0

  constructor(file: string, read: number, stream: string, pipelineVersion: string, onTooLong: ErrorPolicy) {
    this.#file = file
    this.#read = read
    this.#stream = stream
    this.#pipelineVersion = pipelineVersion
    this.#onTooLong = onTooLong
  }

  line(bytes: Buffer, start: number, end: number, lines: number): void {
    const first = this.#read + 1
    this.#read += lines
    if (this.#writer.count === 0) this.#key = this.#place(first)
    if (this.#writer.add(this.#key, bytes, start, end) === 'full') {
      this.#flush()
      this.#key = this.#place(first)
      this.#writer.add(this.#key, bytes, start, end)
    }
    this.#lines++
    if (lines > 1) this.#flush()
  }

  tooLong(head: Buffer, length: number, lines: number): void {
    const problem = `it has ${length} bytes, expected at most ${longestLineBytes}`
    this.refuse(head, length, lines, `Cannot put the line into a record: ${problem}`, problem)
  }

  /** A record that the codec refuses, at the line of its open quote. */
  unclosed(row: Buffer, lines: number): void {
    if (lines > 1) this.pass(lines - 1)
    this.line(row, 0, row.length, 1)
  }

  /** What is no record: its first bytes, how long it is, and why, in a letter and in an error that names its first line. */
  refuse(head: Buffer, length: number, lines: number, reason: string, problem: string): void {
    const first = this.#read + 1
    this.pass(lines)
    this.#tooLong++
    if (this.#onTooLong === 'fail') {
      throw new InputError(`Cannot read input "${this.#stream}" at ${this.#place(first)}: ${problem}`)
    }
    if (this.#onTooLong === 'skip') return
    this.#letters.push({
      id: `${this.#stream}/input/${first}`,
      kind: 'line',
      pipelineVersion: this.#pipelineVersion,
      stage: this.#stream,
      stream: this.#stream,
      place: this.#place(first),
      partitionKey: this.#place(first),
      sub: 0,
      reason,
      payload: new Uint8Array(head.subarray(0, limits.deadLetterBytes)),
      payloadBytes: length,
    })
  }

  /** Lines that are no record and no mistake. Their numbers must not be counted among the lines of an aggregate. */
  pass(lines: number): void {
    this.#flush()
    this.#read += lines
  }

  counts(before: LineCounts): LineCounts {
    return { read: this.#read, lines: before.lines + this.#lines, tooLong: before.tooLong + this.#tooLong }
  }

  take(): { readonly records: PutRecord[]; readonly letters: DeadLetter[] } {
    this.#flush()
    const taken = { records: this.#records, letters: this.#letters }
    this.#records = []
    this.#letters = []
    return taken
  }

  #place(line: number): string {
    return `${this.#file.slice(-200)}:${line}`
  }

  #flush(): void {
    if (this.#writer.count > 0) this.#records.push({ data: this.#writer.finish(), partitionKey: this.#key })
  }
}
