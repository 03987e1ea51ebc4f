import type { Plan } from '../../shared/plan/plan.ts'
import { fingerprintOf } from '../../shared/plan/shape.ts'
import type { FolderSource } from '../../shared/plan/source.ts'
import type { SourceFile } from '../../shared/ports/source-files.ts'
import type { FolderMark } from '../../shared/sources/folder-mark.ts'
import { type FolderBlock, FolderReader, isHidden } from '../../shared/sources/folder-reader.ts'
import { DiskSourceFiles, OneDiskFile } from '../cloud/source-files.ts'
import type { FileTarget } from './file-target.ts'
import { InputError } from './input-file.ts'
import type { PaceClock } from './pace.ts'
import { packed } from './packed.ts'

/** How far the loading of a folder has got, as it is noted. */
type Progress = {
  readonly mark?: FolderMark
  readonly bytes: number
  readonly lines: number
  readonly tooLong: number
  readonly isEnded: boolean
}

export type FolderInputOptions = {
  /** For waiting a moment before the folder is looked at again. Left out: the input ends with the files that are there. */
  readonly clock?: PaceClock
  /** The one file of the folder to read. @default all */
  readonly only?: string
}

/** How long a folder in which there was nothing new is left alone. */
const lookEveryMs = 1_000

/**
 * Puts the files of a source's folder into the source's stream, as a deployed pipeline reads those of a bucket. Where new files are waited for,
 * a file is taken once it was the same at two looks: what is being copied is not there as a whole.
 */
export class FolderInput {
  readonly source: string
  readonly #target: FileTarget
  /** All that are there. */
  readonly #found: DiskSourceFiles
  readonly #reader: FolderReader
  readonly #folder: string
  readonly #clock: PaceClock | undefined
  #progress: Progress = { bytes: 0, lines: 0, tooLong: 0, isEnded: false }

  constructor(target: FileTarget, plan: Plan, source: FolderSource, { clock, only }: FolderInputOptions) {
    this.source = source.name
    this.#target = target
    this.#folder = source.from.folder
    this.#clock = clock
    this.#found = only === undefined ? new DiskSourceFiles() : new OneDiskFile(only)
    const taken = clock !== undefined && only === undefined ? new SettledFiles() : this.#found
    this.#reader = new FolderReader(taken, source, fingerprintOf(plan))
  }

  get bytesDone(): number {
    return this.#progress.bytes
  }

  /** Records put, and lines or files that could not be made records. */
  get counts(): { readonly lines: number; readonly tooLong: number } {
    return { lines: this.#progress.lines, tooLong: this.#progress.tooLong }
  }

  /** Checks the folder and where loading it stood. Returns the bytes of its files. Throws an InputError. */
  async prepare(): Promise<number> {
    const note = await this.#target.noted(this.source)
    const known: Progress = note === undefined ? this.#progress : JSON.parse(note)
    if (known.isEnded === undefined) {
      throw new InputError(
        `Cannot go on with input "${this.source}": it was begun with a file and is now a folder, use ${this.#target.beginAnew}`,
      )
    }
    this.#progress = known
    const after = this.#progress.mark?.file.name ?? ''
    const waiting = await this.#waiting(after)
    if (waiting.length > 0 && this.#progress.isEnded) {
      throw new InputError(
        `Cannot go on with input "${this.source}": folder "${this.#folder}" has new files and the input has ended, use ${this.#target.beginAnew}`,
      )
    }
    return this.#progress.bytes + waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Loads what is not loaded yet. `room` resolves when the stream may take more. Stops early, without an end, when `signal` aborts. */
  async load(room: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#progress.isEnded) {
      for await (const block of this.#reader.blocks(this.#progress.mark)) {
        await room()
        if (signal.aborted) return
        await this.#keep(block)
      }
      if (this.#clock === undefined) await this.#end()
      else await this.#clock.sleep(lookEveryMs, signal)
    }
  }

  async #keep({ mark, records, letters }: FolderBlock): Promise<void> {
    const { lines, tooLong } = this.#progress
    const known = this.#progress.mark
    const begun = known !== undefined && known.number === mark.number ? known.offset : 0
    const progress = {
      mark,
      // Of a compressed file the bytes that it has: what is shown is a part of all there is.
      bytes:
        this.#progress.bytes +
        Math.max(0, Math.min(mark.isDone ? mark.file.bytes : mark.offset, mark.file.bytes) - begun),
      lines: lines + records.length,
      tooLong: tooLong + letters.length,
      isEnded: false,
    }
    const note = JSON.stringify(progress)
    await this.#target.keep(this.source, { records: packed(mark.file.name, records), letters, isEnd: false, note })
    this.#progress = progress
  }

  async #end(): Promise<void> {
    const progress = { ...this.#progress, isEnded: true }
    const note = JSON.stringify(progress)
    await this.#target.keep(this.source, { records: [], letters: [], isEnd: true, note })
    this.#progress = progress
  }

  /** What there is to read behind a file. */
  async #waiting(after: string): Promise<readonly SourceFile[]> {
    try {
      return (await this.#found.list(this.#folder, after)).filter(({ name }) => !isHidden(name))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      const why =
        error.code === 'ENOENT'
          ? 'there is no such folder, make it'
          : `${error.message}, expected a folder that may be read`
      throw new InputError(`Cannot read input "${this.source}" from folder "${this.#folder}": ${why}`)
    }
  }
}

/** Files up to the first that was another one at the last look, or was not there. */
class SettledFiles extends DiskSourceFiles {
  #seen: ReadonlyMap<string, string> = new Map()

  override async list(folder: string, after: string): Promise<readonly SourceFile[]> {
    const files = await super.list(folder, after)
    const before = this.#seen
    this.#seen = new Map(files.map(({ name, tag }) => [name, tag]))
    const unsettled = files.findIndex(({ name, tag }) => before.get(name) !== tag)
    return unsettled < 0 ? files : files.slice(0, unsettled)
  }
}
