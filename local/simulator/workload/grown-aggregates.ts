import type { Aggregate } from '../../../shared/dsl/aggregate.ts'
import {
  aggregator,
  approxCountDistinct,
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
  stddev,
  sum,
  topN,
  variance,
} from '../../../shared/dsl/aggregates.ts'
import type { Key } from '../../../shared/model/key.ts'
import type { Random } from '../random.ts'
import type { Fact } from './fact.ts'

type AnyAggregate = Aggregate<Fact, unknown, unknown>
export type GrownAggregates = { readonly [name: string]: AnyAggregate }

const amount = (fact: Fact): number => fact.amount
/** No part of two that are powers of two: sums of these round. */
const third = (fact: Fact): number => (fact.amount - 7) / 3

/** Ids by how often they came, which an inverse can take out again. */
const tally = () =>
  aggregator({
    create: () => new Map<number, number>(),
    add: (held, { id }: Fact) => tallied(held, [[id % 20, 1]], 1),
    merge: (held, other) => tallied(held, other, 1),
    subtract: (held, other) => tallied(held, other, -1),
    result: held => [...held].sort(([a], [b]) => a - b).slice(0, 3),
    whenEmpty: () => 'none',
  })

type Tally = Map<number, number>

function tallied(held: Tally, more: Iterable<readonly [number, number]>, sign: 1 | -1): Tally {
  for (const [id, times] of more) {
    const all = (held.get(id) ?? 0) + sign * times
    if (all === 0) held.delete(id)
    else held.set(id, all)
  }
  return held
}

const makers: readonly (readonly [name: string, make: (random: Random) => AnyAggregate])[] = [
  ['count', () => count()],
  ['sum', () => sum(third)],
  ['average', () => average(third)],
  ['min', () => min((fact: Fact) => fact.kind)],
  ['max', () => max(amount)],
  ['first', random => (random.chance(0.5) ? first<Fact>() : first((fact: Fact) => fact.user))],
  ['last', random => (random.chance(0.5) ? last<Fact>() : last((fact: Fact) => fact.amount))],
  ['minBy', () => minBy((fact: Fact) => fact.kind)],
  ['maxBy', () => maxBy(amount)],
  ['countDistinct', () => countDistinct((fact: Fact) => [fact.user ?? null, Math.round(fact.amount) % 4])],
  [
    'approxCountDistinct',
    random => approxCountDistinct((fact: Fact) => fact.id, { precision: random.pick([4, 8, 12]) }),
  ],
  ['quantiles', random => quantiles(third, [0, 0.3, 0.5, 1], { error: random.pick([0.01, 0.2]) })],
  ['variance', random => variance(third, { of: random.pick(['sample', 'population'] as const) })],
  ['stddev', random => stddev(amount, { of: random.pick(['sample', 'population'] as const) })],
  ['collect', random => collect<Fact>({ limit: random.between(1, 8) })],
  ['collectSet', () => collectSet((fact: Fact) => fact.kind)],
  ['topN', random => topN(random.between(1, 4), amount)],
  ['tally', tally],
]

/** One to five aggregates in one pass, of all values or of some. */
export function anyAggregates(random: Random): GrownAggregates {
  const made: [name: string, aggregate: AnyAggregate][] = []
  for (let i = random.between(1, 5); i > 0; i--) {
    const [name, make] = random.pick(makers)
    made.push(filtered(random, `${name}${i}`, make(random)))
  }
  return Object.fromEntries(made)
}

/** Those that have an inverse only. */
export const inverseAggregates = (): GrownAggregates => ({
  count: count(),
  sum: sum(third),
  average: average(amount),
  variance: variance(third),
  tally: tally(),
})

function filtered(random: Random, name: string, aggregate: AnyAggregate): [name: string, aggregate: AnyAggregate] {
  if (!random.chance(0.3)) return [name, aggregate]
  const rest = random.between(2, 30)
  return [`${name} of ids % ${rest}`, aggregate.where((fact: Fact) => fact.id % rest === 0)]
}

/** Depends on all that the row's value says, and throws on none. */
export function factOfAny(row: {
  readonly key: Key
  readonly window?: { readonly end: number }
  readonly value: unknown
}): Fact {
  let total = 0
  for (const letter of JSON.stringify(row.value)) total += letter.charCodeAt(0)
  const at = row.window === undefined ? 0 : row.window.end % 1_000_000
  return { id: total, at, user: `u${total % 5}`, kind: `k${String(row.key).length % 3}`, amount: total % 1_000 }
}
