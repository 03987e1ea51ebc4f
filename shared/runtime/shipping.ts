import { isKey, type Key } from '../model/key.ts'
import type { Origin } from '../operators/operator.ts'
import type { TopEntry } from '../operators/top.ts'
import { wrapped } from '../operators/user-function.ts'
import type { Shipping } from '../plan/plan.ts'

/** What of a value an edge carries. */
export function shipper(ships: Shipping): (value: unknown) => unknown {
  switch (ships.kind) {
    case 'nothing':
      return () => undefined
    case 'lifted':
      return wrapped(ships.by, ships.lift)
    case 'combined': {
      const lifts = ships.parts.map(part => wrapped(part.by, part.lift))
      if (lifts.length === 0) return () => undefined
      if (lifts.length === 1) return lifts[0]
      return value => lifts.map(lift => lift(value))
    }
    default:
      return value => value
  }
}

/** What types cannot hold from a record that is not what its type says: it is the record's fault, not the batch's. */
export function usableKey(key: Key | undefined): Key {
  if (isKey(key)) return key
  const found = key === undefined ? 'is undefined' : 'holds what no key may hold'
  throw new TypeError(
    `the key ${found}, expected a string, number, boolean, bigint, null, or an array or object of these`,
  )
}

/** Every record of a ranking has this key. */
export const rankingKey = ''

export function topEntry(value: unknown, origin: Origin): TopEntry {
  const worth = typeof value === 'object' && value !== null && 'value' in value ? value.value : undefined
  return origin.window === undefined ? [origin.key, worth] : [origin.key, worth, origin.window.start, origin.window.end]
}
