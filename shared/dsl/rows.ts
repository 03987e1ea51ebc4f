import type { Window } from '../windows/window.ts'

/** A row of an aggregate over everything so far. */
export type KeyedRow<K, V> = { readonly key: K; readonly value: V }

/** A row of a windowed aggregate; the window is `[start, end)` in epoch milliseconds. */
export type WindowedRow<K, V> = { readonly key: K; readonly window: Window; readonly value: V }

/** A row of a top: its row's fields, and `rank`, 1 for the first. */
export type RankedRow<Row> = Row & { readonly rank: number }

/** The row with another value. */
export type RowWithValue<Row, V> = { readonly [Name in keyof Row]: Name extends 'value' ? V : Row[Name] }

export type TopOptions = {
  /** When rankings go out. Default: as the rows come, `final` or `updates`. */
  readonly emit?: 'final' | 'updates'
}
