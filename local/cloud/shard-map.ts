import { ConfigurationError } from '../../shared/model/errors.ts'
import { evenRanges, type HashRange, hashKeyOfPartitionKey, isInRange } from '../../shared/model/hash-range.ts'
import type { ShardId } from '../../shared/model/ids.ts'
import type { PutRecord, ShardDescription } from '../../shared/ports/streams.ts'
import { indexOfShard, shardIdAt } from './sequence.ts'
import { maxShard } from './storage.ts'

/** A shard and its number in the storage. */
export type Shard = ShardDescription & { readonly number: number }

/** All shards of a stream, closed ones included, in the order they came to be: a parent stands before its children. */
export type ShardMap = readonly Shard[]

/** Kinesis: an account may have 20,000 shards in the largest regions; a stream of ours stops well before. */
const maxShardCount = 10_000

/** `firstIndex` is above 0 where a stream of this name was deleted: an id is never given twice. */
export function evenShards(stream: string, count: number, firstNumber: number, firstIndex = 0): ShardMap {
  if (!Number.isSafeInteger(count) || count < 1 || count > maxShardCount) {
    throw new ConfigurationError(
      `Cannot create stream "${stream}": ${count} shards asked for, a whole number from 1 to ${maxShardCount} would be right`,
    )
  }
  return evenRanges(count).map((range, i) => newShard(firstIndex + i, firstNumber + i, [], range))
}

/** Closes a shard and opens two: the lower takes the hash keys below `at`. Without `at`, they share evenly. */
export function split(stream: string, shards: ShardMap, id: ShardId, at: bigint | undefined, firstNumber: number) {
  const doing = `split shard "${id}" of stream "${stream}"`
  const parent = openShard(doing, shards, id)
  const { from, to } = parent.range
  const middle = at ?? from + (to - from + 1n) / 2n
  if (middle <= from || middle > to) {
    throw new ConfigurationError(
      `Cannot ${doing}: hash key ${middle} leaves a half empty, one above ${from} and up to ${to} would be right`,
    )
  }
  const index = nextIndex(shards)
  const lower = newShard(index, firstNumber, [id], { from, to: middle - 1n })
  const upper = newShard(index + 1, firstNumber + 1, [id], { from: middle, to })
  return { shards: [...closed(shards, id), lower, upper], lower: lower.id, upper: upper.id }
}

/** Closes two shards that are neighbours in the hash space and opens one for both. */
export function merge(stream: string, shards: ShardMap, one: ShardId, other: ShardId, number: number) {
  const doing = `merge shards "${one}" and "${other}" of stream "${stream}"`
  const ranges = [openShard(doing, shards, one).range, openShard(doing, shards, other).range]
  const [low, high] = ranges[0].from < ranges[1].from ? ranges : [ranges[1], ranges[0]]
  if (low.to + 1n !== high.from) {
    throw new ConfigurationError(
      `Cannot ${doing}: they are not neighbours, two whose hash ranges adjoin would be right`,
    )
  }
  const child = newShard(nextIndex(shards), number, [one, other], { from: low.from, to: high.to })
  return { shards: [...closed(closed(shards, one), other), child], child: child.id }
}

/** Where a record goes: the open shard whose range holds its explicit hash key, or else the MD5 of its partition key. */
export function router(shards: ShardMap): (record: PutRecord) => Shard {
  const open = shards.filter(shard => !shard.closed).sort((a, b) => (a.range.from < b.range.from ? -1 : 1))
  if (open.length === 1) return () => open[0]
  return record => {
    const hashKey = record.explicitHashKey ?? hashKeyOfPartitionKey(record.partitionKey)
    let low = 0
    let high = open.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (open[middle].range.from <= hashKey) low = middle
      else high = middle - 1
    }
    if (!isInRange(hashKey, open[low].range))
      throw new Error(`Cannot route hash key ${hashKey}: no open shard holds it`)
    return open[low]
  }
}

/** The number in the id of the next shard. Shards stand in the order in which they came to be. */
export const nextIndex = (shards: ShardMap): number => indexOfShard(shards[shards.length - 1].id) + 1

function newShard(index: number, number: number, parents: readonly ShardId[], range: HashRange): Shard {
  if (number > maxShard) throw new ConfigurationError(`Cannot open a shard: this storage has had ${maxShard} already`)
  return { id: shardIdAt(index), number, parents, range, closed: false }
}

function openShard(doing: string, shards: ShardMap, id: ShardId): Shard {
  const shard = shards.find(candidate => candidate.id === id)
  if (shard === undefined) throw new ConfigurationError(`Cannot ${doing}: there is no shard "${id}"`)
  if (shard.closed) throw new ConfigurationError(`Cannot ${doing}: shard "${id}" is closed, an open one would be right`)
  return shard
}

const closed = (shards: ShardMap, id: ShardId): ShardMap =>
  shards.map(shard => (shard.id === id ? { ...shard, closed: true } : shard))
