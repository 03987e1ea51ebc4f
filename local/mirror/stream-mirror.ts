import type { AwsClients } from '../../shared/aws/index.ts'
import { ConfigurationError } from '../../shared/model/errors.ts'
import { compareSequenceNumbers, type SequenceNumber, type ShardId } from '../../shared/model/ids.ts'
import type { ShardDescription } from '../../shared/ports/streams.ts'
import { Wakeup } from '../event-source/wakeup.ts'
import type { Gate } from './gate.ts'
import type { Pace } from './pace.ts'
import { patiently } from './patience.ts'
import { ShardMirror } from './shard-mirror.ts'

export type StreamMirrorOptions = {
  readonly clients: AwsClients
  readonly gate: Gate
  readonly pace: Pace
  /** As the program names it. */
  readonly stream: string
  /** As Kinesis names it. */
  readonly physicalName: string
  readonly listShards: () => Promise<readonly ShardDescription[]>
  /** Where reading a shard begins. */
  readonly after: (shard: ShardId) => SequenceNumber | undefined
  /** Reading cannot go on. */
  readonly onFailure: (error: unknown) => void
}

/** A stream's shards, each read by a poller of its own; shards that a split or a merge makes are found. */
export class StreamMirror {
  readonly #options: StreamMirrorOptions
  readonly #shards = new Map<ShardId, ShardMirror>()
  /** The newest record of each shard that was put from here. */
  readonly #put = new Map<ShardId, SequenceNumber>()
  readonly #listeners = new Set<() => void>()
  readonly #listing = new Wakeup()
  readonly #polls: Promise<void>[] = []
  #described: readonly ShardDescription[] | undefined

  constructor(options: StreamMirrorOptions) {
    this.#options = options
  }

  /** Lists the shards, and reads them until `signal` is aborted; `stopped` resolves then. */
  async start(signal: AbortSignal): Promise<{ readonly stopped: Promise<unknown> }> {
    await this.#list(signal)
    const listing = this.#listAgain(signal)
    return { stopped: listing.then(() => Promise.all(this.#polls)) }
  }

  describe(): readonly ShardDescription[] {
    this.#described ??= this.#describe()
    return this.#described
  }

  shard(id: ShardId): ShardMirror {
    const shard = this.#shards.get(id)
    if (shard === undefined) {
      throw new ConfigurationError(`Cannot read shard "${id}": stream "${this.#options.stream}" has no such shard`)
    }
    return shard
  }

  /** A record was put from here, so reading is not done before it was read. */
  heardOf(id: ShardId, sequence: SequenceNumber): void {
    const before = this.#put.get(id)
    if (before === undefined || compareSequenceNumbers(sequence, before) > 0) this.#put.set(id, sequence)
    const shard = this.#shards.get(id)
    if (shard === undefined) this.#listing.happen()
    else shard.nudge()
  }

  /** All that lay in the stream at the start was read, and all that was put from here since then. */
  get isCaughtUp(): boolean {
    for (const shard of this.#shards.values()) if (!shard.hasSeenTip) return false
    for (const [id, sequence] of this.#put) if (!this.#shards.get(id)?.hasReached(sequence)) return false
    return true
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly notify = (): void => {
    for (const listener of this.#listeners) listener()
  }

  async #listAgain(signal: AbortSignal): Promise<void> {
    const { pace, onFailure } = this.#options
    signal.addEventListener('abort', this.#listing.happen)
    while (!signal.aborted) {
      await this.#listing.sleep(pace.listMs)
      await patiently(signal, () => this.#list(signal)).catch(onFailure)
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { stream, listShards, after, onFailure } = this.#options
    const listed = await listShards()
    if (listed.length === 0) throw new ConfigurationError(`Cannot read stream "${stream}": it lists no shards`)
    for (const shard of listed.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
      if (this.#shards.has(shard.id)) continue
      const mirror = new ShardMirror(shard, {
        ...this.#options,
        after: after(shard.id),
        onChange: () => this.#changed(mirror),
      })
      this.#shards.set(shard.id, mirror)
      this.#polls.push(mirror.poll(signal).catch(onFailure))
    }
    this.#described = undefined
    this.notify()
  }

  #changed(shard: ShardMirror): void {
    if (shard.hasEnded) {
      // Its children are there, or will be in a moment.
      this.#described = undefined
      this.#listing.happen()
    }
    this.notify()
  }

  /** Kinesis numbers its shards, so parents stand before their children. One that it has forgotten holds up no child. */
  #describe(): readonly ShardDescription[] {
    return [...this.#shards.values()]
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ shard, hasEnded }) => ({
        ...shard,
        parents: shard.parents.filter(parent => this.#shards.has(parent)),
        closed: hasEnded,
      }))
  }
}
