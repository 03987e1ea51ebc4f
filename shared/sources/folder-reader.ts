import { asBuffer } from '../codecs/bytes.ts'
import { headerLayout, type LineUnderHeader, underHeader } from '../codecs/csv-header.ts'
import { longestLineBytes } from '../codecs/files/line-reader.ts'
import { recordReader } from '../codecs/files/record-reader.ts'
import { describeThrown, MalformedRecordError, StopDeploymentError } from '../model/errors.ts'
import type { FolderSource } from '../plan/source.ts'
import type { DeadLetter } from '../ports/results.ts'
import type { SourceFile, SourceFilesPort } from '../ports/source-files.ts'
import { fileLetter, placeInFile } from './file-letter.ts'
import { beginning, type FolderMark } from './folder-mark.ts'
import { behind, gunzipped } from './gunzip.ts'
import { type FileRecord, LineCollector, type Refused } from './line-collector.ts'

/** Some records of a file, in order, and what of it will never be one. */
export type FolderBlock = {
  /** Where the folder is once the block is dealt with. */
  readonly mark: FolderMark
  readonly records: readonly FileRecord[]
  readonly letters: readonly DeadLetter[]
}

/** What is read of a file at once, and about what a block holds. */
const partBytes = 1024 * 1024
/** Values of a block. */
const blockValues = 5_000

/**
 * Reads the files of a source's folder in the order of their names, from a mark on. The first block of a file holds its mark alone: who keeps
 * marks knows a file's number before any record of it is dealt with, so that records have the same positions on every retry.
 *
 * Throws a StopDeploymentError for a file that changed since it was begun, and for what is malformed where the source's policy is `fail`.
 */
export class FolderReader {
  readonly #files: SourceFilesPort
  readonly #source: FolderSource
  readonly #pipelineVersion: string

  constructor(files: SourceFilesPort, source: FolderSource, pipelineVersion: string) {
    this.#files = files
    this.#source = source
    this.#pipelineVersion = pipelineVersion
  }

  async *blocks(from: FolderMark | undefined): AsyncGenerator<FolderBlock, void, undefined> {
    if (from !== undefined && !from.isDone) yield* this.#file(from)
    let number = from?.number ?? 0
    let after = from?.file.name ?? ''
    for (;;) {
      const listed = await this.#files.list(this.#source.from.folder, after)
      if (listed.length === 0) return
      for (const file of listed) {
        after = file.name
        if (isHidden(file.name)) continue
        const mark = beginning(++number, file)
        yield { mark, records: [], letters: [] }
        yield* this.#file(mark)
      }
    }
  }

  async *#file(from: FolderMark): AsyncGenerator<FolderBlock, void, undefined> {
    let mark = from
    try {
      for await (const block of this.#source.from.format === undefined ? this.#lines(from) : this.#values(from)) {
        mark = block.mark
        yield block
      }
    } catch (error) {
      const done = { ...mark, isDone: true }
      if (error instanceof MalformedRecordError) yield this.#givenUp(done, error.message)
      else if (!(error instanceof MissingFileError)) throw error
      else if (mark.places === 0) yield { mark: done, records: [], letters: [] }
      else
        yield this.#givenUp(
          done,
          `the file was removed when ${mark.places} of its ${this.#source.from.format === undefined ? 'lines' : 'values'} had been read`,
        )
    }
  }

  async *#lines(from: FolderMark): AsyncGenerator<FolderBlock, void, undefined> {
    const collector = new LineCollector(from.places, await this.#underHeader(from.file))
    const reader = recordReader(this.#source.codec, collector, from.offset === 0)
    const block = (isDone: boolean): FolderBlock => {
      const { records, refused } = collector.take()
      const mark = { ...from, offset: from.offset + reader.consumed, places: collector.places, isDone }
      return { mark, records, letters: this.#letters(mark, refused) }
    }
    for await (const part of this.#parts(from.file, from.offset)) {
      reader.block(part)
      yield block(false)
    }
    reader.finish()
    yield block(true)
  }

  async *#values(from: FolderMark): AsyncGenerator<FolderBlock, void, undefined> {
    const parts: Buffer[] = []
    for await (const part of this.#parts(from.file, 0)) parts.push(part)
    const bytes = Buffer.concat(parts)
    const values = [...(this.#source.from.format?.decode(bytes) ?? [])]
    let { places } = from
    do {
      const records: FileRecord[] = []
      const refused: Refused[] = []
      for (const value of values.slice(places, places + blockValues)) {
        places++
        const data = this.#encoded(value)
        if ('reason' in data) refused.push({ place: places, head: Buffer.alloc(0), length: 0, reason: data.reason })
        else records.push({ place: places, data })
      }
      const isDone = places >= values.length
      const mark = { ...from, offset: isDone ? bytes.length : 0, places, isDone }
      yield { mark, records, letters: this.#letters(mark, refused) }
    } while (places < values.length)
  }

  /** A value of a format as the source's codec has it, or why it cannot be a record. */
  #encoded(value: unknown): Buffer | { readonly reason: string } {
    try {
      const data = asBuffer(this.#source.codec.encode(value))
      if (data.length <= longestLineBytes) return data
      return { reason: `Cannot make it a record: it has ${data.length} bytes, expected at most ${longestLineBytes}` }
    } catch (error) {
      const { name } = this.#source.codec
      return { reason: `Cannot make it a record: codec ${name} cannot write the value: ${describeThrown(error)}` }
    }
  }

  /** What the file's first line says of the others, undefined where the source's codec knows no header. */
  async #underHeader(file: SourceFile): Promise<LineUnderHeader | undefined> {
    const layout = headerLayout(this.#source.codec)
    if (layout === undefined) return undefined
    const first = new LineCollector(0, undefined)
    const reader = recordReader(this.#source.codec, first, true)
    for await (const part of this.#parts(file, 0)) {
      reader.block(part)
      if (first.places > 0) break
    }
    reader.finish()
    const [header] = first.take().records
    return header && underHeader(layout, header.data, 0, header.data.length)
  }

  async *#parts(file: SourceFile, offset: number): AsyncGenerator<Buffer, void, undefined> {
    if (file.name.endsWith('.gz')) yield* behind(offset, gunzipped(this.#stored(file, 0)))
    else yield* this.#stored(file, offset)
  }

  async *#stored(file: SourceFile, offset: number): AsyncGenerator<Buffer, void, undefined> {
    for (let at = offset; ; ) {
      const part = await this.#files.read(this.#source.from.folder, file, at, partBytes)
      if (part.kind === 'missing') throw new MissingFileError()
      if (part.kind === 'changed') {
        throw new StopDeploymentError(
          `Cannot go on with file "${file.name}" of source "${this.#source.name}": it changed since it was begun, put it back as it was, or remove it and give what is new a name behind it`,
        )
      }
      if (part.bytes.length === 0) return
      yield asBuffer(part.bytes)
      at += part.bytes.length
    }
  }

  #givenUp(mark: FolderMark, reason: string): FolderBlock {
    const refused = { place: mark.places + 1, head: Buffer.alloc(0), length: 0, reason }
    return { mark, records: [], letters: this.#letters(mark, [refused]) }
  }

  #letters({ number, file }: FolderMark, refused: readonly Refused[]): DeadLetter[] {
    const { name, onMalformed } = this.#source
    if (onMalformed === 'skip') return []
    return refused.map(({ place, head, length, reason }) => {
      const at = placeInFile(file.name, place)
      if (onMalformed === 'fail') {
        throw new StopDeploymentError(
          `Cannot read source "${name}" at ${at}: ${reason} (its policy is "fail": mend the program, or remove the file and put what is right under a name behind it)`,
        )
      }
      return fileLetter({
        stage: name,
        pipelineVersion: this.#pipelineVersion,
        id: `files/${number}/${place}`,
        place: at,
        reason,
        payload: head,
        payloadBytes: length,
      })
    })
  }
}

class MissingFileError extends Error {
  override readonly name = 'MissingFileError'
}

/** What writers put beside what they write, as Hadoop's `_SUCCESS`, or have not finished, as `.part-0.tmp`. */
export const isHidden = (name: string): boolean =>
  name.split('/').some(part => part.startsWith('.') || part.startsWith('_'))
