import type { FileHandle } from 'node:fs/promises'
import type { CsvLayout } from '../../shared/codecs/csv.ts'
import { type LineUnderHeader, underHeader } from '../../shared/codecs/csv-header.ts'
import { CsvRowReader, type RowTaker } from '../../shared/codecs/files/csv-row-reader.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import type { LinePacker } from './line-packer.ts'

/** Longest header, in bytes. */
const longestHeader = 64 * 1024

/** Reads a file's first row. Throws a MalformedRecordError for one that does not name the columns. */
export async function readHeader(handle: FileHandle, layout: CsvLayout): Promise<LineUnderHeader> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestHeader), 0, longestHeader, 0)
  const first = new FirstRow()
  const reader = new CsvRowReader(first, layout.delimiter, true)
  reader.block(buffer.subarray(0, bytesRead))
  reader.finish()
  return underHeader(layout, first.bytes, 0, first.bytes.length)
}

class FirstRow implements RowTaker {
  bytes = Buffer.alloc(0)
  #isTaken = false

  line(bytes: Buffer, start: number, end: number): void {
    if (!this.#isTaken) this.bytes = Buffer.from(bytes.subarray(start, end))
    this.#isTaken = true
  }

  tooLong(): void {
    this.#isTaken = true
  }

  unclosed(row: Buffer): void {
    this.line(row, 0, row.length)
  }
}

/** Hands rows over as the codec has them, without the header. */
export class HeaderedLines implements RowTaker {
  readonly #packer: LinePacker
  readonly #under: LineUnderHeader
  #isHeader: boolean

  constructor(packer: LinePacker, under: LineUnderHeader, isBeforeHeader: boolean) {
    this.#packer = packer
    this.#under = under
    this.#isHeader = isBeforeHeader
  }

  line(bytes: Buffer, start: number, end: number, lines: number): void {
    if (this.#isHeader) {
      this.#isHeader = false
      this.#packer.pass(lines)
      return
    }
    let line: Buffer
    try {
      line = this.#under(bytes, start, end)
    } catch (error) {
      if (!(error instanceof MalformedRecordError)) throw error
      this.#packer.refuse(bytes.subarray(start, end), end - start, lines, error.message, error.message)
      return
    }
    this.#packer.line(line, 0, line.length, lines)
  }

  tooLong(head: Buffer, length: number, lines: number): void {
    this.#packer.tooLong(head, length, lines)
  }

  unclosed(row: Buffer, lines: number): void {
    if (lines > 1) this.#packer.pass(lines - 1)
    this.line(row, 0, row.length, 1)
  }
}
