import { type Key, keyId, keyOf } from '../../model/key.ts'
import { compareKeys } from '../../model/key-order.ts'
import { type Aggregator, compareOrdered } from '../aggregator.ts'

/** What tells values apart: a number is its own, anything else has the text that it would have as a key. */
export type DistinctId = number | string

/** What can be told apart. */
export type Distinguishable = Key | Date

/** Equal values have equal ids, whatever the order of their properties; 1 and "1" differ, 0 and -0 do not. */
export function distinctId(value: Distinguishable): DistinctId {
  if (typeof value === 'number') return value + 0
  return value instanceof Date ? `d${value.getTime()}` : keyId(value)
}

function distinctOf(id: DistinctId): Distinguishable {
  if (typeof id === 'number') return id
  return id.startsWith('d') ? new Date(Number(id.slice(1))) : keyOf(id)
}

function compareValues(a: Distinguishable, b: Distinguishable): number {
  if (a instanceof Date || b instanceof Date) return compareOrdered(Number(a), Number(b))
  return compareKeys(a, b)
}

/** How many different values. Keeps each. */
export const countingDistinct: Aggregator<DistinctId, Set<DistinctId>, number> = {
  create: () => new Set(),
  add: (ids, id) => ids.add(id),
  merge: (ids, others) => {
    for (const id of others) ids.add(id)
    return ids
  },
  result: ids => ids.size,
}

/** The different values, the least first. */
export const collectingDistinct: Aggregator<DistinctId, Set<DistinctId>, readonly Distinguishable[]> = {
  ...countingDistinct,
  result: ids => Array.from(ids, distinctOf).sort(compareValues),
}
