import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { encodeControl } from '../../shared/codecs/control.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import type { ErrorPolicy } from '../../shared/plan/graph.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { fingerprintOf } from '../../shared/plan/shape.ts'
import type { PutRecord, ShardDescription } from '../../shared/ports/streams.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { checkInputText, InputError, statOfInput, unreadableInput } from './input-file.ts'
import { LinePacker } from './line-packer.ts'
import { LineReader } from './line-reader.ts'

/** Where a file's loading stands: kept in the same transaction as the records, so that a run that was killed goes on without gap. */
type Progress = {
  readonly file: string
  readonly size: number
  readonly modifiedMs: number
  readonly offset: number
  readonly lines: number
  readonly tooLong: number
  readonly isDone: boolean
}

const blockBytes = 1024 * 1024

export type FileInputOptions = {
  /** `of file`: more records may come to the stream when the file is over. @default 'of input' */
  readonly end?: 'of input' | 'of file'
  /** What happens to a line that no record can hold. @default 'deadLetter' */
  readonly onTooLong?: ErrorPolicy
}

/** Puts the lines of a file into a source's stream, many to a Kinesis record in the KPL's format, then ends the input. */
export class FileInput {
  readonly #cloud: EmbeddedCloud
  readonly #plan: Plan
  readonly #stream: string
  readonly #path: string
  readonly #options: Required<FileInputOptions>
  #progress: Progress | undefined

  constructor(cloud: EmbeddedCloud, plan: Plan, stream: string, path: string, options: FileInputOptions = {}) {
    this.#cloud = cloud
    this.#plan = plan
    this.#stream = stream
    this.#path = path
    this.#options = { end: 'of input', onTooLong: 'deadLetter', ...options }
  }

  get source(): string {
    return this.#stream
  }

  get bytesDone(): number {
    return this.#progress?.offset ?? 0
  }

  /** Lines put, and lines too long to be records. */
  get counts(): { readonly lines: number; readonly tooLong: number } {
    return { lines: this.#progress?.lines ?? 0, tooLong: this.#progress?.tooLong ?? 0 }
  }

  /** Checks the file and where loading it stood. Returns its size in bytes. Throws an InputError. */
  async prepare(): Promise<number> {
    const found = await statOfInput(this.#path, this.#stream)
    const known = this.#read()
    if (known !== undefined && (known.size !== found.size || known.modifiedMs !== found.mtimeMs)) {
      throw new InputError(
        `Cannot go on with input "${this.#stream}": file "${this.#path}" changed since the run in this data folder began, use the file as it was or another --data folder`,
      )
    }
    await checkInputText(this.#path, this.#stream)
    this.#progress = known ?? {
      file: this.#path,
      size: found.size,
      modifiedMs: found.mtimeMs,
      offset: 0,
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
      throw unreadableInput(this.#path, this.#stream, error)
    })
    try {
      await this.#blocks(handle, room, signal)
    } finally {
      await handle.close()
    }
  }

  async #blocks(handle: FileHandle, room: () => Promise<void>, signal: AbortSignal): Promise<void> {
    let { offset } = this.#current()
    const linesBefore = this.#current().lines + this.#current().tooLong
    const version = fingerprintOf(this.#plan)
    const packer = new LinePacker(basename(this.#path), linesBefore, this.#stream, version, this.#options.onTooLong)
    const start = { ...this.#current() }
    const reader = new LineReader(packer, offset === 0)
    // Lines are copied where they are kept.
    const block = Buffer.allocUnsafeSlow(blockBytes)
    for (;;) {
      await room()
      if (signal.aborted) return
      const { bytesRead } = await handle.read(block, 0, blockBytes, offset)
      if (bytesRead === 0) reader.finish()
      else reader.block(block.subarray(0, bytesRead))
      offset += bytesRead
      const isDone = bytesRead === 0
      this.#commit(packer, { ...start, ...packer.counts(start), offset: start.offset + reader.consumed, isDone })
      if (isDone) return
    }
  }

  /** Records, letters and progress at once, or none of them. */
  #commit(packer: LinePacker, progress: Progress): void {
    const { records, letters } = packer.take()
    const ends =
      progress.isDone && this.#options.end === 'of input' ? endOfInput(this.#cloud.streams.describe(this.#stream)) : []
    this.#cloud.transaction(() => {
      for (const call of chunked([...records, ...ends])) this.#cloud.streams.put(this.#stream, call)
      if (letters.length > 0) this.#cloud.deadLetters.keep(this.#plan.name, letters)
      this.#cloud.meta.set(this.#key, JSON.stringify(progress))
    })
    this.#progress = progress
  }

  #current(): Progress {
    if (this.#progress === undefined) throw new Error('Cannot load an input: prepare it first')
    return this.#progress
  }

  #read(): Progress | undefined {
    const text = this.#cloud.meta.get(this.#key)
    return text === undefined ? undefined : JSON.parse(text)
  }

  get #key(): string {
    return `input/${this.#stream}`
  }
}

/** One record for each open shard: no record comes after it. */
export function endOfInput(shards: readonly ShardDescription[]): PutRecord[] {
  return shards
    .filter(shard => !shard.closed)
    .map(shard => ({
      data: encodeControl({ kind: 'watermark', time: endOfTime }),
      partitionKey: 'end of input',
      explicitHashKey: shard.range.from,
    }))
}

/** Calls of at most 50 records of 50 KB: well within the limits of PutRecords. */
function chunked(records: readonly PutRecord[]): PutRecord[][] {
  const calls: PutRecord[][] = []
  let bytes = 0
  for (const record of records) {
    const last = calls.at(-1)
    if (last === undefined || last.length >= 50 || bytes + record.data.length > 4_000_000) {
      calls.push([record])
      bytes = record.data.length
    } else {
      last.push(record)
      bytes += record.data.length
    }
  }
  return calls
}
