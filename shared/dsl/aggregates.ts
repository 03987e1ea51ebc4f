import { ConfigurationError } from '../model/errors.ts'
import { isKey } from '../model/key.ts'
import { earliest, greatestBy, latest, leastBy } from '../operators/aggregates/chosen.ts'
import {
  collectingDistinct,
  countingDistinct,
  type DistinctId,
  type Distinguishable,
  distinctId,
} from '../operators/aggregates/distinct-values.ts'
import { estimatingDistinct, type Precision } from '../operators/aggregates/hyper-log-log.ts'
import { keepingEarliest, keepingGreatest } from '../operators/aggregates/kept.ts'
import { deviating, type Spread, varying } from '../operators/aggregates/moments.ts'
import { estimatingQuantiles } from '../operators/aggregates/quantile-sketch.ts'
import { type Aggregator, counting, largest, type Ordered, smallest } from '../operators/aggregator.ts'
import { averaging, summing } from '../operators/exact-sum.ts'
import type { AggregateSpec, Loose } from '../plan/graph.ts'
import { Aggregate, type AggregateForm } from './aggregate.ts'
import { comparable, type MergingAggregator, numeric, wholeAggregator } from './aggregate-node.ts'

/** How many values. */
export const count = (): Aggregate<unknown, number> =>
  new Aggregate({
    ...form(
      { kind: 'count' },
      counting,
      value => value,
      () => 0,
    ),
    takes: { kind: 'nothing' },
  })

/** The exact sum, rounded once: it does not depend on order, shards or batches. */
export const sum = <V>(of: (value: V) => number): Aggregate<V, number, null> =>
  new Aggregate(form({ kind: 'sum', of }, summing, numeric(of)))

/** The exact sum over the count. */
export const average = <V>(of: (value: V) => number): Aggregate<V, number, null> =>
  new Aggregate(form({ kind: 'average', of }, averaging, numeric(of)))

/** The least part; values of different types are ordered by type. */
export const min = <V, R extends Ordered>(of: (value: V) => R): Aggregate<V, R, null> =>
  new Aggregate(form({ kind: 'min', of }, smallest, comparable(of)))

/** The greatest part. */
export const max = <V, R extends Ordered>(of: (value: V) => R): Aggregate<V, R, null> =>
  new Aggregate(form({ kind: 'max', of }, largest, comparable(of)))

/**
 * The earliest value by event time, or a part of it. Of several of one time, the one whose plain text is the least: the result does not
 * depend on the order in which records come.
 */
export function first<V>(): Aggregate<V, V, null>
export function first<V, R>(of: (value: V) => R): Aggregate<V, R, null>
export function first<V>(of: (value: V) => unknown = value => value): Aggregate<V, unknown, null> {
  return new Aggregate(holding(form({ kind: 'first', of }, earliest, of)))
}

/** The latest value by event time, or a part of it; of several of one time, the one whose plain text is the greatest. */
export function last<V>(): Aggregate<V, V, null>
export function last<V, R>(of: (value: V) => R): Aggregate<V, R, null>
export function last<V>(of: (value: V) => unknown = value => value): Aggregate<V, unknown, null> {
  return new Aggregate(holding(form({ kind: 'last', of }, latest, of)))
}

/** The value with the least part; of equal ones the earliest by event time, then the one whose plain text is the least. */
export const minBy = <V>(by: (value: V) => Ordered): Aggregate<V, V, null> =>
  new Aggregate(holding(form({ kind: 'minBy', by }, leastBy, ranking(by))))

/** The value with the greatest part; of equal ones the earliest by event time, then the one whose plain text is the least. */
export const maxBy = <V>(by: (value: V) => Ordered): Aggregate<V, V, null> =>
  new Aggregate(holding(form({ kind: 'maxBy', by }, greatestBy, ranking(by))))

/** How many different values of a part, exactly. Keeps each of them: see `approxCountDistinct` where there may be very many. */
export const countDistinct = <V>(of: (value: V) => Distinguishable): Aggregate<V, number> =>
  new Aggregate(form({ kind: 'countDistinct', of }, countingDistinct, distinguishable(of), () => 0))

/** How closely different values are counted. */
export type ApproxCountDistinctOptions = {
  /** 2 to the power of this many bytes are kept at most. Default 12: 4 KB, and a standard error of 1.6 %. */
  readonly precision?: Precision
}

/**
 * How many different values of a part, about (HyperLogLog): the standard error is 1.04 / sqrt(2 ** precision). Deterministic: the same
 * values give the same estimate, in whatever order they come.
 */
export const approxCountDistinct = <V>(
  of: (value: V) => Distinguishable,
  { precision = 12 }: ApproxCountDistinctOptions = {},
): Aggregate<V, number> => {
  if (!Number.isInteger(precision) || precision < 4 || precision > 16) {
    throw new ConfigurationError(`Cannot count by precision ${precision}: expected a whole number from 4 to 16`)
  }
  const spec: AggregateSpec = { kind: 'approxCountDistinct', of, precision }
  const made = form(spec, estimatingDistinct(precision), distinguishable(of), () => 0)
  return new Aggregate({ ...made, function: `approxCountDistinct ${precision}` })
}

/** How close quantiles are. */
export type QuantilesOptions = {
  /** The greatest relative error of a result. Default 0.01: 1 %. */
  readonly error?: number
}

/**
 * The values at these shares of all values in order, 0.5 for the median (DDSketch): each within the relative error of the value at index
 * `floor(share * (n - 1))`. Deterministic. Keeps a count per range of values, so as many as their orders of magnitude ask for.
 */
export const quantiles = <V, const Shares extends readonly number[]>(
  of: (value: V) => number,
  shares: Shares,
  { error = 0.01 }: QuantilesOptions = {},
): Aggregate<V, { readonly [At in keyof Shares]: number }, null> => {
  const wrong = shares.find(share => !(share >= 0 && share <= 1))
  if (wrong !== undefined) throw new ConfigurationError(`Cannot take the quantile ${wrong}: expected 0 to 1`)
  if (!(error >= 0.0001 && error < 1)) {
    throw new ConfigurationError(`Cannot take quantiles within ${error}: expected 0.0001 to less than 1`)
  }
  const made = form({ kind: 'quantiles', of, shares, error }, estimatingQuantiles(shares, error), finite(of))
  return new Aggregate({ ...made, function: `quantiles within ${error}` })
}

/** What a variance or a standard deviation is of. */
export type SpreadOptions = {
  /** Whether the values are a sample, where the variance is over n - 1, or all there are, over n. Default: `sample`. */
  readonly of?: Spread
}

/** The variance, of a sample by default; of a sample of one null. Loses nothing to rounding until the end. */
export const variance = <V>(
  of: (value: V) => number,
  { of: spread = 'sample' }: SpreadOptions = {},
): Aggregate<V, number | null, null> =>
  new Aggregate(form({ kind: 'variance', of, spread }, varying(spread), numeric(of)))

/** The standard deviation: the root of the variance. */
export const stddev = <V>(
  of: (value: V) => number,
  { of: spread = 'sample' }: SpreadOptions = {},
): Aggregate<V, number | null, null> =>
  new Aggregate(form({ kind: 'stddev', of, spread }, deviating(spread), numeric(of)))

/** How much is collected. */
export type CollectOptions = {
  /** Keeps the first so many by event time. Default: all, as long as they fit a commit. */
  readonly limit?: number
}

/** All values in the order of event time; those of one time by their plain text. */
export const collect = <V>({ limit = Number.POSITIVE_INFINITY }: CollectOptions = {}): Aggregate<V, readonly V[]> => {
  if (!(limit >= 1)) throw new ConfigurationError(`Cannot collect ${limit} values: expected at least 1`)
  const spec: AggregateSpec = { kind: 'collect', limit }
  const made = form<V>(
    spec,
    keepingEarliest(limit),
    value => value,
    () => [],
  )
  const label = Number.isFinite(limit) ? `collect ${limit}` : 'collect'
  return new Aggregate({ ...holding(made), function: label, combines: false })
}

/** The different values of a part, in order. Keeps each of them. */
export const collectSet = <V, R extends Distinguishable>(of: (value: V) => R): Aggregate<V, readonly R[]> =>
  new Aggregate(form({ kind: 'collectSet', of }, collectingDistinct, distinguishable(of), () => []))

/**
 * The `n` values with the greatest parts, the greatest first; of equal ones the earliest by event time, then those whose plain text is
 * the least.
 */
export const topN = <V>(n: number, by: (value: V) => Ordered): Aggregate<V, readonly V[]> => {
  if (!Number.isInteger(n) || n < 1) {
    throw new ConfigurationError(`Cannot keep the top ${n}: expected a whole number of at least 1`)
  }
  const made = form({ kind: 'topN', by, n }, keepingGreatest(n), ranking(by), () => [])
  return new Aggregate({ ...holding(made), function: `topN ${n}` })
}

/** An aggregate of one's own as a value, so that it composes with the others. Of no values it gives `whenEmpty()`, or null. */
export function aggregator<V, A, R, Empty = null>(
  own: MergingAggregator<V, A, R> & WhenEmpty<Empty> & { result(accumulator: A): R },
): Aggregate<V, R, Empty>
export function aggregator<V, A, Empty = null>(
  own: MergingAggregator<V, A, A> & WhenEmpty<Empty>,
): Aggregate<V, A, Empty>
export function aggregator<V>(own: MergingAggregator<V, unknown, unknown> & WhenEmpty<unknown>): Aggregate<V, unknown> {
  const whole = wholeAggregator(own)
  const whenEmpty = own.whenEmpty ?? (() => null)
  return new Aggregate({
    function: 'aggregate',
    spec: Object.freeze({ kind: 'own', aggregator: whole, whenEmpty }),
    takes: { kind: 'value' },
    aggregator: whole,
    combines: false,
    holdsValue: true,
    whenEmpty,
  })
}

type WhenEmpty<Empty> = { readonly whenEmpty?: () => Empty }

function form<V>(
  spec: AggregateSpec,
  aggregator: Aggregator<unknown, unknown, unknown>,
  lift: Loose<[value: V], unknown>,
  whenEmpty: () => unknown = () => null,
): AggregateForm {
  return {
    function: spec.kind,
    spec: Object.freeze(spec),
    takes: { kind: 'part', lift },
    aggregator,
    combines: true,
    holdsValue: false,
    whenEmpty,
  }
}

const holding = (made: AggregateForm): AggregateForm => ({ ...made, holdsValue: true })

function ranking<V>(by: (value: V) => Ordered): (value: V) => readonly [rank: Ordered, value: V] {
  const rank = comparable(by)
  return value => [rank(value), value]
}

/** What has no order by size has no quantile. */
function finite<V>(of: (value: V) => number): (value: V) => number {
  const part = numeric(of)
  return value => {
    const found = part(value)
    if (Number.isFinite(found)) return found
    throw new TypeError(`the value to rank is ${found}, expected a finite number`)
  }
}

/** What is counted once must be one and the same each time. */
const distinguishable =
  <V>(of: (value: V) => Distinguishable) =>
  (value: V): DistinctId => {
    const part: unknown = of(value)
    if (part instanceof Date || isKey(part)) return distinctId(part)
    const found = part === undefined ? 'is undefined' : 'holds what no key may hold'
    throw new TypeError(
      `the value to tell apart ${found}, expected a Date, string, number, boolean, bigint, null, or an array or object of these`,
    )
  }
