import { type Aggregator, compareOrdered, type Ordered } from '../aggregator.ts'
import { compareTimed, type Timed } from './value-order.ts'

/** One record's value, with its event time; null before the first. */
type Choice<T extends Timed> = T | null

/** The value of the earliest record by event time; of several of one time the one with the least text. */
export const earliest: Aggregator<unknown, Choice<Timed>, unknown> = choosing(
  (value, time) => ({ time, value }),
  compareTimed,
)

/** The value of the latest record by event time; of several of one time the one with the greatest text. */
export const latest: Aggregator<unknown, Choice<Timed>, unknown> = choosing(
  (value, time) => ({ time, value }),
  (a, b) => compareTimed(b, a),
)

/** A value with the part that it is ranked by. */
export type Ranked = readonly [rank: Ordered, value: unknown]
export type RankedTimed = Timed & { readonly rank: Ordered }

/** The value with the least part; of equal ones that of the earliest record, then that with the least text. */
export const leastBy: Aggregator<Ranked, Choice<RankedTimed>, unknown> = choosing(
  rankedAt,
  (a, b) => compareOrdered(a.rank, b.rank) || compareTimed(a, b),
)

/** The value with the greatest part; of equal ones that of the earliest record, then that with the least text. */
export const greatestBy: Aggregator<Ranked, Choice<RankedTimed>, unknown> = choosing(rankedAt, compareGreatest)

/** The greatest part first, then the earliest record, then the least text. */
export function compareGreatest(a: RankedTimed, b: RankedTimed): number {
  return compareOrdered(b.rank, a.rank) || compareTimed(a, b)
}

export function rankedAt([rank, value]: Ranked, time: number): RankedTimed {
  return { rank, time, value }
}

/** Keeps the one that comes first by `compare`, which is 0 only for those that nobody can tell apart. */
function choosing<Part, T extends Timed>(
  choiceOf: (part: Part, time: number) => T,
  compare: (a: T, b: T) => number,
): Aggregator<Part, Choice<T>, unknown> {
  const better = (held: Choice<T>, other: Choice<T>): Choice<T> => {
    if (held === null || other === null) return held ?? other
    return compare(other, held) < 0 ? other : held
  }
  return {
    create: () => null,
    add: (held, part, time) => better(held, choiceOf(part, time)),
    merge: better,
    result: held => {
      if (held === null) throw new RangeError('Cannot give a result: no value was added')
      return held.value
    },
  }
}
