import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Aggregator } from '../../shared/operators/aggregator.ts'
import { averaging, type ExactSum, summing } from '../../shared/operators/exact-sum.ts'
import { Random } from '../codecs/random.ts'

const bits = new DataView(new ArrayBuffer(8))

/** A finite double times 2^1074, which makes it whole. */
function scaled(value: number): bigint {
  bits.setFloat64(0, value)
  const exponent = (bits.getUint16(0) >> 4) & 0x7ff
  const fraction = bits.getBigUint64(0) & ((1n << 52n) - 1n)
  const magnitude = exponent === 0 ? fraction : ((1n << 52n) | fraction) << BigInt(exponent - 1)
  return value < 0 ? -magnitude : magnitude
}

/** The double nearest to a whole number of 2^-1074, ties to even. */
function nearest(sum: bigint): number {
  const magnitude = sum < 0n ? -sum : sum
  const length = magnitude.toString(2).length
  const drop = BigInt(Math.max(0, length - 53))
  let kept = magnitude >> drop
  const rest = magnitude - (kept << drop)
  const half = drop === 0n ? 0n : 1n << (drop - 1n)
  if (drop > 0n && (rest > half || (rest === half && (kept & 1n) === 1n))) kept++
  // In two exact steps, as 2^-1074 times a large power would overflow in one.
  const exponent = Number(drop) - 1074
  const result = exponent > 900 ? Number(kept) * 2 ** (exponent - 900) * 2 ** 900 : Number(kept) * 2 ** exponent
  return sum < 0n ? -result : result
}

const exact = (values: readonly number[]): number => nearest(values.reduce((sum, value) => sum + scaled(value), 0n))

function sumOf(values: readonly number[]): number {
  return summing.result(values.reduce<ExactSum>((sum, value) => summing.add(sum, value, 0), summing.create()))
}

/** Adds in runs and merges these, as slices and shards do. */
function mergedOf<A, R>(aggregator: Aggregator<number, A, R>, values: readonly number[], random: Random): R {
  let merged = aggregator.create()
  for (let at = 0; at < values.length; ) {
    const end = at + 1 + random.below(6)
    const part = values.slice(at, end).reduce((sum, value) => aggregator.add(sum, value, 0), aggregator.create())
    merged = aggregator.merge(merged, part)
    at = end
  }
  return aggregator.result(merged)
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const mixed = [...values]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[mixed[i], mixed[j]] = [mixed[j], mixed[i]]
  }
  return mixed
}

const kinds: Record<string, (random: Random) => number> = {
  prices: random => random.below(100_000) / 100,
  'integers about 2^53': random => random.pick([1, -1]) * (2 ** 53 - 3 + random.below(7)),
  'small integers': random => random.between(-50, 50),
  'all magnitudes': random => (random.fraction() - 0.5) * 2 ** random.between(-1_070, 1_000),
  'huge and tiny': random => random.pick([1e300, -1e300, 1, 1e-300, -1e-300, 5e-324, 0.1]),
  'half-way cases': random => random.pick([1, 2 ** -53, 2 ** -54, -(2 ** -53), 2 ** -106, 2 ** 53, 0.5]),
}

for (const [name, draw] of Object.entries(kinds)) {
  test(`the sum of ${name} is the double nearest to the true sum, in any order and however it is merged`, () => {
    for (let seed = 1; seed <= 400; seed++) {
      const random = new Random(seed)
      const values = Array.from({ length: random.between(0, 40) }, () => draw(random))
      const expected = exact(values)
      assert.equal(sumOf(values), expected, `seed ${seed}`)
      assert.equal(sumOf(shuffled(values, random)), expected, `seed ${seed}, in another order`)
      assert.equal(mergedOf(summing, values, random), expected, `seed ${seed}, merged`)
    }
  })
}

test('a merge leaves its second argument as it was', () => {
  const other = [0.1, 0.2, 1e300].reduce<ExactSum>((sum, value) => summing.add(sum, value, 0), 0)
  const before = structuredClone(other)
  const merged = summing.merge(summing.create(), other)
  summing.add(merged, 7.5, 0)
  assert.deepEqual(other, before)
})

test('infinities and NaN add up as doubles do, in any order', () => {
  const cases: [number[], number][] = [
    [[1, Number.POSITIVE_INFINITY, 0.5], Number.POSITIVE_INFINITY],
    [[Number.NEGATIVE_INFINITY, 1e308], Number.NEGATIVE_INFINITY],
    [[Number.POSITIVE_INFINITY, 3, Number.NEGATIVE_INFINITY], Number.NaN],
    [[0.1, Number.NaN, Number.POSITIVE_INFINITY], Number.NaN],
  ]
  for (const [values, expected] of cases) {
    for (let seed = 1; seed <= 20; seed++) {
      const mixed = shuffled(values, new Random(seed))
      assert.equal(sumOf(mixed), expected)
      assert.equal(mergedOf(summing, mixed, new Random(seed)), expected)
    }
  }
})

test('the mean is the exact sum, rounded, over the count', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed)
    const values = Array.from({ length: random.between(1, 30) }, () => kinds.prices(random))
    assert.equal(mergedOf(averaging, shuffled(values, random), random), exact(values) / values.length)
  }
})
