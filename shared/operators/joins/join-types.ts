import type { Loose } from '../../model/loose.ts'
import type { OperatorDefinition } from '../definition.ts'

/**
 * Which rows a join gives:
 *
 * - `inner`: each pair
 * - `left`, `right`, `full`: each pair, and the records of that side, or of both, that are in no pair
 * - `semi`: each left record that is in a pair, once (SQL: where exists)
 * - `anti`: each left record that is in none (SQL: where not exists)
 */
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti'

/** Number of an input: of the left side, of the right. */
export const leftInput = 0
export const rightInput = 1
export type Side = typeof leftInput | typeof rightInput

/** Whether records of a side that are in no pair have rows. */
export const isKeptAlone = (type: JoinType, side: Side): boolean =>
  type === 'full' || (side === leftInput ? type === 'left' || type === 'anti' : type === 'right')

/** A further condition of a pair beside the key and the times; undefined: none. */
export type PairCondition = Loose<[left: unknown, right: unknown], boolean> | undefined

/** Side outputs for expired records, by the side of the join that they came to. */
export type LateOutputs = { readonly left?: string; readonly right?: string }

export const lateOutputNames = ({ left, right }: LateOutputs): string[] =>
  [left, right].filter(name => name !== undefined)

/** What `explain` says is written where streams are joined. */
export type JoinDefinition = Omit<OperatorDefinition, 'explain'>

/** Whether an interval join has no bound of time. */
export const isForEver = ({ beforeMs, afterMs }: { readonly beforeMs: number; readonly afterMs: number }): boolean =>
  beforeMs === Number.POSITIVE_INFINITY && afterMs === Number.POSITIVE_INFINITY
