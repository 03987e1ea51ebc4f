import { type ShardId, shardId } from '../../shared/model/ids.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import { indexOfShard, shardIdAt } from './sequence.ts'
import { nextIndex, router, type Shard, type ShardMap } from './shard-map.ts'
import type { Storage } from './storage.ts'

/** A stream as it is remembered beside the storage. */
export type Stream = {
  readonly shards: ShardMap
  readonly route: (record: PutRecord) => Shard
  /** Offset of the newest record of all shards, 0 before the first. */
  end: number
  /** Likewise of each shard, as far as it is known without looking. */
  readonly ends: Map<ShardId, number>
}

const shardsPartition = 'streams'
/** By the stream's name; under the empty one, for all streams, how many numbers of shards are used up. */
const deletedPartition = 'streams-deleted'
/** Apart from the shards, because it is written with every put. It outlives the records, which are trimmed. */
const endsPartition = 'stream-ends'

export function loadStreams(storage: Storage): Map<string, Stream> {
  const streams = new Map<string, Stream>()
  for (const [name, item] of storage.items.list(shardsPartition)) {
    const stored: readonly StoredShard[] = JSON.parse(item.text)
    const shards = stored.map(shardFrom)
    streams.set(name, { shards, route: router(shards), end: endOf(storage, name), ends: new Map() })
  }
  return streams
}

export function saveShards(storage: Storage, name: string, shards: ShardMap): void {
  const first = indexOfShard(shards[0].id)
  const stored = shards.map(({ number, parents, range, closed }) => {
    return { number, parents, from: String(range.from), to: String(range.to), closed, ...(first > 0 ? { first } : {}) }
  })
  storage.items.put(shardsPartition, name, { mark: '', text: JSON.stringify(stored) })
}

/** Of a stream that is deleted there is kept what a later one of the same name must not repeat: sequence numbers, and ids of shards. */
export function forgetStream(storage: Storage, name: string, { shards, end }: Stream): void {
  storage.items.delete(shardsPartition, name)
  storage.items.put(endsPartition, name, { mark: String(end), text: '' })
  storage.items.put(deletedPartition, name, { mark: String(nextIndex(shards)), text: '' })
  const used = 1 + Math.max(...shards.map(({ number }) => number))
  if (used > numbersUsed(storage)) storage.items.put(deletedPartition, '', { mark: String(used), text: '' })
}

/** Offset of the newest record that a stream of this name ever had, 0 before the first. */
export const endOf = (storage: Storage, name: string): number =>
  Number(storage.items.get(endsPartition, name)?.mark ?? 0)

/** The number in the id of the first shard that a new stream of this name may have. */
export const firstIndexOf = (storage: Storage, name: string): number =>
  Number(storage.items.get(deletedPartition, name)?.mark ?? 0)

/** Shards of deleted streams have had the numbers below this. */
export const numbersUsed = (storage: Storage): number => Number(storage.items.get(deletedPartition, '')?.mark ?? 0)

export function saveEnd(storage: Storage, name: string, end: number): void {
  storage.items.put(endsPartition, name, { mark: String(end), text: '' })
}

type StoredShard = {
  readonly number: number
  readonly parents: readonly string[]
  readonly from: string
  readonly to: string
  readonly closed: boolean
  /** The number in the id of the stream's first shard, where that is not 0. */
  readonly first?: number
}

const shardFrom = (stored: StoredShard, index: number): Shard => ({
  id: shardIdAt((stored.first ?? 0) + index),
  number: stored.number,
  parents: stored.parents.map(shardId),
  range: { from: BigInt(stored.from), to: BigInt(stored.to) },
  closed: stored.closed,
})
