import type { Key, KeyRef } from '../model/key.ts'
import type { Store } from '../state/store.ts'
import type { Window } from '../windows/window.ts'
import { describePanes, type PaneEmission } from './panes/pane-emission.ts'

/**
 * Where results go. `origin` names the row that a value is the newest state of, with the key group that owns it, and is left out where
 * values are no rows. A row whose value is undefined is gone.
 */
export type Push = (value: unknown, time: number, origin: Origin | undefined) => void

export type Origin = { readonly key: Key; readonly id: string; readonly group: number; readonly window?: Window }

/**
 * An operator with state. Synchronous, and speculative until the commit: it changes nothing but its stores. Its timers and other
 * helpers are derived from its stores, and rebuilt from them after a load.
 */
export interface StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  /** `input` numbers the inputs of an operator that has several. What a broadcast brings has the empty id, once in each key group. */
  process(ref: KeyRef, value: unknown, time: number, input: number): void

  /** Least watermark at which something is due in a key group, or Infinity. Both are left out where nothing ever is. */
  eventTimer?(group: number): number
  /** Does the one thing that is due first. Only called when the watermark is about to reach `eventTimer`. */
  fireEventTimer?(group: number): void

  /** Least arrival time at which something is due in a key group, or Infinity. Both are left out where nothing ever is. */
  arrivalTimer?(group: number): number
  /** Does the one thing that is due first. */
  fireArrivalTimer?(group: number): void

  /** The commit is about to be cut: emit what goes out once a commit. */
  flush?(): void

  /**
   * Least event time of a result that waits to go out, or Infinity: the watermark that the stage tells stays below it. It never falls to the
   * key group's watermark or below. Left out where results have times above the watermark at which they go out.
   */
  hold?(group: number): number
}

/** What the running stage gives its operators. */
export type OperatorContext = {
  /** Watermark of each key group, as of the record that is being processed. */
  readonly watermarks: Float64Array
  /** Watermark that a key group is about to reach while its timers fire. */
  reaching?: number
  /** Arrival time of the record that is being processed, from the log. */
  arrivalMs: number
  /** How many records the message that is being processed stands for. */
  weight: number
  readonly tallies: OperatorTallies
  /** A timer whose function failed for good is let go: its state changes, its results do not go out. */
  readonly isDiscarding: boolean
  /** Up to which watermark the timers of an operator's key have fired: the group's, or above it where a commit was cut between timers. */
  firedUntil(operator: string, group: number, id: string): number
  /** A timer was taken: timers fire in the order of time, operator and id, so this says that all before it were. */
  fired(operator: string, group: number, at: number, id: string): void
}

export type OperatorTallies = {
  /** Behind the watermark, still accepted. */
  late: number
  /** Beyond allowed lateness. */
  expired: number
}

/** Under which a row is kept by those who keep rows, within its key group or anywhere: its window and its id. */
export const rowIdOf = ({ id, window }: Origin): string =>
  window === undefined ? id : `${window.start}:${window.end}/${id}`

/**
 * When results go out.
 *
 * - `final`: once, when the watermark passes the window's end (Flink and Spark: append mode); of an aggregate without window at
 *   the end of a bounded input
 * - `updates`: rows that changed, at each commit (Spark: update mode)
 * - `complete`: all rows of the key groups in which a row changed, at each commit (Spark: complete mode)
 * - `every`: rows that changed, at most once in this much arrival time, and at the end of a window
 * - `panes`: a row for each pane of a window
 */
export type Emission =
  | { readonly kind: 'final' }
  | { readonly kind: 'updates' }
  | { readonly kind: 'complete' }
  | { readonly kind: 'every'; readonly intervalMs: number }
  | PaneEmission

export function describeEmission(emission: Emission): string {
  if (emission.kind === 'panes') return describePanes(emission)
  return emission.kind === 'every' ? `every ${emission.intervalMs} ms` : emission.kind
}
