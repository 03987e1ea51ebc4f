import type { Aggregator, Ordered } from '../operators/aggregator.ts'
import type { AggregateNode, Taking } from '../plan/graph.ts'

/** An aggregator of one's own: `result` defaults to the accumulator itself. All functions as in `Aggregator`. */
export type UserAggregator<V, A, R> = {
  create(): A
  add(accumulator: A, value: V): A
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
  return Object.freeze({ ...base, kind: 'aggregate', name, function: fn, aggregator, takes })
}

/** Fills in what the user may leave out. */
export function wholeAggregator(
  user: UserAggregator<unknown, unknown, unknown> &
    Partial<Pick<MergingAggregator<unknown, unknown, unknown>, 'merge'>>,
): Aggregator<unknown, unknown, unknown> {
  return {
    create: () => user.create(),
    add: (accumulator, value) => user.add(accumulator, value),
    merge: (accumulator, other) => {
      if (user.merge === undefined) throw new TypeError('Cannot merge: the aggregator has no merge function')
      const merged = user.merge(accumulator, other)
      // A slice is merged into several windows: what comes out must not be the slice itself, which the next merge would change.
      return merged === other ? structuredClone(merged) : merged
    },
    result: accumulator => (user.result === undefined ? accumulator : user.result(accumulator)),
  }
}

/** What is summed must be a number: a record whose part is none follows `onError` before it touches a sum. */
export const numeric =
  <V>(of: (value: V) => number) =>
  (value: V): number => {
    const part = of(value)
    if (typeof part === 'number') return part
    throw new TypeError(
      `the value to add is ${part === undefined ? 'undefined' : `a ${typeof part}`}, expected a number`,
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
