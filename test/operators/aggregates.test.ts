import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Aggregate, formOf } from '../../shared/dsl/aggregate.ts'
import {
  aggregator,
  average,
  collect,
  collectSet,
  count,
  countDistinct,
  first,
  last,
  max,
  maxBy,
  min,
  minBy,
  quantiles,
  sum,
  topN,
} from '../../shared/dsl/aggregates.ts'
import { Random } from '../codecs/random.ts'
import { aggregated, type Bid, shuffled, type Timed } from './aggregated.ts'

const inOrder = (records: readonly Timed[]): Timed[] =>
  records.toSorted((a, b) => a.time - b.time || (JSON.stringify(a.value) < JSON.stringify(b.value) ? -1 : 1))
const byPrice = (records: readonly Timed[], sign: number): Timed[] =>
  inOrder(records).sort((a, b) => sign * (a.value.price - b.value.price))
const bidders = (records: readonly Timed[]) => new Set(records.map(({ value }) => value.bidder))
/** Numbers first, then texts. */
const ascending = (a: number | string, b: number | string): number =>
  typeof a === typeof b ? (a < b ? -1 : 1) : typeof a === 'number' ? -1 : 1

type Case = {
  readonly of: Aggregate<Bid, unknown, unknown>
  readonly naive: (records: readonly Timed[]) => unknown
  /** Of no records. */
  readonly nothing: unknown
}

const isCheap = ({ price }: Bid): boolean => price < 20
const cases: Readonly<Record<string, Case>> = {
  count: { of: count(), naive: records => records.length, nothing: 0 },
  sum: {
    of: sum(bid => bid.price),
    naive: records => records.reduce((n, { value }) => n + value.price, 0),
    nothing: null,
  },
  average: {
    of: average(bid => bid.price),
    naive: records => records.reduce((n, { value }) => n + value.price, 0) / records.length,
    nothing: null,
  },
  min: { of: min(bid => bid.price), naive: records => Math.min(...records.map(r => r.value.price)), nothing: null },
  max: { of: max(bid => bid.price), naive: records => Math.max(...records.map(r => r.value.price)), nothing: null },
  first: { of: first(), naive: records => inOrder(records)[0].value, nothing: null },
  'first of a part': {
    of: first(bid => bid.price),
    naive: records => {
      const least = Math.min(...records.map(({ time }) => time))
      const prices = records.filter(({ time }) => time === least).map(({ value }) => value.price)
      return prices.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))[0]
    },
    nothing: null,
  },
  last: { of: last(), naive: records => inOrder(records).at(-1)?.value, nothing: null },
  minBy: { of: minBy(bid => bid.price), naive: records => byPrice(records, 1)[0].value, nothing: null },
  maxBy: { of: maxBy(bid => bid.price), naive: records => byPrice(records, -1)[0].value, nothing: null },
  countDistinct: { of: countDistinct(bid => bid.bidder), naive: records => bidders(records).size, nothing: 0 },
  collect: { of: collect(), naive: records => inOrder(records).map(({ value }) => value), nothing: [] },
  'collect 3': {
    of: collect({ limit: 3 }),
    naive: records =>
      inOrder(records)
        .slice(0, 3)
        .map(({ value }) => value),
    nothing: [],
  },
  collectSet: {
    of: collectSet(bid => bid.bidder),
    naive: records => [...bidders(records)].sort(ascending),
    nothing: [],
  },
  topN: {
    of: topN(4, bid => bid.price),
    naive: records =>
      byPrice(records, -1)
        .slice(0, 4)
        .map(({ value }) => value),
    nothing: [],
  },
  own: {
    of: aggregator({
      create: () => ({ n: 0 }),
      add: (held, bid: Bid) => ({ n: held.n + bid.price }),
      merge: (a, b) => ({ n: a.n + b.n }),
      result: ({ n }) => n,
      whenEmpty: () => 'none',
    }),
    naive: records => records.reduce((n, { value }) => n + value.price, 0),
    nothing: 'none',
  },
}

function recordsOf(random: Random): Timed[] {
  return Array.from({ length: random.between(1, 30) }, () => ({
    value: { bidder: random.pick<number | string>([1, 2, 3, '1', 'b']), price: random.between(-5, 40) },
    time: random.below(6),
  }))
}

for (const [name, { of, naive, nothing }] of Object.entries(cases)) {
  test(`${name} is what a naive evaluation gives, however records come and are merged`, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed)
      const records = recordsOf(random)
      const cheap = records.filter(({ value }) => isCheap(value))
      for (const order of [records, shuffled(records, random)]) {
        assert.deepEqual(aggregated(of, order, random), naive(records), `seed ${seed}`)
        const expected = cheap.length === 0 ? nothing : naive(cheap)
        assert.deepEqual(aggregated(of.where(isCheap), order, random), expected, `filtered, seed ${seed}`)
      }
    }
    const none = aggregated(
      of.where(() => false),
      [{ value: { bidder: 1, price: 1 }, time: 0 }],
      new Random(1),
    )
    assert.deepEqual(none, nothing)
  })
}

test('several in one pass are what each gives alone', () => {
  const members = Object.fromEntries(
    Object.entries(cases).flatMap(([name, { of }]) => [
      [name, of],
      [`${name} of cheap ones`, of.where(isCheap)],
    ]),
  )
  const small = { n: members.count, cheapest: members['min of cheap ones'], best: members.maxBy }
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed)
    const records = recordsOf(random)
    for (const together of [members, small]) {
      const expected = Object.fromEntries(
        Object.entries(together).map(([name, of]) => [name, aggregated(of, records, random)]),
      )
      const { aggregator, takes } = formOf(together)
      const partOf = (value: Bid) => (takes.kind === 'part' ? takes.lift(value) : value)
      const whole = records.reduce(
        (held, { value, time }) => aggregator.add(held, partOf(value), time),
        aggregator.create(),
      )
      assert.deepEqual(aggregator.result(aggregator.merge(aggregator.create(), whole)), expected)
    }
  }
  assert.equal(formOf(members).takes.kind, 'value', 'a value is not sent once for each that holds it')
  assert.equal(formOf(small).takes.kind, 'part')
})

test('a filter of a filter holds both', () => {
  const of = count()
    .where((bid: Bid) => bid.price > 3)
    .where(isCheap)
  const records = [2, 5, 19, 20].map(price => ({ value: { bidder: 1, price }, time: 0 }))
  assert.equal(aggregated(of, records, new Random(1)), 2)
})

test('what an aggregate cannot take is an error of its record', () => {
  const on = (aggregate: Aggregate<Bid, unknown, unknown>, price: unknown) => () =>
    aggregated(aggregate, [{ value: { bidder: 1, price: price as number }, time: 0 }], new Random(1))
  assert.throws(
    on(
      countDistinct(bid => bid.price),
      undefined,
    ),
    /^TypeError: the value to tell apart is undefined, expected a Date, string/,
  )
  assert.throws(
    on(
      countDistinct(bid => bid.price),
      { of: undefined },
    ),
    /^TypeError: the value to tell apart holds what no key may hold/,
  )
  assert.throws(
    on(
      quantiles(bid => bid.price, [0.5]),
      Number.NaN,
    ),
    /^TypeError: the value to rank is NaN, expected a finite number/,
  )
  assert.throws(
    on(
      quantiles(bid => bid.price, [0.5]),
      'x',
    ),
    /^TypeError: the value to add is a string, expected a number/,
  )
  assert.throws(
    on(
      maxBy(bid => bid.price),
      Number.NaN,
    ),
    /^TypeError: the value to compare is NaN/,
  )
})

test('what would make no sense is refused when it is built', () => {
  assert.throws(() => quantiles((bid: Bid) => bid.price, [0.5, 1.5]), /Cannot take the quantile 1.5: expected 0 to 1/)
  assert.throws(() => quantiles((bid: Bid) => bid.price, [0.5], { error: 1 }), /Cannot take quantiles within 1/)
  assert.throws(() => topN(0, (bid: Bid) => bid.price), /Cannot keep the top 0/)
  assert.throws(() => collect({ limit: 0 }), /Cannot collect 0 values/)
})
