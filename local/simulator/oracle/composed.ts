import { estimatingDistinct, type Precision } from '../../../shared/operators/aggregates/hyper-log-log.ts'
import { estimatingQuantiles } from '../../../shared/operators/aggregates/quantile-sketch.ts'
import type { Aggregator } from '../../../shared/operators/aggregator.ts'
import type { AggregateSpec } from '../../../shared/plan/graph.ts'
import { type Aggregated, folded, isLess } from './aggregate-functions.ts'
import { exactSquares, exactSum } from './exact-number.ts'
import { isLowerKey, keyText } from './keys.ts'
import { textOf } from './text.ts'

/** A value that an aggregate takes, with its event time. */
export type Timed = { readonly value: unknown; readonly time: number }

/**
 * An aggregate of these values from its definition. No built-in one depends on their order.
 *
 * Approximate ones promise to be near the exact result, and to be the same for the same values: what their sketch gives of the values
 * one by one is taken where it is as near as promised, and the exact result where it is not.
 */
export function composed(spec: AggregateSpec, entries: readonly Timed[]): Aggregated {
  if (spec.kind === 'where') {
    const passed = entries.filter(({ value }) => spec.accepts(value))
    return passed.length === 0 ? { value: ofNone(spec.of) } : composed(spec.of, passed)
  }
  if (spec.kind === 'several') return several(spec.members, entries)
  if (spec.kind === 'own') return folded('aggregate', spec.aggregator, entries, true)
  if (spec.kind === 'count') return { value: entries.length }
  if (spec.kind === 'collect') return { value: valuesOf(entries.toSorted(byTime).slice(0, spec.limit)) }
  if (spec.kind === 'topN') return { value: valuesOf(ranked(entries, spec.by, true).slice(0, spec.n)) }
  if ('by' in spec) return { value: ranked(entries, spec.by, spec.kind === 'maxBy')[0].value }
  const { of } = spec
  const parts = entries.map(({ value, time }) => ({ value: of(value), time }))
  const values = valuesOf(parts)
  switch (spec.kind) {
    case 'sum':
    case 'average': {
      const sum = exactSum(values as readonly number[])
      if (sum === undefined) return { undetermined: 'the sum passes the greatest double on its way' }
      return { value: spec.kind === 'sum' ? sum : sum / values.length }
    }
    case 'min':
      return { value: values.reduce((least, other) => (isLess(other, least) ? other : least)) }
    case 'max':
      return { value: values.reduce((greatest, other) => (isLess(greatest, other) ? other : greatest)) }
    case 'first':
      return { value: parts.toSorted(byTime)[0].value }
    case 'last':
      return { value: parts.toSorted(byTime).at(-1)?.value }
    case 'countDistinct':
      return { value: different(values).length }
    case 'collectSet':
      return { value: different(values).sort((a, b) => (isLowerKey(a, b) ? -1 : isLowerKey(b, a) ? 1 : 0)) }
    case 'approxCountDistinct':
      return { value: estimatedCount(different(values), spec.precision) }
    case 'quantiles':
      return { value: estimatedQuantiles(values as readonly number[], spec.shares, spec.error) }
    case 'variance':
    case 'stddev': {
      const degrees = spec.spread === 'sample' ? values.length - 1 : values.length
      if (degrees === 0) return { value: null }
      const variance = exactSquares(values as readonly number[]) / values.length / degrees
      return { value: spec.kind === 'variance' ? variance : Math.sqrt(variance) }
    }
  }
}

function several(members: Readonly<Record<string, AggregateSpec>>, entries: readonly Timed[]): Aggregated {
  const results: [name: string, value: unknown][] = []
  for (const [name, member] of Object.entries(members)) {
    const result = composed(member, entries)
    if (!('value' in result)) return result
    results.push([name, result.value])
  }
  return { value: Object.fromEntries(results) }
}

function ofNone(spec: AggregateSpec): unknown {
  switch (spec.kind) {
    case 'count':
    case 'countDistinct':
    case 'approxCountDistinct':
      return 0
    case 'collect':
    case 'collectSet':
    case 'topN':
      return []
    case 'own':
      return spec.whenEmpty()
    case 'where':
      return ofNone(spec.of)
    default:
      return null
  }
}

const valuesOf = (entries: readonly Timed[]): unknown[] => entries.map(({ value }) => value)

/** The earlier time, then the lesser text. */
const byTime = (a: Timed, b: Timed): number => a.time - b.time || compared(textOf(a.value), textOf(b.value))

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function ranked(entries: readonly Timed[], by: (value: unknown) => unknown, isGreatestFirst: boolean): Timed[] {
  const ranks = entries.map(entry => ({ entry, rank: by(entry.value) }))
  ranks.sort((a, b) => {
    if (isLess(a.rank, b.rank)) return isGreatestFirst ? 1 : -1
    if (isLess(b.rank, a.rank)) return isGreatestFirst ? -1 : 1
    return byTime(a.entry, b.entry)
  })
  return ranks.map(({ entry }) => entry)
}

const distinctText = (value: unknown): string => (value instanceof Date ? `d${value.getTime()}` : keyText(value))

const different = (values: readonly unknown[]): unknown[] => [
  ...new Map(values.map(value => [distinctText(value), value])).values(),
]

function estimatedCount(values: readonly unknown[], precision: number): number {
  const sketch = estimatingDistinct(precision as Precision)
  const ids = values.map(value => (typeof value === 'number' ? value + 0 : distinctText(value)))
  const estimate = oneByOne(sketch, ids)
  // Six standard errors: one estimate in 500 million is further off. Few values collide now and then.
  const most = 2 + (6 * 1.04 * values.length) / Math.sqrt(2 ** precision)
  return Math.abs(estimate - values.length) <= most ? estimate : values.length
}

function estimatedQuantiles(values: readonly number[], shares: readonly number[], error: number): readonly number[] {
  const estimates = oneByOne(estimatingQuantiles(shares, error), values)
  const sorted = values.toSorted((a, b) => a - b)
  return estimates.map((estimate, i) => {
    const exact = sorted[Math.floor(shares[i] * (sorted.length - 1))]
    // The sketch's logarithms round in their last bits.
    return Math.abs(estimate - exact) <= error * Math.abs(exact) * (1 + 1e-9) ? estimate : exact
  })
}

const oneByOne = <V, A, R>(aggregator: Aggregator<V, A, R>, values: readonly V[]): R =>
  aggregator.result(values.reduce((all, value) => aggregator.add(all, value, 0), aggregator.create()))
