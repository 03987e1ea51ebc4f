import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import { greatestSizeMs, offsetWithin } from './window.ts'

/** Windows that begin together and end every step, kept as slices of one step. */
export type CumulatingWindows = {
  readonly kind: 'cumulating'
  readonly sizeMs: number
  readonly stepMs: number
  readonly offsetMs: number
  /** A window whose last step has no record gives no row. */
  readonly leavesOutUnchanged: boolean
}

/** Where cumulating windows begin, and which give a row. */
export type CumulatingOptions = {
  /** By how much windows are shifted, in milliseconds: a Duration, or the negative of one. @default 0 */
  readonly offset?: number
  /** A window whose last step brought nothing new: its row goes out as the others do (`emit`) or not at all (`skip`). @default 'emit' */
  readonly unchanged?: 'emit' | 'skip'
}

/**
 * Windows that share a start and end every `step` up to `max`, then begin anew: the day so far, every hour (Flink: CUMULATE). Aligned
 * to 1970-01-01T00:00:00Z plus `offset`. `max` is a whole number of steps.
 */
export function cumulating(max: Duration, step: Duration, options: CumulatingOptions = {}): CumulatingWindows {
  const cannot = (what: string): never => {
    throw new ConfigurationError(`Cannot make cumulating windows: ${what}`)
  }
  if (max <= 0 || max > greatestSizeMs) cannot(`the largest has ${max} ms, expected 1 to ${greatestSizeMs}`)
  if (step <= 0 || max % step !== 0) {
    cannot(`the step of ${step} ms does not divide the largest window of ${max} ms, expected a part of it`)
  }
  return Object.freeze({
    kind: 'cumulating',
    sizeMs: max,
    stepMs: step,
    offsetMs: offsetWithin('cumulating', options.offset ?? 0, max),
    leavesOutUnchanged: options.unchanged === 'skip',
  })
}
