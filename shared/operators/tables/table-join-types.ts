import type { Loose } from '../../model/loose.ts'

/**
 * Which rows a join with a table gives:
 *
 * - `inner`: each left value that has a right row
 * - `left`: each left value
 * - `full`: each left and each right row; of tables only
 */
export type TableJoinType = 'inner' | 'left' | 'full'

/** Puts a left and a right value together; undefined where a value may be alone. */
export type TableCombine = Loose<[left: unknown, right: unknown], unknown>

/** The value of a row `{ key, value }`. */
export const rowValue = (row: unknown): unknown =>
  typeof row === 'object' && row !== null && 'value' in row ? row.value : undefined
