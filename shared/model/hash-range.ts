import { createHash } from 'node:crypto'

/** A shard's share of Kinesis' 128-bit hash space, both ends included. */
export type HashRange = { readonly from: bigint; readonly to: bigint }

export const hashSpace = 1n << 128n
export const wholeRange: HashRange = { from: 0n, to: hashSpace - 1n }

/** The explicit hash key of a key group: the middle of its share, so that a reshard moves whole key groups. */
export function hashKeyOfGroup(group: number, groups: number): bigint {
  return (hashSpace * (2n * BigInt(group) + 1n)) / (2n * BigInt(groups))
}

/** The key groups whose hash key a range holds, ascending. */
export function groupsIn(range: HashRange, groups: number): number[] {
  const held: number[] = []
  for (let group = 0; group < groups; group++) {
    const at = hashKeyOfGroup(group, groups)
    if (range.from <= at && at <= range.to) held.push(group)
  }
  return held
}

/** Kinesis routes a record without explicit hash key by the MD5 of its partition key. */
export function hashKeyOfPartitionKey(partitionKey: string): bigint {
  return BigInt(`0x${createHash('md5').update(partitionKey, 'utf8').digest('hex')}`)
}

export const isInRange = (hashKey: bigint, range: HashRange): boolean => range.from <= hashKey && hashKey <= range.to

/** `count` ranges of equal size that cover the hash space, as CreateStream makes them. */
export function evenRanges(count: number): HashRange[] {
  const size = hashSpace / BigInt(count)
  return Array.from({ length: count }, (_, i) => ({
    from: BigInt(i) * size,
    to: i === count - 1 ? hashSpace - 1n : BigInt(i + 1) * size - 1n,
  }))
}
