import { ConfigurationError } from '../../shared/model/errors.ts'
import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import { checkPutCall, refusalOf } from '../../shared/ports/refusals.ts'
import type { PutOutcome, PutRecord, ShardDescription } from '../../shared/ports/streams.ts'
import { offsetOf, sequenceAt } from './sequence.ts'
import { evenShards, merge, router, type Shard, type ShardMap, split } from './shard-map.ts'
import { maxOffset, type Storage, type StoredRecord } from './storage.ts'
import {
  endOf,
  firstIndexOf,
  forgetStream,
  loadStreams,
  numbersUsed,
  type Stream,
  saveEnd,
  saveShards,
} from './stream-items.ts'
import type { Transactions } from './transactions.ts'

/** A record as its consumers read it. */
export type StreamRecord = {
  readonly sequence: SequenceNumber
  readonly partitionKey: string
  readonly explicitHashKey: bigint | undefined
  readonly data: Uint8Array
  /** Milliseconds since 1970, by the cloud's clock. */
  readonly arrivalMs: number
}

/**
 * The streams of an embedded cloud, after Kinesis: records are ordered within a shard, a split or merge closes the parents.
 * A stream's sequence numbers increase over all its shards.
 *
 * Bytes are kept as they are handed over: whoever puts them must not write to them afterwards.
 */
export class Streams {
  readonly #storage: Storage
  readonly #transactions: Transactions
  readonly #now: () => number
  readonly #bytesPut = new Map<string, number>()
  readonly #listeners = new Map<string, Set<() => void>>()
  #streams: Map<string, Stream>

  constructor(storage: Storage, transactions: Transactions, now: () => number) {
    this.#storage = storage
    this.#transactions = transactions
    this.#now = now
    this.#streams = loadStreams(storage)
    transactions.onFailure(() => {
      this.#streams = loadStreams(storage)
    })
  }

  /** Creates the stream unless there is one of this name, which stays as it is, whatever its shards. */
  createStream(name: string, shardCount: number): void {
    if (this.#streams.has(name)) return
    const firstIndex = firstIndexOf(this.#storage, name)
    this.#change(name, evenShards(name, shardCount, this.#nextNumber(), firstIndex))
  }

  /**
   * Forgets the stream and its records, if there is one. A later stream of this name has other shards, and its sequence numbers go on: who had
   * read this one does not take the new records for old ones.
   */
  deleteStream(name: string): void {
    const stream = this.#streams.get(name)
    if (stream === undefined) return
    this.#transactions.run(() => {
      for (const { number } of stream.shards) this.#storage.records.trim(number, maxOffset)
      forgetStream(this.#storage, name, stream)
      this.#streams.delete(name)
    })
  }

  /** Whether anybody here waits for records of the stream. */
  isListenedTo(name: string): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  /** Bytes of data put to the stream since this object was made: what tells a loader how much waits. */
  bytesPut(name: string): number {
    return this.#bytesPut.get(name) ?? 0
  }

  names(): readonly string[] {
    return [...this.#streams.keys()].sort()
  }

  has(name: string): boolean {
    return this.#streams.has(name)
  }

  /** All shards, closed ones included, parents before children. Throws a ConfigurationError when there is no such stream. */
  describe(name: string): readonly ShardDescription[] {
    return this.#stream(name).shards
  }

  /** Closes a shard and opens two. The upper one begins at hash key `at`, or in the middle of the parent's range. */
  splitShard(name: string, id: ShardId, at?: bigint): readonly [lower: ShardId, upper: ShardId] {
    const { shards, lower, upper } = split(name, this.#stream(name).shards, id, at, this.#nextNumber())
    this.#change(name, shards)
    return [lower, upper]
  }

  /** Closes two neighbouring shards and opens one for both. */
  mergeShards(name: string, one: ShardId, other: ShardId): ShardId {
    const { shards, child } = merge(name, this.#stream(name).shards, one, other, this.#nextNumber())
    this.#change(name, shards)
    return child
  }

  /**
   * PutRecords. A record that breaks a limit is refused alone; a call that breaks one is a RangeError and takes no effect.
   * Outcomes are in the order asked. Durable when it returns.
   */
  put(name: string, records: readonly PutRecord[]): readonly PutOutcome[] {
    const stream = this.#stream(name)
    checkPutCall(name, records)
    return this.#transactions.run(() => {
      const arrivalMs = Math.floor(this.#now())
      const byShard = new Map<Shard, StoredRecord[]>()
      this.#bytesPut.set(name, this.bytesPut(name) + records.reduce((sum, { data }) => sum + data.byteLength, 0))
      const outcomes = records.map(record => accept(stream, record, arrivalMs, byShard))
      for (const [shard, stored] of byShard) {
        this.#storage.records.append(shard.number, stored)
        stream.ends.set(shard.id, stored[stored.length - 1].offset)
      }
      saveEnd(this.#storage, name, stream.end)
      this.#transactions.afterwards(() => this.#notify(name))
      return outcomes
    })
  }

  /**
   * Records of a shard after `after`, or from the oldest kept: at most `maxRecords`, and at most `maxBytes` of data unless the first
   * alone is larger. Empty means that the reader has all that was put so far.
   */
  read(
    name: string,
    id: ShardId,
    after: SequenceNumber | undefined,
    maxRecords: number,
    maxBytes: number,
  ): readonly StreamRecord[] {
    const shard = shardOf(this.#stream(name), name, id)
    return this.#storage.records.read(shard.number, offsetOf(after), maxRecords, maxBytes).map(asRead)
  }

  /** Whether a read after `after` would find a record. Reads nothing. */
  hasMore(name: string, id: ShardId, after: SequenceNumber | undefined): boolean {
    const stream = this.#stream(name)
    let end = stream.ends.get(id)
    if (end === undefined) {
      end = this.#storage.records.last(shardOf(stream, name, id).number)
      stream.ends.set(id, end)
    }
    return end > offsetOf(after)
  }

  /** The sequence number of the newest record of all shards, undefined before the first. A later one is greater. */
  newest(name: string): SequenceNumber | undefined {
    const { end } = this.#stream(name)
    return end === 0 ? undefined : sequenceAt(end)
  }

  /** Forgets a shard's records up to and including `through`: only what no reader will ask for again. */
  trim(name: string, id: ShardId, through: SequenceNumber): void {
    const stream = this.#stream(name)
    const shard = shardOf(stream, name, id)
    this.#transactions.run(() => {
      this.#storage.records.trim(shard.number, offsetOf(through))
      if (!this.hasMore(name, id, through)) stream.ends.set(id, 0)
    })
  }

  /** Calls `listener` after records were put or shards changed. It must not throw. Returns how to stop. */
  listen(name: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  #stream(name: string): Stream {
    const stream = this.#streams.get(name)
    if (stream === undefined)
      throw new ConfigurationError(`Cannot use stream "${name}": it does not exist, create it first`)
    return stream
  }

  #change(name: string, shards: ShardMap): void {
    const { end, ends } = this.#streams.get(name) ?? { end: endOf(this.#storage, name), ends: new Map() }
    this.#transactions.run(() => {
      saveShards(this.#storage, name, shards)
      this.#streams.set(name, { shards, route: router(shards), end, ends })
      this.#transactions.afterwards(() => this.#notify(name))
    })
  }

  /** Numbers are never given twice. */
  #nextNumber(): number {
    let next = numbersUsed(this.#storage)
    for (const { shards } of this.#streams.values()) next = Math.max(next, shards[shards.length - 1].number + 1)
    return next
  }

  #notify(name: string): void {
    for (const listener of this.#listeners.get(name) ?? []) listener()
  }
}

function accept(stream: Stream, record: PutRecord, arrivalMs: number, byShard: Map<Shard, StoredRecord[]>): PutOutcome {
  const reason = refusalOf(record)
  if (reason !== undefined) return { kind: 'refused', reason }
  const { partitionKey, explicitHashKey, data } = record
  const shard = stream.route(record)
  stream.end++
  if (stream.end > maxOffset) throw new RangeError(`Cannot put a record: the stream has had ${maxOffset} already`)
  const stored = { offset: stream.end, partitionKey, explicitHashKey, data, arrivalMs }
  const others = byShard.get(shard)
  if (others === undefined) byShard.set(shard, [stored])
  else others.push(stored)
  return { kind: 'accepted', shard: shard.id, sequence: sequenceAt(stream.end) }
}

function shardOf(stream: Stream, name: string, id: ShardId): Shard {
  const shard = stream.shards.find(candidate => candidate.id === id)
  if (shard === undefined) throw new ConfigurationError(`Cannot use shard "${id}": stream "${name}" has no such shard`)
  return shard
}

const asRead = ({ offset, partitionKey, explicitHashKey, data, arrivalMs }: StoredRecord): StreamRecord => ({
  sequence: sequenceAt(offset),
  partitionKey,
  explicitHashKey,
  data,
  arrivalMs,
})
