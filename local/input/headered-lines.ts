import type { FileHandle } from 'node:fs/promises'
import type { CsvLayout } from '../../shared/codecs/csv.ts'
import { type LineUnderHeader, underHeader } from '../../shared/codecs/csv-header.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import { limits } from '../../shared/model/limits.ts'
import type { LinePacker } from './line-packer.ts'
import { LineReader, type LineTaker } from './line-reader.ts'

/** Longest header, in bytes. */
const longestHeader = 64 * 1024

/** Reads a file's first line. Throws a MalformedRecordError for one that does not name the columns. */
export async function readHeader(handle: FileHandle, layout: CsvLayout): Promise<LineUnderHeader> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestHeader), 0, longestHeader, 0)
  const first = new FirstLine()
  const reader = new LineReader(first, true)
  reader.block(buffer.subarray(0, bytesRead))
  reader.finish()
  return underHeader(layout, first.bytes, 0, first.bytes.length)
}

class FirstLine implements LineTaker {
  bytes = Buffer.alloc(0)
  #isTaken = false

  line(bytes: Buffer, start: number, end: number): void {
    if (!this.#isTaken) this.bytes = Buffer.from(bytes.subarray(start, end))
    this.#isTaken = true
  }

  tooLong(): void {
    this.#isTaken = true
  }
}

/** Hands lines over as the codec has them, without the header. */
export class HeaderedLines implements LineTaker {
  readonly #packer: LinePacker
  readonly #under: LineUnderHeader
  #isHeader: boolean

  constructor(packer: LinePacker, under: LineUnderHeader, isFileStart: boolean) {
    this.#packer = packer
    this.#under = under
    this.#isHeader = isFileStart
  }

  line(bytes: Buffer, start: number, end: number): void {
    if (this.#isHeader) {
      this.#isHeader = false
      this.#packer.pass()
      return
    }
    let line: Buffer
    try {
      line = this.#under(bytes, start, end)
    } catch (error) {
      if (!(error instanceof MalformedRecordError)) throw error
      this.#packer.refuse(
        bytes.subarray(start, Math.min(end, start + limits.deadLetterBytes)),
        end - start,
        error.message,
        error.message,
      )
      return
    }
    this.#packer.line(line, 0, line.length)
  }

  tooLong(head: Buffer, length: number): void {
    this.#packer.tooLong(head, length)
  }
}
