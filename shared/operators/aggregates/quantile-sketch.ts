import type { Aggregator } from '../aggregator.ts'

/**
 * DDSketch (Masson, Rim, Lee, 2019): a count per bucket, where the bounds of a bucket are `gamma` apart as a factor, so that any value
 * of it is known to `error`, relatively. Numbers of buckets are by size, of negative values by theirs.
 */
export type Sketch = {
  readonly positive: Map<number, number>
  readonly negative: Map<number, number>
  zeroes: number
  least: number
  greatest: number
}

/**
 * The value at each share of the sorted values, to within `error` of it: for `q` of `n` values that at index `floor(q * (n - 1))`. Least and
 * greatest are exact. Neither order nor merging changes the result.
 */
export function estimatingQuantiles(
  shares: readonly number[],
  error: number,
): Aggregator<number, Sketch, readonly number[]> {
  const logGamma = Math.log1p((2 * error) / (1 - error))
  const bucketOf = (size: number): number => Math.ceil(Math.log(size) / logGamma)
  const middleOf = (bucket: number): number => Math.exp(bucket * logGamma + Math.log1p(-error))
  return {
    create: () => ({
      positive: new Map(),
      negative: new Map(),
      zeroes: 0,
      least: Number.POSITIVE_INFINITY,
      greatest: Number.NEGATIVE_INFINITY,
    }),
    add: (sketch, value) => {
      if (value > 0) count(sketch.positive, bucketOf(value), 1)
      else if (value < 0) count(sketch.negative, bucketOf(-value), 1)
      else sketch.zeroes++
      return widen(sketch, value, value)
    },
    merge: (sketch, other) => {
      for (const [bucket, times] of other.positive) count(sketch.positive, bucket, times)
      for (const [bucket, times] of other.negative) count(sketch.negative, bucket, times)
      sketch.zeroes += other.zeroes
      return widen(sketch, other.least, other.greatest)
    },
    result: sketch => valuesAt(sketch, shares, middleOf),
  }
}

function count(buckets: Map<number, number>, bucket: number, times: number): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + times)
}

function widen(sketch: Sketch, least: number, greatest: number): Sketch {
  if (least < sketch.least) sketch.least = least
  if (greatest > sketch.greatest) sketch.greatest = greatest
  return sketch
}

function valuesAt(sketch: Sketch, shares: readonly number[], middleOf: (bucket: number) => number): number[] {
  const ascending = [
    ...[...sketch.negative].sort(([a], [b]) => b - a).map(([bucket, times]) => ({ value: -middleOf(bucket), times })),
    { value: 0, times: sketch.zeroes },
    ...[...sketch.positive].sort(([a], [b]) => a - b).map(([bucket, times]) => ({ value: middleOf(bucket), times })),
  ]
  const total = ascending.reduce((sum, { times }) => sum + times, 0)
  return shares.map(share => {
    const index = Math.floor(share * (total - 1))
    if (index === 0) return sketch.least
    if (index === total - 1) return sketch.greatest
    let passed = 0
    const found = ascending.find(({ times }) => {
      passed += times
      return passed > index
    })
    // The last bucket is passed at the latest.
    const value = found?.value ?? sketch.greatest
    return Math.min(Math.max(value, sketch.least), sketch.greatest)
  })
}
