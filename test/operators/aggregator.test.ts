import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparable } from '../../shared/dsl/aggregate-node.ts'
import {
  type Aggregator,
  counting,
  largest,
  type Ordered,
  reducing,
  smallest,
} from '../../shared/operators/aggregator.ts'
import { Random } from '../codecs/random.ts'

/** Adds in runs and merges these, as slices and shards do. */
function mergedOf<V, A, R>(aggregator: Aggregator<V, A, R>, values: readonly V[], random: Random): R {
  let merged = aggregator.create()
  for (let at = 0; at < values.length; ) {
    const end = at + 1 + random.below(4)
    const part = values.slice(at, end).reduce((sum, value) => aggregator.add(sum, value, 0), aggregator.create())
    merged = aggregator.merge(merged, part)
    at = end
  }
  return aggregator.result(merged)
}

test('smallest and largest do not depend on the order or on how values are merged', () => {
  const draws: ((random: Random) => Ordered)[] = [
    random => random.between(-5, 5),
    random => random.pick([0.5, Number.POSITIVE_INFINITY, -1e300]),
    random => random.textOf(['a', 'b', 'é'], 3),
    random => BigInt(random.between(-9, 9)),
    random => new Date(random.below(1_000)),
    random => random.pick<Ordered>([1, 2n, 'a', 'b', -3]),
  ]
  for (const [kind, draw] of draws.entries()) {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed)
      const values = Array.from({ length: random.between(1, 12) }, () => draw(random))
      const backwards = [...values].reverse()
      for (const aggregator of [smallest, largest]) {
        const one = mergedOf(aggregator, values, random)
        assert.deepEqual(mergedOf(aggregator, backwards, random), one, `draw ${kind} seed ${seed}`)
        assert.ok(values.some(value => value === one))
      }
    }
  }
})

test('a value that has no place in an order is an error of its record, wherever it comes', () => {
  for (const bad of [undefined, null, Number.NaN, new Date(Number.NaN), {}, true]) {
    const says = {
      name: 'TypeError',
      message: /^the value to compare is .*, expected a number, string, bigint or Date$/,
    }
    assert.throws(() => comparable(() => bad as Ordered)(1), says)
  }
})

test('counts and reductions merge to what adding one by one gives', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed)
    const values = Array.from({ length: random.between(1, 20) }, (_, i) => `${i};`)
    assert.equal(mergedOf(counting, values, random), values.length)
    assert.equal(
      mergedOf(
        reducing<string>((a, b) => a + b),
        values,
        random,
      ),
      values.join(''),
    )
  }
})
