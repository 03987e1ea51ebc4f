import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import type { ErrorPolicy } from '../../shared/plan/graph.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import { InputError } from './input-file.ts'
import { type LineTaker, longestLineBytes } from './line-reader.ts'

/** Lines put, and lines that could not be made records: they are too long, or unlike the header. */
export type LineCounts = { readonly lines: number; readonly tooLong: number }

/** Collects lines into aggregated records: each is keyed by the file's name and the number of its first line, which is its place. */
export class LinePacker implements LineTaker {
  readonly #file: string
  readonly #stream: string
  readonly #pipelineVersion: string
  readonly #onTooLong: ErrorPolicy
  readonly #writer = new KplWriter()
  #records: PutRecord[] = []
  #letters: DeadLetter[] = []
  #line: number
  #key = ''
  #lines = 0
  #tooLong = 0

  constructor(file: string, linesBefore: number, stream: string, pipelineVersion: string, onTooLong: ErrorPolicy) {
    this.#file = file
    this.#line = linesBefore
    this.#stream = stream
    this.#pipelineVersion = pipelineVersion
    this.#onTooLong = onTooLong
  }

  line(bytes: Buffer, start: number, end: number): void {
    this.#line++
    if (this.#writer.count === 0) this.#key = this.#place()
    if (this.#writer.add(this.#key, bytes, start, end) === 'full') {
      this.#flush()
      this.#key = this.#place()
      this.#writer.add(this.#key, bytes, start, end)
    }
    this.#lines++
  }

  tooLong(head: Buffer, length: number): void {
    const problem = `it has ${length} bytes, expected at most ${longestLineBytes}`
    this.refuse(head, length, `Cannot put the line into a record: ${problem}`, problem)
  }

  /** A line that is no record: its first bytes, how long it is, and why, in a letter and in an error that names the line. */
  refuse(head: Buffer, length: number, reason: string, problem: string): void {
    this.#line++
    this.#tooLong++
    // Its number must not be counted among the lines of an aggregate.
    this.#flush()
    if (this.#onTooLong === 'fail') {
      throw new InputError(`Cannot read input "${this.#stream}" at ${this.#place()}: ${problem}`)
    }
    if (this.#onTooLong === 'skip') return
    this.#letters.push({
      id: `${this.#stream}/input/${this.#line}`,
      kind: 'line',
      pipelineVersion: this.#pipelineVersion,
      stage: this.#stream,
      stream: this.#stream,
      place: this.#place(),
      partitionKey: this.#place(),
      sub: 0,
      reason,
      payload: new Uint8Array(head),
      payloadBytes: length,
    })
  }

  /** A line that is no record and no mistake. */
  pass(): void {
    this.#flush()
    this.#line++
  }

  counts(before: LineCounts): LineCounts {
    return { lines: before.lines + this.#lines, tooLong: before.tooLong + this.#tooLong }
  }

  take(): { readonly records: PutRecord[]; readonly letters: DeadLetter[] } {
    this.#flush()
    const taken = { records: this.#records, letters: this.#letters }
    this.#records = []
    this.#letters = []
    return taken
  }

  #place(): string {
    return `${this.#file.slice(-200)}:${this.#line}`
  }

  #flush(): void {
    if (this.#writer.count > 0) this.#records.push({ data: this.#writer.finish(), partitionKey: this.#key })
  }
}
