import { limits } from '../../model/limits.ts'

/** What takes the lines of a file, or its rows, which may be several lines each. */
export type LineTaker = {
  /** Bytes `[start, end)` of `bytes`, valid during the call only, and how many lines of the file they are. */
  line(bytes: Buffer, start: number, end: number, lines: number): void
  /** What is too long to be a record: its first bytes, and how long it is. */
  tooLong(head: Buffer, length: number, lines: number): void
}

/** Longest line that fits a Kinesis record of its own, beside its partition key and the envelope of an aggregate. */
export const longestLineBytes = limits.kinesisRecordBytes - 1024

const newline = 0x0a
const carriageReturn = 0x0d
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Cuts blocks of a file into lines: a line ends with LF or CRLF, the last one perhaps with the file; a byte order mark at the start is
 * dropped. Memory is bounded by the longest line that is kept whole.
 */
export class LineReader {
  readonly #taker: LineTaker
  /** The beginning of a line that goes on in the next block. */
  #carried: Buffer[] = []
  #carriedBytes = 0
  /** Length of a line too long to be carried, so far. */
  #skipped = 0
  #isFirst: boolean
  /** Bytes of the lines handed over and their ends: where reading can start again. */
  consumed = 0

  constructor(taker: LineTaker, isFileStart: boolean) {
    this.#taker = taker
    this.#isFirst = isFileStart
  }

  block(block: Buffer): void {
    let at = 0
    if (this.#isFirst && block.length > 0) {
      this.#isFirst = false
      if (block.subarray(0, byteOrderMark.length).equals(byteOrderMark)) {
        at = byteOrderMark.length
        this.consumed += at
      }
    }
    for (;;) {
      const end = block.indexOf(newline, at)
      if (end < 0) break
      this.#end(block, at, end, 1)
      at = end + 1
    }
    this.#carry(block, at)
  }

  /** The file is over: what is left is its last line. */
  finish(): void {
    if (this.#carriedBytes > 0 || this.#skipped > 0) this.#end(Buffer.alloc(0), 0, 0, 0)
  }

  #end(block: Buffer, start: number, end: number, lineEnd: number): void {
    if (this.#skipped > 0) {
      const length = this.#skipped + end - start
      this.#taker.tooLong(Buffer.concat(this.#carried), length, 1)
      this.#forget(length + lineEnd)
    } else if (this.#carriedBytes > 0) {
      const whole = Buffer.concat([...this.#carried, block.subarray(start, end)])
      this.#hand(whole, 0, whole.length)
      this.#forget(whole.length + lineEnd)
    } else {
      this.#hand(block, start, end)
      this.consumed += end - start + lineEnd
    }
  }

  #hand(bytes: Buffer, start: number, end: number): void {
    const last = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end
    if (last - start > longestLineBytes) this.#taker.tooLong(bytes.subarray(start, start + keptBytes), last - start, 1)
    else this.#taker.line(bytes, start, last, 1)
  }

  #carry(block: Buffer, at: number): void {
    const length = block.length - at
    if (length === 0) return
    if (this.#skipped > 0) {
      this.#skipped += length
      return
    }
    this.#carried.push(Buffer.from(block.subarray(at)))
    this.#carriedBytes += length
    if (this.#carriedBytes <= longestLineBytes + 1) return
    this.#skipped = this.#carriedBytes
    this.#carried = [Buffer.concat(this.#carried).subarray(0, keptBytes)]
  }

  #forget(consumed: number): void {
    this.#carried = []
    this.#carriedBytes = 0
    this.#skipped = 0
    this.consumed += consumed
  }
}

/** What a dead letter keeps of a line that is too long. */
const keptBytes = limits.deadLetterBytes
