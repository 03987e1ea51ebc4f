import type { Aggregator, Ordered } from '../operators/aggregator.ts'
import type { AggregateNode, Taking } from '../plan/graph.ts'
import { Aggregate, type Aggregates, formOf } from './aggregate.ts'

/** An aggregator of one's own: `result` defaults to the accumulator itself. All functions as in `Aggregator`. */
export type UserAggregator<V, A, R> = {
  create(): A
  /** `time` is the record's event time, epoch milliseconds. */
  add(accumulator: A, value: V, time: number): A
  /**
   * The inverse of `merge`: takes out what was merged in before. With it a hopping window is made of the one before, instead of all its
   * slices (Spark: reduceByKeyAndWindow with an inverse function). What comes out must be what merging the rest gives.
   */
  subtract?(accumulator: A, other: A): A
  result?(accumulator: A): R
}

/** Windows are merged from slices and sessions grow together, so a windowed aggregate needs `merge`. */
export type MergingAggregator<V, A, R> = UserAggregator<V, A, R> & { merge(accumulator: A, other: A): A }

export type AggregateBase = Pick<AggregateNode, 'input' | 'emission' | 'latenessMs' | 'windows' | 'lateTo'>

export function aggregateNode(
  base: AggregateBase,
  name: string,
  fn: string,
  aggregator: Aggregator<unknown, unknown, unknown>,
  takes: Taking,
): AggregateNode {
  return Object.freeze({
    ...base,
    kind: 'aggregate',
    name,
    function: fn,
    aggregator,
    takes,
    combines: combined.has(fn),
  })
}

/** Aggregates that are associative and run no function of the user's but the one that takes a part of the value. */
const combined = new Set(['count', 'sum', 'min', 'max', 'average'])

/** What `aggregate` takes: one aggregate, several, or one of the user's own. */
export type AnyAggregate =
  | Aggregate<never, unknown, unknown>
  | Aggregates<never>
  | UserAggregator<unknown, unknown, unknown>

export function composedNode(base: AggregateBase, name: string, what: AnyAggregate): AggregateNode {
  if (isOwn(what)) return aggregateNode(base, name, 'aggregate', wholeAggregator(what), { kind: 'value' })
  const { function: fn, aggregator, takes, spec, combines } = formOf(what)
  return Object.freeze({ ...base, kind: 'aggregate', name, function: fn, aggregator, takes, spec, combines })
}

const isOwn = (what: AnyAggregate): what is UserAggregator<unknown, unknown, unknown> =>
  !(what instanceof Aggregate) && typeof what.create === 'function' && typeof what.add === 'function'

/** Fills in what the user may leave out. */
export function wholeAggregator(
  user: UserAggregator<unknown, unknown, unknown> &
    Partial<Pick<MergingAggregator<unknown, unknown, unknown>, 'merge'>>,
): Aggregator<unknown, unknown, unknown> {
  return {
    create: () => user.create(),
    add: (accumulator, value, time) => user.add(accumulator, value, time),
    merge: (accumulator, other) => {
      if (user.merge === undefined) throw new TypeError('Cannot merge: the aggregator has no merge function')
      const merged = user.merge(accumulator, other)
      // A slice is merged into several windows: what comes out must not be the slice itself, which the next merge would change.
      return merged === other ? structuredClone(merged) : merged
    },
    ...(user.subtract && { subtract: (accumulator: unknown, other: unknown) => user.subtract?.(accumulator, other) }),
    result: accumulator => resultOf(user, accumulator),
  }
}

/** An accumulator that goes on with the next window must not be part of a result. */
function resultOf(user: UserAggregator<unknown, unknown, unknown>, accumulator: unknown): unknown {
  const own = user.subtract === undefined ? accumulator : structuredClone(accumulator)
  return user.result === undefined ? own : user.result(own)
}

/** What is summed must be a number: a record whose part is none follows `onError` before it touches a sum. */
export const numeric =
  <V>(of: (value: V) => number) =>
  (value: V): number => {
    const part = of(value)
    if (typeof part === 'number') return part
    throw new TypeError(
      `the value to add is ${part === undefined || part === null ? part : typeof part === 'object' ? 'an object' : `a ${typeof part}`}, expected a number`,
    )
  }

/** What is compared must compare: NaN or nothing would make the smallest and the largest depend on the order of records. */
export const comparable =
  <V, R extends Ordered>(of: (value: V) => R) =>
  (value: V): R => {
    const part = of(value)
    if (isOrdered(part)) return part
    const found = typeof part === 'object' && part !== null ? 'an object' : String(part)
    throw new TypeError(`the value to compare is ${found}, expected a number, string, bigint or Date`)
  }

function isOrdered(part: unknown): boolean {
  if (typeof part === 'number') return !Number.isNaN(part)
  if (part instanceof Date) return !Number.isNaN(part.getTime())
  return typeof part === 'string' || typeof part === 'bigint'
}
