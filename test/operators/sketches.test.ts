import assert from 'node:assert/strict'
import { test } from 'node:test'
import { approxCountDistinct, quantiles, stddev, variance } from '../../shared/dsl/aggregates.ts'
import { estimatingDistinct, standardError } from '../../shared/operators/aggregates/hyper-log-log.ts'
import { Random } from '../codecs/random.ts'
import { aggregated, type Bid, shuffled } from './aggregated.ts'

test('variances are those of the true sums, whatever is far from zero, and do not depend on the order', () => {
  const [sample, population] = [
    variance((bid: Bid) => bid.price),
    variance((bid: Bid) => bid.price, { of: 'population' }),
  ]
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed)
    const base = random.pick([0, 1e9, 1e15, -4e15])
    const offsets = Array.from({ length: random.between(2, 20) }, () => random.between(-8, 8) / random.pick([1, 2, 4]))
    const records = offsets.map((offset, time) => ({ value: { bidder: 1, price: base + offset }, time }))
    // Quarters at these sizes are doubles, so that the naive variance of the offsets is exact up to its last rounding.
    const kept = records.map(({ value }) => value.price - base)
    const mean = kept.reduce((n, x) => n + x, 0) / kept.length
    const squares = kept.reduce((n, x) => n + (x - mean) ** 2, 0)
    const close = (actual: unknown, expected: number) => {
      assert.ok(
        typeof actual === 'number' && Math.abs(actual - expected) <= 1e-12 * Math.max(1, expected),
        `${actual} ${expected}`,
      )
    }
    close(aggregated(sample, records, random), squares / (kept.length - 1))
    close(aggregated(population, records, random), squares / kept.length)
    close(
      aggregated(
        stddev((bid: Bid) => bid.price),
        records,
        random,
      ),
      Math.sqrt(squares / (kept.length - 1)),
    )
    assert.equal(aggregated(sample, records, random), aggregated(sample, shuffled(records, random), random))
  }
  const one = [{ value: { bidder: 1, price: 7 }, time: 0 }]
  assert.equal(aggregated(sample, one, new Random(1)), null)
  assert.equal(aggregated(population, one, new Random(1)), 0)
})

test('the variance of values that squares of doubles cannot tell apart is right', () => {
  const prices = [0.1, 0.1 + 2 ** -56, 0.1 + 2 ** -55]
  const records = prices.map(price => ({ value: { bidder: 1, price }, time: 0 }))
  const deviations = prices.map(price => price - prices[0])
  const mean = deviations.reduce((n, x) => n + x, 0) / 3
  const expected = deviations.reduce((n, x) => n + (x - mean) ** 2, 0) / 2
  const found = aggregated(
    variance((bid: Bid) => bid.price),
    records,
    new Random(1),
  )
  assert.ok(typeof found === 'number' && Math.abs(found / expected - 1) < 1e-12, `${found} ${expected}`)
})

test('a distinct count about is the same whatever order records come in and how often', () => {
  for (const distinct of [10, 900, 5_000]) {
    const records = Array.from({ length: distinct }, (_, i) => ({
      value: { bidder: `bidder-${i}`, price: i },
      time: i,
    }))
    const of = approxCountDistinct((bid: Bid) => bid.bidder)
    const once = aggregated(of, records, new Random(1))
    assert.equal(
      aggregated(of, shuffled(records.slice(0, 900), new Random(2)), new Random(3)),
      aggregated(of, records.slice(0, 900), new Random(4)),
    )
    assert.equal(aggregated(of, [...records.slice(0, 500), ...records], new Random(5)), once)
    assert.ok(typeof once === 'number' && Math.abs(once / distinct - 1) < 0.05, `${once} of ${distinct}`)
  }
})

test('the error of a distinct count about has the standard deviation that its precision says', () => {
  for (const precision of [8, 12] as const) {
    for (const distinct of [50, 1_000, 8_000]) {
      const { create, add, result } = estimatingDistinct(precision)
      const trials = 24
      let squares = 0
      for (let trial = 0; trial < trials; trial++) {
        let registers = create()
        for (let i = 0; i < distinct; i++)
          registers = add(registers, trial % 2 === 0 ? trial * 1e6 + i : `s${trial}/${i}`, 0)
        squares += (result(registers) / distinct - 1) ** 2
      }
      const found = Math.sqrt(squares / trials)
      assert.ok(found < 1.5 * standardError(precision), `${found} at precision ${precision} of ${distinct}`)
      assert.ok(distinct < 1_000 || found > standardError(precision) / 3, `${found} is no estimate's`)
    }
  }
})

test('quantiles are within their error of the value at that place', () => {
  const shares = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1] as const
  for (const error of [0.001, 0.01, 0.1]) {
    const of = quantiles((bid: Bid) => bid.price, shares, { error })
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed)
      const draw = random.pick([
        () => random.between(-1000, 1000),
        () => random.below(3) - 1,
        () => Math.exp(random.between(-40, 40)),
        () => -Math.exp(random.between(-300, 300)),
        () => 5e-324 * random.between(1, 9),
      ])
      const records = Array.from({ length: random.between(1, 200) }, (_, time) => ({
        value: { bidder: 1, price: draw() },
        time,
      }))
      const sorted = records.map(({ value }) => value.price).sort((a, b) => a - b)
      const found = aggregated(of, records, random) as number[]
      assert.deepEqual(aggregated(of, shuffled(records, random), random), found)
      for (const [i, share] of shares.entries()) {
        const exact = sorted[Math.floor(share * (sorted.length - 1))]
        assert.ok(Math.abs(found[i] - exact) <= error * Math.abs(exact) * (1 + 1e-9), `${found[i]} ${exact}`)
      }
    }
  }
})
