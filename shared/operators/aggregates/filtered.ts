import type { Aggregator } from '../aggregator.ts'

/** What of a record a filtered aggregate gets: null where its predicate does not hold. */
export type Passed<Part> = readonly [Part] | null

/** Of the records that pass only. Null until the first one: then the result is what `whenEmpty` gives. */
export const filtered = <Part, A, R, Empty>(
  inner: Aggregator<Part, A, R>,
  whenEmpty: () => Empty,
): Aggregator<Passed<Part>, A | null, R | Empty> => ({
  create: () => null,
  add: (accumulator, passed, time) =>
    passed === null ? accumulator : inner.add(accumulator ?? inner.create(), passed[0], time),
  merge: (accumulator, other) => (other === null ? accumulator : inner.merge(accumulator ?? inner.create(), other)),
  result: accumulator => (accumulator === null ? whenEmpty() : inner.result(accumulator)),
})
