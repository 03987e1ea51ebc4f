import { type AwsClients, type AwsSettings, awsClients, awsPorts } from '../../shared/aws/index.ts'
import { ConfigurationError } from '../../shared/model/errors.ts'
import { compareSequenceNumbers, type SequenceNumber } from '../../shared/model/ids.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { PutOutcome, PutRecord } from '../../shared/ports/streams.ts'
import type { FileStore } from '../cloud/files.ts'
import type { MappedCloud, MappedStreams } from '../event-source/mapped-cloud.ts'
import { mappingName } from '../functions/deployment.ts'
import { Gate } from './gate.ts'
import { Notes } from './notes.ts'
import { awsPace, emulatorPace, type Pace } from './pace.ts'
import { StreamMirror } from './stream-mirror.ts'
import { TableCheckpoints } from './table-checkpoints.ts'

export type MirrorOptions = {
  readonly settings: AwsSettings
  /** Where file sinks write: on this machine, as for any local run. */
  readonly files: FileStore
  /** Tests lose answers of theirs. @default made from the settings */
  readonly clients?: AwsClients
  /** @default by whether the settings name an endpoint */
  readonly pace?: Pace
}

/**
 * A pipeline's streams and table on AWS, or on what speaks its interfaces, as an event source mapping on this machine needs them: the
 * stages' input streams are read ahead into memory, where the mapping finds them at once.
 */
export class MirroredCloud implements MappedCloud {
  readonly streams: MappedStreams & { createStream(name: string): void; bytesPut(stream: string): number }
  readonly checkpoints: TableCheckpoints
  /** What the engine asks of the world, answered there. */
  readonly ports: Ports
  readonly commits: Ports['commits']
  readonly views: Ports['views']
  readonly deadLetters: Ports['deadLetters']
  readonly files: FileStore
  readonly notes: Notes
  readonly clients: AwsClients
  readonly settings: AwsSettings
  readonly #mirrors: ReadonlyMap<string, StreamMirror>
  readonly #closing = new AbortController()
  #stopped: readonly Promise<unknown>[] = []
  #failure: { readonly error: unknown } | undefined
  readonly #bytesPut = new Map<string, number>()

  private constructor(plan: Plan, options: MirrorOptions, clients: AwsClients, checkpoints: TableCheckpoints) {
    const { settings, files } = options
    const pace = options.pace ?? (settings.endpoint === undefined ? awsPace : emulatorPace)
    const gate = new Gate(pace.callsAtOnce)
    const sleep = (ms: number, signal?: AbortSignal) =>
      new Promise<void>(resolve => {
        const timer = setTimeout(resolve, ms)
        signal?.addEventListener('abort', () => clearTimeout(timer))
      })
    const ports = awsPorts(settings, clients, { now: Date.now, random: Math.random, sleep })
    this.settings = settings
    this.clients = clients
    this.files = files
    this.checkpoints = checkpoints
    this.notes = new Notes(clients.dynamo, settings.table)
    this.ports = {
      ...ports,
      files,
      streams: {
        putRecords: (stream, records) =>
          gate.pass(async () => this.#heard(stream, records, await ports.streams.putRecords(stream, records))),
        listShards: stream => gate.pass(() => ports.streams.listShards(stream)),
      },
    }
    this.commits = ports.commits
    this.views = ports.views
    this.deadLetters = ports.deadLetters
    this.#mirrors = new Map(
      plan.stages.map(({ name, input: { stream } }) => [
        stream,
        new StreamMirror({
          clients,
          gate,
          pace,
          stream,
          physicalName: settings.streams?.[stream] ?? stream,
          listShards: () => this.ports.streams.listShards(stream),
          after: shard => checkpoints.get(mappingName(plan, name), shard)?.through,
          onFailure: this.#fail,
        }),
      ]),
    )
    this.streams = this.#mappedStreams()
  }

  /** Reads the checkpoints and begins to read the streams: the table and the streams must be there. */
  static async open(plan: Plan, options: MirrorOptions): Promise<MirroredCloud> {
    const clients = options.clients ?? awsClients(options.settings)
    const mappings = plan.stages.map(({ name }) => mappingName(plan, name))
    const checkpoints = await TableCheckpoints.read(clients.dynamo, options.settings.table, mappings)
    const cloud = new MirroredCloud(plan, options, clients, checkpoints)
    await cloud.#start()
    return cloud
  }

  /** All that lay in the streams was read, and all that was put through these ports since then. */
  get isCaughtUp(): boolean {
    this.#assertReading()
    for (const mirror of this.#mirrors.values()) if (!mirror.isCaughtUp) return false
    return true
  }

  /** Calls `listener` when anything was read. Returns how to stop. */
  listen(listener: () => void): () => void {
    const stops = [...this.#mirrors.values()].map(mirror => mirror.listen(listener))
    return () => {
      for (const stop of stops) stop()
    }
  }

  /** Checkpoints reach the table later, and one by one: a mapping that is made twice loses nothing by it. */
  transaction<T>(work: () => T): T {
    return work()
  }

  /** Forgets what is done with here. The stream keeps it. */
  trimCheckpointed(stream: string, mappings: readonly string[]): void {
    const mirror = this.#mirror(stream)
    for (const { id } of mirror.describe()) {
      const reached = mappings.map(mapping => this.checkpoints.get(mapping, id)?.through)
      const through = reached.reduce(older)
      if (through !== undefined) mirror.shard(id).trim(through)
    }
  }

  /** Ends reading, after the checkpoints were written a last time. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#stopped)
    this.clients.close()
  }

  async #start(): Promise<void> {
    const { signal } = this.#closing
    try {
      const started = await Promise.all([...this.#mirrors.values()].map(mirror => mirror.start(signal)))
      const pollers = started.map(({ stopped }) => stopped.catch(this.#fail))
      this.#stopped = [...pollers, this.checkpoints.keepWriting(signal).catch(this.#fail)]
    } catch (error) {
      await this.close()
      throw error
    }
  }

  #mappedStreams(): MirroredCloud['streams'] {
    return {
      createStream: name => void this.#mirror(name),
      describe: stream => this.#mirror(stream).describe(),
      hasMore: (stream, shard, after) => this.#mirror(stream).shard(shard).hasMore(after),
      read: (stream, shard, after, maxRecords, maxBytes) =>
        this.#mirror(stream).shard(shard).read(after, maxRecords, maxBytes),
      newest: stream => {
        throw new ConfigurationError(`Cannot begin at the newest record of "${stream}": a mirror begins at the oldest`)
      },
      listen: (stream, listener) => this.#mirror(stream).listen(listener),
      bytesPut: stream => this.#bytesPut.get(stream) ?? 0,
    }
  }

  #heard(stream: string, records: readonly PutRecord[], outcomes: readonly PutOutcome[]): readonly PutOutcome[] {
    const mirror = this.#mirrors.get(stream)
    if (mirror === undefined) return outcomes
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.kind !== 'accepted') continue
      this.#bytesPut.set(stream, (this.#bytesPut.get(stream) ?? 0) + records[i].data.byteLength)
      mirror.heardOf(outcome.shard, outcome.sequence)
    }
    return outcomes
  }

  #mirror(stream: string): StreamMirror {
    this.#assertReading()
    const mirror = this.#mirrors.get(stream)
    if (mirror === undefined) throw new ConfigurationError(`Cannot use stream "${stream}": no stage reads it`)
    return mirror
  }

  readonly #fail = (error: unknown): void => {
    this.#failure ??= { error }
    for (const mirror of this.#mirrors.values()) mirror.notify()
  }

  #assertReading(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

function older(a: SequenceNumber | undefined, b: SequenceNumber | undefined): SequenceNumber | undefined {
  if (a === undefined || b === undefined) return undefined
  return compareSequenceNumbers(a, b) < 0 ? a : b
}
