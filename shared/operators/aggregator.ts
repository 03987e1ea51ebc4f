/**
 * How values become one: the accumulator is what state keeps. `add` and `merge` may change their first argument and return it; they
 * never change the second. All must be deterministic. An accumulator is plain data: objects, arrays, Map, Set, Date, bigint, typed
 * arrays; never undefined.
 */
export interface Aggregator<Value, Accumulator, Result> {
  create(): Accumulator
  /** `time` is the event time of the record: what does not look at it leaves it out. */
  add(accumulator: Accumulator, value: Value, time: number): Accumulator
  merge(accumulator: Accumulator, other: Accumulator): Accumulator
  /**
   * The inverse of `merge`: takes out what was merged in before. Undefined when that cannot be done to the last bit; what was changed
   * by then is thrown away. Left out where there is no inverse.
   */
  subtract?(accumulator: Accumulator, other: Accumulator): Accumulator | undefined
  result(accumulator: Accumulator): Result
}

/** What the smallest and the largest can be taken of. */
export type Ordered = number | string | bigint | Date

/** Aggregators that start from nothing: null until the first value. */
type Perhaps<T> = { readonly value: T } | null

export const counting: Aggregator<unknown, number, number> = {
  create: () => 0,
  add: count => count + 1,
  merge: (count, other) => count + other,
  subtract: (count, other) => count - other,
  result: count => count,
}

export const smallest: Aggregator<Ordered, Perhaps<Ordered>, Ordered> = extreme((a, b) => compareOrdered(a, b) < 0)
export const largest: Aggregator<Ordered, Perhaps<Ordered>, Ordered> = extreme((a, b) => compareOrdered(a, b) > 0)

export const reducing = <T>(reduce: (a: T, b: T) => T): Aggregator<T, Perhaps<T>, T> => folding(reduce)

function extreme(isBetter: (a: Ordered, b: Ordered) => boolean): Aggregator<Ordered, Perhaps<Ordered>, Ordered> {
  return folding((a, b) => (isBetter(b, a) ? b : a))
}

/** By value; values of different types, which JavaScript would compare by converting some, in a fixed order of their types. */
export function compareOrdered(a: Ordered, b: Ordered): number {
  const [x, y] = [rankOf(a), rankOf(b)]
  if (x !== y) return x - y
  return a < b ? -1 : a > b ? 1 : typeof a === typeof b ? 0 : typeof a < typeof b ? -1 : 1
}

const rankOf = (value: Ordered): number => (typeof value === 'string' ? 1 : typeof value === 'object' ? 2 : 0)

function folding<T>(fold: (a: T, b: T) => T): Aggregator<T, Perhaps<T>, T> {
  return {
    create: () => null,
    add: (accumulator, value) => ({ value: accumulator === null ? value : fold(accumulator.value, value) }),
    merge: (accumulator, other) => {
      if (accumulator === null || other === null) return accumulator ?? other
      return { value: fold(accumulator.value, other.value) }
    },
    result: accumulator => {
      if (accumulator === null) throw new RangeError('Cannot give a result: no value was added')
      return accumulator.value
    },
  }
}
