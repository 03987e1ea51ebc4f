import { beginningOfTime, endOfTime } from '../model/event-time.ts'
import { zoneDays } from './daily.ts'
import { type FixedWindows, greatestCommonDivisor, type Window } from './window.ts'

/**
 * Windows whose bounds a time alone decides are kept as slices that no window cuts: a record touches one slice, whatever number of
 * windows it falls into, and a window's result is the merge of its slices. Here is which slice and which windows hold a time.
 */

/** The windows that hold a time, the one that ends first at first. */
export function windowsHolding(windows: FixedWindows, time: number): readonly Window[] {
  const slice = sliceStart(windows, time)
  const last = lastEnd(windows, slice)
  const held: Window[] = []
  for (let end = firstEnd(windows, slice); end <= last; end += endsEvery(windows)) {
    held.push({ start: windowStart(windows, end), end })
  }
  return held
}

/** Start of the slice that an event time falls into. */
export function sliceStart(windows: FixedWindows, time: number): number {
  switch (windows.kind) {
    case 'global':
      return beginningOfTime
    case 'daily':
      return zoneDays(windows).startOf(time)
    case 'cumulating':
      return floored(time, windows.stepMs, windows.offsetMs)
    default:
      return floored(time, windows.sliceMs, windows.offsetMs)
  }
}

/** End of the slice that begins at `slice`. */
export function sliceEnd(windows: FixedWindows, slice: number): number {
  switch (windows.kind) {
    case 'global':
      return endOfTime
    case 'daily':
      return zoneDays(windows).endOf(slice)
    case 'cumulating':
      return slice + windows.stepMs
    default:
      return slice + windows.sliceMs
  }
}

/** End of the earliest window that holds the slice. Others that hold it end each `endsEvery` from there. */
export function firstEnd(windows: FixedWindows, slice: number): number {
  const end = sliceEnd(windows, slice)
  if (windows.kind !== 'hopping') return end
  // Window ends are congruent to offset + size modulo hop; the first one at or after the slice's end.
  const past = end - floored(end, windows.hopMs, windows.offsetMs + windows.sizeMs)
  return past === 0 ? end : end + windows.hopMs - past
}

/** End of the latest window that holds the slice. */
export function lastEnd(windows: FixedWindows, slice: number): number {
  switch (windows.kind) {
    case 'cumulating':
      return floored(slice, windows.sizeMs, windows.offsetMs) + windows.sizeMs
    case 'hopping': {
      const first = firstEnd(windows, slice)
      return first + Math.floor((slice + windows.sizeMs - first) / windows.hopMs) * windows.hopMs
    }
    default:
      return sliceEnd(windows, slice)
  }
}

/** Between the ends of windows that hold one slice. A slice of daily windows and of the global one is in one window only. */
export function endsEvery(windows: FixedWindows): number {
  switch (windows.kind) {
    case 'daily':
    case 'global':
      return Number.POSITIVE_INFINITY
    case 'cumulating':
      return windows.stepMs
    default:
      return windows.hopMs
  }
}

/** Start of the window that ends at `end`. */
export function windowStart(windows: FixedWindows, end: number): number {
  switch (windows.kind) {
    case 'global':
      return beginningOfTime
    case 'daily':
      return zoneDays(windows).startOf(end - 1)
    case 'cumulating':
      return floored(end - 1, windows.sizeMs, windows.offsetMs)
    default:
      return end - windows.sizeMs
  }
}

/** Whether a window ends at `end`. */
export function isWindowEnd(windows: FixedWindows, end: number): boolean {
  switch (windows.kind) {
    case 'global':
      return end === endOfTime
    case 'daily':
      return zoneDays(windows).startOf(end) === end
    case 'cumulating':
      return floored(end, windows.stepMs, windows.offsetMs) === end
    default:
      return floored(end, windows.hopMs, windows.offsetMs + windows.sizeMs) === end
  }
}

/**
 * Slices of equal size that no window cuts; undefined where there are none to cut. Offsets of time zones are whole seconds.
 */
export function gridOf(windows: FixedWindows): { readonly sizeMs: number; readonly offsetMs: number } | undefined {
  switch (windows.kind) {
    case 'global':
      return undefined
    case 'daily':
      return { sizeMs: greatestCommonDivisor(1_000, windows.startsAtMs), offsetMs: 0 }
    case 'cumulating':
      return { sizeMs: windows.stepMs, offsetMs: windows.offsetMs % windows.stepMs }
    default:
      return { sizeMs: windows.sliceMs, offsetMs: windows.offsetMs % windows.sliceMs }
  }
}

/**
 * The greatest of `offset`, `offset + step`, `offset - step`, ... at or below a time. Exact, as a division is that stays below 2^53 on
 * both sides: event times do (see `limits.eventTimeMs`). A remainder would take many times as long.
 */
const floored = (time: number, step: number, offset: number): number =>
  Math.floor((time - offset) / step) * step + offset
