import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { encodeControl } from '../../shared/codecs/control.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import { limits } from '../../shared/model/limits.ts'
import type { ErrorPolicy } from '../../shared/plan/graph.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { fingerprintOf } from '../../shared/plan/shape.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import { checkInputText, InputError, statOfInput, unreadableInput } from '../input/input-file.ts'
import { LinePacker } from '../input/line-packer.ts'
import { LineReader } from '../input/line-reader.ts'
import type { MirroredCloud } from './mirrored-cloud.ts'

/** How far the loading of a file has got. */
type Progress = {
  readonly size: number
  readonly modifiedMs: number
  readonly offset: number
  readonly lines: number
  readonly tooLong: number
  readonly isDone: boolean
}

/** Little enough that a stream takes it in a moment. */
const blockBytes = 256 * 1024

export type FileUploadOptions = {
  /** `of file`: more records may come to the stream when the file is over. */
  readonly end: 'of input' | 'of file'
  /** What happens to a line that no record can hold. */
  readonly onTooLong: ErrorPolicy
}

/**
 * Puts the lines of a file into a source's stream, many to a Kinesis record in the KPL's format. How far it has got is noted in the table
 * after each put: a process that dies between the two puts those lines again when it goes on, as producers of Kinesis do.
 */
export class FileUpload {
  readonly source: string
  readonly #cloud: MirroredCloud
  readonly #plan: Plan
  readonly #path: string
  readonly #options: FileUploadOptions
  #progress: Progress | undefined

  constructor(cloud: MirroredCloud, plan: Plan, source: string, path: string, options: FileUploadOptions) {
    this.#cloud = cloud
    this.#plan = plan
    this.source = source
    this.#path = path
    this.#options = options
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
    const found = await statOfInput(this.#path, this.source)
    const known = await this.#known()
    if (known !== undefined && (known.size !== found.size || known.modifiedMs !== found.mtimeMs)) {
      throw new InputError(
        `Cannot go on with input "${this.source}": file "${this.#path}" changed since it was begun, use the file as it was or another --prefix`,
      )
    }
    await checkInputText(this.#path, this.source)
    const none = { offset: 0, lines: 0, tooLong: 0, isDone: false }
    this.#progress = known ?? { size: found.size, modifiedMs: found.mtimeMs, ...none }
    return found.size
  }

  /** Puts what was not put yet. `room` resolves when the stream may take more. Stops early, without an end, when `signal` aborts. */
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
    const start = this.#current()
    let { offset } = start
    const packer = new LinePacker(
      basename(this.#path),
      start.lines + start.tooLong,
      this.source,
      fingerprintOf(this.#plan),
      this.#options.onTooLong,
    )
    const reader = new LineReader(packer, offset === 0)
    const block = Buffer.allocUnsafeSlow(blockBytes)
    for (;;) {
      await room()
      if (signal.aborted) return
      const { bytesRead } = await handle.read(block, 0, blockBytes, offset)
      if (bytesRead === 0) reader.finish()
      else reader.block(block.subarray(0, bytesRead))
      offset += bytesRead
      const isDone = bytesRead === 0
      await this.#put(packer, { ...start, ...packer.counts(start), offset: start.offset + reader.consumed, isDone })
      if (isDone) return
    }
  }

  async #put(packer: LinePacker, progress: Progress): Promise<void> {
    const { records, letters } = packer.take()
    const { ports, notes } = this.#cloud
    for (const call of calls(records)) await this.#putRecords(call)
    if (letters.length > 0) await ports.deadLetters.put(this.#plan.name, letters)
    if (progress.isDone && this.#options.end === 'of input') await this.#end()
    await notes.set(this.#note, JSON.stringify(progress))
    this.#progress = progress
  }

  /** One record for each open shard: no record comes after it. */
  async #end(): Promise<void> {
    const data = encodeControl({ kind: 'watermark', time: endOfTime })
    const shards = await this.#cloud.ports.streams.listShards(this.source)
    const open = shards.filter(shard => !shard.closed)
    for (const call of calls(
      open.map(({ range }) => ({ data, partitionKey: 'end of input', explicitHashKey: range.from })),
    )) {
      await this.#putRecords(call)
    }
  }

  async #putRecords(records: readonly PutRecord[]): Promise<void> {
    for (const outcome of await this.#cloud.ports.streams.putRecords(this.source, records)) {
      if (outcome.kind === 'refused') {
        throw new InputError(`Cannot put lines of "${this.#path}" to stream "${this.source}": ${outcome.reason}`)
      }
    }
  }

  #current(): Progress {
    if (this.#progress === undefined) throw new Error('Cannot load an input: prepare it first')
    return this.#progress
  }

  async #known(): Promise<Progress | undefined> {
    const text = await this.#cloud.notes.get(this.#note)
    return text === undefined ? undefined : JSON.parse(text)
  }

  get #note(): string {
    return `input/${this.source}`
  }
}

/** Records in calls that PutRecords takes. */
function calls(records: readonly PutRecord[]): PutRecord[][] {
  const cut: PutRecord[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const record of records) {
    const size = record.data.byteLength + Buffer.byteLength(record.partitionKey)
    let call = cut.at(-1)
    if (call === undefined || call.length === limits.putRecordsCount || bytes + size > limits.putRecordsBytes) {
      call = []
      cut.push(call)
      bytes = 0
    }
    call.push(record)
    bytes += size
  }
  return cut
}
