import type { Aggregator } from '../aggregator.ts'
import { compareGreatest, type Ranked, type RankedTimed, rankedAt } from './chosen.ts'
import { compareTimed, type Timed } from './value-order.ts'

/** Values in the order of event time, those of one time by their text; no more than the first `limit`. */
export const keepingEarliest = (limit: number): Aggregator<unknown, Timed[], readonly unknown[]> =>
  keeping((value, time) => ({ time, value }), compareTimed, limit)

/** The values with the greatest parts, in order; of equal ones the earliest records', then those with the least texts. */
export const keepingGreatest = (count: number): Aggregator<Ranked, RankedTimed[], readonly unknown[]> =>
  keeping(rankedAt, compareGreatest, count)

/** A sorted list of the first `limit` by `compare`. */
function keeping<Part, T extends Timed>(
  entryOf: (part: Part, time: number) => T,
  compare: (a: T, b: T) => number,
  limit: number,
): Aggregator<Part, T[], readonly unknown[]> {
  return {
    create: () => [],
    add: (list, part, time) => insert(list, entryOf(part, time), compare, limit),
    merge: (list, others) => {
      for (const other of others) insert(list, other, compare, limit)
      return list
    },
    result: list => list.map(({ value }) => value),
  }
}

/** Most records come in order, so that the place is near the end. */
function insert<T>(list: T[], entry: T, compare: (a: T, b: T) => number, limit: number): T[] {
  if (list.length >= limit && compare(entry, list[list.length - 1]) >= 0) return list
  if (list.length === 0 || compare(entry, list[list.length - 1]) >= 0) {
    list.push(entry)
    return list
  }
  let [low, high] = [0, list.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(entry, list[middle]) < 0) high = middle
    else low = middle + 1
  }
  list.splice(low, 0, entry)
  if (list.length > limit) list.length = limit
  return list
}
