import { constants } from 'node:fs'
import { access, type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { encodeControl } from '../../shared/codecs/control.ts'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import { describeThrown } from '../../shared/model/errors.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import type { ErrorPolicy } from '../../shared/plan/graph.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { LineReader, longestLineBytes } from './line-reader.ts'

/** A file that cannot be an input. The message says what to do. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

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
/** Part of a file that is looked at to tell text from other things. */
const sampleBytes = 64 * 1024
/** Text has hardly any control characters; compressed or binary data has a tenth, or many zeros. */
const greatestControlShare = 0.05

export type FileInputOptions = {
  /** `of file`: more records may come to the stream when the file is over. @default 'of input' */
  readonly end?: 'of input' | 'of file'
  /** What happens to a line that no record can hold. @default 'deadLetter' */
  readonly onTooLong?: ErrorPolicy
}

/** Puts the lines of a file into a source's stream, many to a Kinesis record in the KPL's format, then ends the input. */
export class FileInput {
  readonly #cloud: EmbeddedCloud
  readonly #pipeline: string
  readonly #stream: string
  readonly #path: string
  readonly #options: Required<FileInputOptions>
  #progress: Progress | undefined

  constructor(cloud: EmbeddedCloud, pipeline: string, stream: string, path: string, options: FileInputOptions = {}) {
    this.#cloud = cloud
    this.#pipeline = pipeline
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
    const found = await statOf(this.#path, this.#stream)
    const known = this.#read()
    if (known !== undefined && (known.size !== found.size || known.modifiedMs !== found.mtimeMs)) {
      throw new InputError(
        `Cannot go on with input "${this.#stream}": file "${this.#path}" changed since the run in this data folder began, use the file as it was or another --data folder`,
      )
    }
    await checkText(this.#path, this.#stream)
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
      throw unreadable(this.#path, this.#stream, error)
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
    const packer = new LinePacker(basename(this.#path), linesBefore, this.#stream, this.#options.onTooLong)
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
    const ends = progress.isDone && this.#options.end === 'of input' ? endOfInput(this.#cloud, this.#stream) : []
    this.#cloud.transaction(() => {
      for (const call of chunked([...records, ...ends])) this.#cloud.streams.put(this.#stream, call)
      if (letters.length > 0) this.#cloud.deadLetters.keep(this.#pipeline, letters)
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

/** Collects lines into aggregated records: each is keyed by the file's name and the number of its first line, which is its place. */
class LinePacker {
  readonly #file: string
  readonly #stream: string
  readonly #onTooLong: ErrorPolicy
  readonly #writer = new KplWriter()
  #records: PutRecord[] = []
  #letters: DeadLetter[] = []
  #line: number
  #key = ''
  #lines = 0
  #tooLong = 0

  constructor(file: string, linesBefore: number, stream: string, onTooLong: ErrorPolicy) {
    this.#file = file
    this.#line = linesBefore
    this.#stream = stream
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
    this.#line++
    this.#tooLong++
    // Its number must not be counted among the lines of an aggregate.
    this.#flush()
    const problem = `it has ${length} bytes, expected at most ${longestLineBytes}`
    if (this.#onTooLong === 'fail') {
      throw new InputError(`Cannot read input "${this.#stream}" at ${this.#place()}: ${problem}`)
    }
    if (this.#onTooLong === 'skip') return
    this.#letters.push({
      id: `${this.#stream}/input/${this.#line}`,
      stage: this.#stream,
      place: this.#place(),
      partitionKey: this.#place(),
      sub: 0,
      reason: `Cannot put the line into a record: ${problem}`,
      payload: new Uint8Array(head),
    })
  }

  counts(before: Pick<Progress, 'lines' | 'tooLong'>): Pick<Progress, 'lines' | 'tooLong'> {
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

/** One record for each open shard: no record comes after it. */
export function endOfInput(cloud: EmbeddedCloud, stream: string): PutRecord[] {
  return cloud.streams
    .describe(stream)
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

async function statOf(path: string, stream: string) {
  const found = await stat(path).catch(error => {
    throw unreadable(path, stream, error)
  })
  if (found.isDirectory())
    throw new InputError(`Cannot read input "${stream}": "${path}" is a folder, expected a text file`)
  if (!found.isFile())
    throw new InputError(
      `Cannot read input "${stream}": "${path}" is a pipe or a device, save what it gives in a file and read that`,
    )
  if (found.size === 0)
    throw new InputError(`Cannot read input "${stream}": file "${path}" is empty, expected at least one line`)
  await access(path, constants.R_OK).catch(error => {
    throw unreadable(path, stream, error)
  })
  return found
}

async function checkText(path: string, stream: string): Promise<void> {
  const handle = await open(path).catch(error => {
    throw unreadable(path, stream, error)
  })
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(sampleBytes), 0, sampleBytes, 0)
    let controls = 0
    for (let i = 0; i < bytesRead; i++) if (buffer[i] < 0x20 && !isTextControl(buffer[i])) controls++
    if (controls > bytesRead * greatestControlShare) {
      throw new InputError(
        `Cannot read input "${stream}": file "${path}" is binary or compressed, expected lines of text`,
      )
    }
  } finally {
    await handle.close()
  }
}

/** Tab, line feed, vertical tab, form feed, carriage return, escape. */
const isTextControl = (byte: number): boolean => (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b

function unreadable(path: string, stream: string, error: unknown): InputError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') {
    return new InputError(
      `Cannot read input "${stream}": there is no file "${path}", check the path after --input ${stream}=`,
    )
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new InputError(
      `Cannot read input "${stream}": file "${path}" may not be read by this user, change its permissions`,
    )
  }
  return new InputError(`Cannot read input "${stream}": ${describeThrown(error)}`)
}
