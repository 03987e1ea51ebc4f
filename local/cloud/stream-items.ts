import { type ShardId, shardId } from '../../shared/model/ids.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import { shardIdAt } from './sequence.ts'
import { router, type Shard, type ShardMap } from './shard-map.ts'
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
/** Apart from the shards, because it is written with every put. It outlives the records, which are trimmed. */
const endsPartition = 'stream-ends'

export function loadStreams(storage: Storage): Map<string, Stream> {
  const streams = new Map<string, Stream>()
  for (const [name, item] of storage.items.list(shardsPartition)) {
    const stored: readonly StoredShard[] = JSON.parse(item.text)
    const shards = stored.map(shardFrom)
    const end = Number(storage.items.get(endsPartition, name)?.mark ?? 0)
    streams.set(name, { shards, route: router(shards), end, ends: new Map() })
  }
  return streams
}

export function saveShards(storage: Storage, name: string, shards: ShardMap): void {
  const stored = shards.map(({ number, parents, range, closed }) => {
    return { number, parents, from: String(range.from), to: String(range.to), closed }
  })
  storage.items.put(shardsPartition, name, { mark: '', text: JSON.stringify(stored) })
}

export function saveEnd(storage: Storage, name: string, end: number): void {
  storage.items.put(endsPartition, name, { mark: String(end), text: '' })
}

type StoredShard = {
  readonly number: number
  readonly parents: readonly string[]
  readonly from: string
  readonly to: string
  readonly closed: boolean
}

const shardFrom = (stored: StoredShard, index: number): Shard => ({
  id: shardIdAt(index),
  number: stored.number,
  parents: stored.parents.map(shardId),
  range: { from: BigInt(stored.from), to: BigInt(stored.to) },
  closed: stored.closed,
})
