import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Codec } from '../../shared/codecs/codec.ts'
import { headerLayout, type LineUnderHeader } from '../../shared/codecs/csv-header.ts'
import { recordReader } from '../../shared/codecs/files/record-reader.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import type { ErrorPolicy } from '../../shared/plan/graph.ts'
import { type Plan, stageNamed } from '../../shared/plan/plan.ts'
import { fingerprintOf } from '../../shared/plan/shape.ts'
import type { FileTarget } from './file-target.ts'
import { HeaderedLines, readHeader } from './headered-lines.ts'
import { checkInputText, InputError, statOfInput, unreadableInput } from './input-file.ts'
import { type LineCounts, LinePacker } from './line-packer.ts'

/** How far the loading of a file has got, as it is noted. */
type Progress = LineCounts & {
  readonly size: number
  readonly modifiedMs: number
  readonly offset: number
  readonly isDone: boolean
}

export type FileInputOptions = {
  /** `of file`: more records may come to the stream when the file is over. @default 'of input' */
  readonly end?: 'of input' | 'of file'
  /** What happens to a line that no record can hold. @default 'deadLetter' */
  readonly onTooLong?: ErrorPolicy
}

/** Puts the lines of a file, or its rows of CSV, into a source's stream, many to a Kinesis record in the KPL's format, then ends the input. */
export class FileInput {
  readonly source: string
  readonly #target: FileTarget
  readonly #plan: Plan
  readonly #path: string
  readonly #options: Required<FileInputOptions>
  #progress: Progress | undefined

  constructor(target: FileTarget, plan: Plan, source: string, path: string, options: FileInputOptions = {}) {
    this.source = source
    this.#target = target
    this.#plan = plan
    this.#path = path
    this.#options = { end: 'of input', onTooLong: 'deadLetter', ...options }
  }

  get bytesDone(): number {
    return this.#progress?.offset ?? 0
  }

  /** Lines put, or rows of several, and those that could not be made records. */
  get counts(): { readonly lines: number; readonly tooLong: number } {
    return { lines: this.#progress?.lines ?? 0, tooLong: this.#progress?.tooLong ?? 0 }
  }

  /** Checks the file and where loading it stood. Returns its size in bytes. Throws an InputError. */
  async prepare(): Promise<number> {
    const found = await statOfInput(this.#path, this.source)
    const note = await this.#target.noted(this.source)
    const known: Progress | undefined = note === undefined ? undefined : JSON.parse(note)
    if (known !== undefined && (known.size !== found.size || known.modifiedMs !== found.mtimeMs)) {
      throw new InputError(
        `Cannot go on with input "${this.source}": file "${this.#path}" changed since it was begun, use the file as it was or ${this.#target.beginAnew}`,
      )
    }
    await checkInputText(this.#path, this.source)
    this.#progress = known ?? {
      size: found.size,
      modifiedMs: found.mtimeMs,
      offset: 0,
      read: 0,
      lines: 0,
      tooLong: 0,
      isDone: false,
    }
    return found.size
  }

  /** Loads what is not loaded yet. `room` resolves when the stream may take more. Stops early, without an end, when `signal` aborts. */
  async load(room: () => Promise<void>, signal: AbortSignal): Promise<void> {
    if (this.#progress?.isDone) return
    const handle = await open(this.#path).catch(error => {
      throw unreadableInput(this.#path, this.source, error)
    })
    try {
      await this.#blocks(handle, room, signal)
    } finally {
      await handle.close()
    }
  }

  async #blocks(handle: FileHandle, room: () => Promise<void>, signal: AbortSignal): Promise<void> {
    let { offset } = this.#current()
    const underHeader = await this.#header(handle)
    const version = fingerprintOf(this.#plan)
    const start = { ...this.#current() }
    const packer = new LinePacker(basename(this.#path), start.read, this.source, version, this.#options.onTooLong)
    const taker = underHeader === undefined ? packer : new HeaderedLines(packer, underHeader, start.read === 0)
    const reader = recordReader(this.#codec(), taker, offset === 0)
    // Lines are copied where they are kept.
    const { blockBytes } = this.#target
    const block = Buffer.allocUnsafeSlow(blockBytes)
    for (;;) {
      await room()
      if (signal.aborted) return
      const { bytesRead } = await handle.read(block, 0, blockBytes, offset)
      if (bytesRead === 0) reader.finish()
      else reader.block(block.subarray(0, bytesRead))
      offset += bytesRead
      const isDone = bytesRead === 0
      await this.#keep(packer, { ...start, ...packer.counts(start), offset: start.offset + reader.consumed, isDone })
      if (isDone) return
    }
  }

  /** What the file's first line says of the others, undefined where the source's codec knows no header. */
  async #header(handle: FileHandle): Promise<LineUnderHeader | undefined> {
    const layout = headerLayout(this.#codec())
    if (layout === undefined) return undefined
    try {
      return await readHeader(handle, layout)
    } catch (error) {
      if (!(error instanceof MalformedRecordError)) throw error
      throw new InputError(`Cannot read input "${this.source}": file "${this.#path}": ${error.message}`)
    }
  }

  #codec(): Codec<unknown> {
    const { input } = stageNamed(this.#plan, this.source)
    if (input.kind === 'source') return input.source.codec
    throw new Error(`Cannot load an input: stage "${this.source}" is no source`)
  }

  async #keep(packer: LinePacker, progress: Progress): Promise<void> {
    const isEnd = progress.isDone && this.#options.end === 'of input'
    await this.#target.keep(this.source, { ...packer.take(), isEnd, note: JSON.stringify(progress) })
    this.#progress = progress
  }

  #current(): Progress {
    if (this.#progress === undefined) throw new Error('Cannot load an input: prepare it first')
    return this.#progress
  }
}
