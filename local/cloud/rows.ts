import { compareKeys } from '../../shared/model/key-order.ts'
import type { ViewRow } from '../../shared/ports/results.ts'

/** A row of a view: its fields, with `key`, `value`, and `window` and `rank` where it has them. */
export type Row = Readonly<Record<string, unknown>>

/** A view's rows by window, then rank, then key, from the items that keep them: a top's rows share one. */
export const rowsOfView = (kept: readonly ViewRow[]): Row[] =>
  kept.flatMap(({ value }) => (Array.isArray(value) ? value : [value])).sort(compareRows)

const compareRows = (a: Row, b: Row): number =>
  startOf(a) - startOf(b) || rankOf(a) - rankOf(b) || compareKeys(keyOf(a), keyOf(b))

const startOf = (row: Row): number => {
  const { window } = row
  return typeof window === 'object' && window !== null && 'start' in window ? Number(window.start) : 0
}
const rankOf = ({ rank }: Row): number => (typeof rank === 'number' ? rank : 0)
const keyOf = ({ key }: Row) => (typeof key === 'number' || typeof key === 'string' ? key : JSON.stringify(key ?? null))
