import { readKpl } from '../../shared/codecs/kpl.ts'
import { type HashRange, hashKeyOfPartitionKey, isInRange } from '../../shared/model/hash-range.ts'

/** What a producer's user put, with its own partition key. */
export type UserRecord = { readonly data: Uint8Array; readonly partitionKey: string }

/**
 * The user records of a Kinesis record: itself, or those of an aggregate of the Kinesis Producer Library. Of an aggregate on a shard,
 * those that belong to other shards are left out, as consumers do: its sender knew the shards of another time.
 */
export function userRecordsOf({ data, partitionKey }: UserRecord, shard?: HashRange): readonly UserRecord[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const aggregated = readKpl(bytes)
  if (aggregated === undefined) return [{ data: bytes, partitionKey }]
  const all = Array.from({ length: aggregated.count }, (_, sub) => ({
    data: bytes.subarray(aggregated.start(sub), aggregated.end(sub)),
    partitionKey: aggregated.partitionKey(sub),
  }))
  return shard === undefined ? all : all.filter(own => isInRange(hashKeyOfPartitionKey(own.partitionKey), shard))
}
