import type { Codec } from '../../shared/codecs/codec.ts'
import type { FileFormat } from '../../shared/codecs/files/file-format.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import { rowsOfView } from '../cloud/rows.ts'
import type { SinkBatch } from './call-log.ts'
import type { Machine } from './machine.ts'

/** The rows of a view. */
export class ViewReader<Row> {
  readonly #machine: Machine
  readonly #name: string

  constructor(machine: Machine, name: string) {
    this.#machine = machine
    this.#name = name
  }

  /** As they are now, by window, then rank, then key. */
  rows(): readonly Row[] {
    const { cloud, plan } = this.#machine
    return rowsOfView(cloud.views.rows(`${plan.name}/${this.#name}`)) as readonly Row[]
  }
}

/** A record that a stream sink put, decoded. */
export type StreamSinkRecord<T> = { readonly value: T; readonly partitionKey: string; readonly shard: string }

/** What a stream sink has put. */
export class StreamReader<T> {
  readonly #machine: Machine
  readonly #stream: string
  readonly #codec: Codec<T>

  constructor(machine: Machine, stream: string, codec: Codec<T>) {
    this.#machine = machine
    this.#stream = stream
    this.#codec = codec
  }

  /** Each value once: the partition key names a record's producer and position, so a repeated put is told apart. */
  values(): readonly T[] {
    const first = new Map<string, T>()
    for (const { partitionKey, value } of this.records()) if (!first.has(partitionKey)) first.set(partitionKey, value)
    return [...first.values()]
  }

  /** Every record, repeated ones included. */
  records(): readonly StreamSinkRecord<T>[] {
    const { streams } = this.#machine.cloud
    return streams.describe(this.#stream).flatMap(({ id }) =>
      streams
        .read(this.#stream, id, undefined, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
        .map(({ data, partitionKey }) => ({
          value: this.#codec.decode(data, 0, data.byteLength),
          partitionKey,
          shard: id,
        })),
    )
  }
}

/** A file that a file sink wrote: its name below the sink's folder, and all that is in it, as bytes and as text. */
export type SinkFile = { readonly name: string; readonly bytes: Uint8Array; readonly text: string }

/** What a file sink has written. */
export class FilesReader<T> {
  readonly #machine: Machine
  readonly #sink: string
  readonly #format: FileFormat<T>

  constructor(machine: Machine, sink: string, format: FileFormat<T>) {
    this.#machine = machine
    this.#sink = sink
    this.#format = format
  }

  /** All files, by name. */
  async files(): Promise<readonly SinkFile[]> {
    const { files } = this.#machine.cloud
    const own = (await files.list()).filter(file => file.sink === this.#sink)
    return Promise.all(
      own.map(async ({ name }) => {
        const bytes = Buffer.from((await files.read(this.#sink, name)) ?? [])
        return { name, bytes, text: bytes.toString() }
      }),
    )
  }

  /** The values of all files, read by the sink's format; by its codec, where it has one, a line each. */
  async values(): Promise<readonly T[]> {
    return (await this.files()).flatMap(({ bytes }) => [...this.#format.decode(bytes)])
  }
}

/** What a `forEach` sink, or one of `to`, was called with. */
export class CallsReader<T> {
  readonly #machine: Machine
  readonly #sink: string

  constructor(machine: Machine, sink: string) {
    this.#machine = machine
    this.#sink = sink
  }

  /** Every call in order, repeated ones included. */
  calls(): readonly SinkBatch<T>[] {
    return this.#machine.calls.of(this.#sink) as readonly SinkBatch<T>[]
  }

  /** Each batch once, by its id: what an idempotent function has seen. */
  batches(): readonly SinkBatch<T>[] {
    return this.#machine.calls.batches(this.#sink) as readonly SinkBatch<T>[]
  }

  /** The values of all batches, each once. */
  values(): readonly T[] {
    return this.batches().flatMap(batch => batch.values)
  }
}

/** A dead letter as a test reads it. */
export type DriverDeadLetter = DeadLetter & {
  /** The payload as text. */
  readonly text: string
}
