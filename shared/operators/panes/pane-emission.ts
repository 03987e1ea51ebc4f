import { counted } from '../../model/counted.ts'
import type { Window } from '../../windows/window.ts'

/**
 * When a pane of a window is due, by what came since the window's last pane. A pane takes all that came, so it starts every part anew,
 * and nothing is due while nothing came.
 */
export type PaneTrigger = {
  /** So many records came. */
  readonly records?: number
  /** The watermark passed a multiple of this much event time, counted from 1970-01-01T00:00:00Z. Milliseconds. */
  readonly eventTimeMs?: number
  /** So much arrival time after the first record that came. Milliseconds. */
  readonly arrivalTimeMs?: number
  /** Of several parts: due with the first of them, or only with all of them. */
  readonly when: 'any' | 'all'
  /** Most panes of this trigger in a window. */
  readonly atMost?: number
}

/**
 * What a pane says (Dataflow model):
 *
 * - `accumulating`: all of the window so far
 * - `discarding`: what came since the window's last pane
 * - `retracting`: all of the window so far, after a row that takes back what the last pane said
 */
export type Accumulation = 'accumulating' | 'discarding' | 'retracting'

/** A row for each pane of a window: early ones, one on time, late ones. */
export type PaneEmission = {
  readonly kind: 'panes'
  /** Before the watermark passes the window's end. Undefined: none. */
  readonly early: PaneTrigger | undefined
  /** When it passes it: `always`, or only if something came since the last pane. */
  readonly onTime: 'always' | 'changed'
  /** After that, within the allowed lateness. What is still untold when the window closes goes out then. */
  readonly late: PaneTrigger
  readonly accumulation: Accumulation
  /** Whether a session that grew goes on counting its panes. */
  readonly grown: 'continue' | 'restart'
  readonly time: PaneTime
}

/**
 * Event time of a pane's row (Beam: timestamp combiner): the window's end; or of the records since the last pane that were not behind the
 * watermark the earliest time, the latest time, or the earliest that a function gives. Without such a record the window's end.
 */
export type PaneTime = 'end' | 'earliest' | 'latest' | ((time: number, window: Window) => number)

/** Where a pane stands among its window's. */
export type Pane = {
  /** Before the watermark passed the window's end, as it did, or after. */
  readonly timing: 'early' | 'onTime' | 'late'
  /** Counts the panes of the window from 0. */
  readonly index: number
}

/** A pane under `retracting`: its row says something, or takes back what an earlier row with this timing and index said. */
export type RetractingPane = Pane & { readonly isRetraction: boolean }

export function describePanes({ early, onTime, late, accumulation, time }: PaneEmission): string {
  const onTimeText = onTime === 'always' ? 'on time' : 'on time if changed'
  const earlyText = early === undefined ? '' : `early ${describeTrigger(early)}, `
  return `${accumulation} panes: ${earlyText}${onTimeText}, late ${describeTrigger(late)}${timeTexts[typeof time === 'function' ? 'own' : time]}`
}

const timeTexts = {
  end: '',
  earliest: ', at the earliest time',
  latest: ', at the latest time',
  own: ', at a time of their own',
}

function describeTrigger({ records, eventTimeMs, arrivalTimeMs, when, atMost }: PaneTrigger): string {
  const parts = [
    ...(records === undefined ? [] : [records === 1 ? 'each record' : `every ${records} records`]),
    ...(eventTimeMs === undefined ? [] : [`every ${eventTimeMs} ms of event time`]),
    ...(arrivalTimeMs === undefined ? [] : [`every ${arrivalTimeMs} ms of arrival time`]),
  ]
  const most = atMost === undefined ? '' : ` at most ${counted(atMost, 'time')}`
  return `${parts.join(when === 'any' ? ' or ' : ' and ')}${most}`
}
