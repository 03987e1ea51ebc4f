import type { KeyedRow, RankedRow, WindowedRow } from '../../../shared/dsl/rows.ts'
import type { Key } from '../../../shared/model/key.ts'

/** What flows through generated pipelines: rows become facts again, so that any operator can follow any other. */
export type Fact = {
  readonly id: number
  readonly at: number
  readonly user: string
  readonly kind: string
  readonly amount: number
}

export type AnyRow = KeyedRow<Key, number> | WindowedRow<Key, number> | RankedRow<WindowedRow<Key, number>>

/** Depends on the row alone, and throws on none. */
export function factOf(row: AnyRow): Fact {
  const at = 'window' in row && row.window !== undefined ? row.window.end % 1_000_000 : 0
  const amount = Math.abs(Math.round(row.value)) % 1_000
  return { id: amount + at, at, user: `u${String(row.key).length}${amount % 5}`, kind: `k${amount % 3}`, amount }
}

/** A record on which the functions of pipelines that may throw do so. */
export const unluckyAmount = 13

/** Throws on unlucky facts, and on those whose fields are not what their type says. */
export function lucky(fact: Fact): Fact {
  if (fact.amount === unluckyAmount) throw new Error('unlucky')
  if (typeof fact.user !== 'string') throw new TypeError('nobody')
  return fact
}
