import type { Window } from '../../windows/window.ts'
import type { Aggregator } from '../aggregator.ts'
import type { Pane, PaneTime, PaneTrigger } from './pane-emission.ts'

/** What state holds of one window of a key. Plain data. */
export type PaneWindow<A> = {
  start: number
  end: number
  /** Of all records, or under `discarding` of those since the last pane. */
  accumulator: A
  /** Records since the last pane. */
  news: number
  /** Of what came since the last pane: the watermark at which a pane by event time is due. Null while nothing came. */
  eventDue: number | null
  /** Of what came since the last pane: the arrival time at which a pane is due. Null while nothing came. */
  arrivalDue: number | null
  /** Of the next pane. */
  index: number
  /** Panes of the trigger in force. */
  fired: number
  /** Rows that stand with readers and do not any more once the next pane goes out: under `retracting`, and of sessions, which grow. */
  said: readonly Said[]
  /** Event time of the next pane's row, where records decide it and one did. */
  time: number | null
}

/** A row of an earlier pane; its value is kept where it is taken back. */
export type Said = { readonly window: Window; readonly pane: Pane; readonly value?: unknown }

export const isSameWindow = (a: Window, b: Window): boolean => a.start === b.start && a.end === b.end

export const emptyPaneWindow = <A>({ start, end }: Window, accumulator: A): PaneWindow<A> => ({
  start,
  end,
  accumulator,
  news: 0,
  eventDue: null,
  arrivalDue: null,
  index: 0,
  fired: 0,
  said: [],
  time: null,
})

/** When a pane is looked at: as of this watermark and this arrival time. */
export type Now = { readonly watermark: number; readonly arrivalMs: number }

/** A record came: what waits for the first one since the last pane begins to wait. */
export function noteNews<A>(window: PaneWindow<A>, trigger: PaneTrigger | undefined, now: Now): void {
  window.news++
  if (trigger?.eventTimeMs !== undefined)
    window.eventDue ??= nextMultiple(trigger.eventTimeMs, window.start, now.watermark)
  if (trigger?.arrivalTimeMs !== undefined) window.arrivalDue ??= now.arrivalMs + trigger.arrivalTimeMs
}

/** A record that is not behind the watermark counts for the time of the next pane's row. */
export function noteTime<A>(window: PaneWindow<A>, time: number, by: PaneTime): void {
  window.time =
    window.time === null ? time : by === 'latest' ? Math.max(window.time, time) : Math.min(window.time, time)
}

/** A pane took all that came. */
export function noteFired<A>(window: PaneWindow<A>): void {
  window.news = 0
  window.eventDue = null
  window.arrivalDue = null
  window.time = null
  window.index++
  window.fired++
}

/** The watermark that passes the first multiple above `watermark` in a window that begins at `start`. */
function nextMultiple(step: number, start: number, watermark: number): number {
  const least = Math.max(start, watermark + 1)
  return (Math.floor(least / step) + 1) * step - 1
}

const isSpent = <A>(window: PaneWindow<A>, { atMost }: PaneTrigger): boolean =>
  atMost !== undefined && window.fired >= atMost

export function isTriggered<A>(window: PaneWindow<A>, trigger: PaneTrigger | undefined, now: Now): boolean {
  if (trigger === undefined || window.news === 0 || isSpent(window, trigger)) return false
  const parts = partsOf(window, trigger, now.watermark)
  const isArrivalDue = window.arrivalDue !== null && window.arrivalDue <= now.arrivalMs
  if (trigger.arrivalTimeMs !== undefined) parts.push(isArrivalDue)
  return trigger.when === 'any' ? parts.includes(true) : !parts.includes(false)
}

/** The arrival time that alone makes a pane due as things stand, or Infinity. */
export function arrivalTimerOf<A>(window: PaneWindow<A>, trigger: PaneTrigger | undefined, watermark: number): number {
  if (trigger?.arrivalTimeMs === undefined || window.arrivalDue === null || isSpent(window, trigger)) {
    return Number.POSITIVE_INFINITY
  }
  if (trigger.when === 'all' && partsOf(window, trigger, watermark).includes(false)) return Number.POSITIVE_INFINITY
  return window.arrivalDue
}

/** Parts of the trigger that do not look at arrival time. */
function partsOf<A>(window: PaneWindow<A>, { records, eventTimeMs }: PaneTrigger, watermark: number): boolean[] {
  const parts: boolean[] = []
  if (records !== undefined) parts.push(window.news >= records)
  if (eventTimeMs !== undefined) parts.push(window.eventDue !== null && window.eventDue <= watermark)
  return parts
}

/**
 * One window of several that a record made one, without the record. It waits as the first of them did, has what all of them said, and
 * counts the panes of all of them, or under `restart` its own, where it is none of them.
 */
export function mergedWindow<A>(
  parts: readonly PaneWindow<A>[],
  { start, end }: Window,
  { grown, time }: { readonly grown: 'continue' | 'restart'; readonly time: PaneTime },
  { create, merge }: Pick<Aggregator<unknown, A, unknown>, 'create' | 'merge'>,
): PaneWindow<A> {
  const [first, ...rest] = parts
  if (first === undefined) return emptyPaneWindow({ start, end }, create())
  if (rest.length === 0 && isSameWindow(first, { start, end })) return first
  return {
    start,
    end,
    accumulator: rest.reduce((whole, part) => merge(whole, part.accumulator), first.accumulator),
    news: total(parts.map(part => part.news)),
    eventDue: leastOf(parts.map(part => part.eventDue)),
    arrivalDue: leastOf(parts.map(part => part.arrivalDue)),
    index: grown === 'continue' ? total(parts.map(part => part.index)) : 0,
    fired: total(parts.map(part => part.fired)),
    said: parts.flatMap(part => part.said),
    time: (time === 'latest' ? greatestOf : leastOf)(parts.map(part => part.time)),
  }
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0)

function leastOf(times: readonly (number | null)[]): number | null {
  const known = times.filter(time => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function greatestOf(times: readonly (number | null)[]): number | null {
  const known = times.filter(time => time !== null)
  return known.length === 0 ? null : Math.max(...known)
}
