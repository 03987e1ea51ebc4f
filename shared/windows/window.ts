import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import { beginningOfTime, endOfTime, lastEventTime } from '../model/event-time.ts'
import type { CountWindows } from './count.ts'
import type { CumulatingWindows } from './cumulating.ts'
import type { DailyWindows } from './daily.ts'
import type { SlidingWindows } from './sliding.ts'

/**
 * A window of event time, `[start, end)`: the end is the first millisecond that is no longer in it. Epoch milliseconds; of count windows
 * the numbers of a key's records, from 0.
 */
export type Window = { readonly start: number; readonly end: number }

/**
 * How a keyed stream is cut into windows. Frozen; made by `tumbling`, `hopping`, `cumulating`, `daily`, `session`, `sliding`,
 * `countWindow` and `globalWindow`.
 */
export type WindowAssigner = FixedWindows | SessionWindows | SlidingWindows | CountWindows

/** Windows with bounds that a time alone decides: see `assign.ts`. */
export type FixedWindows = SlicedWindows | CumulatingWindows | DailyWindows

export const isFixed = (windows: WindowAssigner): windows is FixedWindows =>
  windows.kind !== 'session' && windows.kind !== 'sliding' && windows.kind !== 'count'

/** By what windows are due and closed. A parting session takes no record at its end. */
export type WindowKind = WindowAssigner['kind'] | 'partingSession'

export const kindOf = (windows: WindowAssigner): WindowKind =>
  windows.kind === 'session' && !windows.joinsAtGap ? 'partingSession' : windows.kind

/**
 * Windows of equal size at a fixed hop, kept as slices that no window cuts: a record touches one slice, whatever number of windows
 * it falls into, and a window's result is the merge of its slices.
 */
export type SlicedWindows = {
  readonly kind: 'tumbling' | 'hopping' | 'global'
  readonly sizeMs: number
  readonly hopMs: number
  readonly offsetMs: number
  /** Greatest common divisor of size and hop. */
  readonly sliceMs: number
}

export type SessionWindows = {
  readonly kind: 'session'
  readonly gapMs: number
  /** A record exactly one gap after another shares its session. */
  readonly joinsAtGap: boolean
}

/** Where windows of fixed size begin. */
export type OffsetOptions = {
  /** By how much windows are shifted, in milliseconds: a Duration, or the negative of one. @default 0 */
  readonly offset?: number
}

/**
 * Windows of `size` that follow one another, aligned to 1970-01-01T00:00:00Z plus `offset` (Dataflow model: fixed windows).
 * A record at exactly a window's end belongs to the next one.
 */
export const tumbling = (size: Duration, options: OffsetOptions = {}): SlicedWindows =>
  sliced('tumbling', size, size, options.offset ?? 0)

/**
 * Windows of `size` that start every `hop` (Dataflow model: sliding windows; Flink and Kafka Streams: hopping). A hop longer than the
 * size would leave records in no window and is refused.
 */
export const hopping = (size: Duration, hop: Duration, options: OffsetOptions = {}): SlicedWindows =>
  sliced('hopping', size, hop, options.offset ?? 0)

/** What two records belong together by. */
export type SessionOptions = {
  /**
   * What a record exactly one gap after another does: `join` its session, as in Flink and Kafka Streams, or `part` from it, as in Beam.
   * @default 'join'
   */
  readonly atGap?: 'join' | 'part'
}

/**
 * Per key, a window from a record to `gap` after its last one, `[start, end)`. A record between two sessions merges them. One
 * exactly at the end, a gap after the last record, joins too and moves the end on. So a session's row goes out when the watermark
 * reaches its end, and has the event time of its end. With `atGap: 'part'` it begins a session of its own, and a session is due at
 * its last millisecond, as other windows are. The order of records that are in time does not change the sessions.
 *
 * Flink ends a session that joins one millisecond earlier, at the watermark of its last millisecond, which is also the event time of
 * its row: a record in time at exactly the end then begins a new session. Kafka Streams waits as we do, but gives the last record's
 * time for a session's end.
 */
export function session(gap: Duration, { atGap = 'join' }: SessionOptions = {}): SessionWindows {
  if (gap <= 0 || gap > greatestSizeMs) {
    throw new ConfigurationError(`Cannot make session windows: the gap is ${gap} ms, expected 1 to ${greatestSizeMs}`)
  }
  return Object.freeze({ kind: 'session', gapMs: gap, joinsAtGap: atGap === 'join' })
}

/** One window over all of event time: its final result comes at the end of a bounded input. */
export const globalWindow = (): SlicedWindows => wholeTime

const wholeTime: SlicedWindows = Object.freeze({
  kind: 'global',
  sizeMs: endOfTime - beginningOfTime,
  hopMs: endOfTime - beginningOfTime,
  offsetMs: beginningOfTime,
  sliceMs: endOfTime - beginningOfTime,
})

/**
 * Of windows, gaps and allowed lateness. Event times are kept more than twice as far from the ends of time (see `limits.eventTimeMs`),
 * so a window's end, and when it is closed, is always a time.
 */
export const greatestSizeMs = 300_000_000_000_000

function sliced(kind: 'tumbling' | 'hopping', sizeMs: number, hopMs: number, offsetMs: number): SlicedWindows {
  if (sizeMs > greatestSizeMs) {
    throw new ConfigurationError(
      `Cannot make ${kind} windows: the size is ${sizeMs} ms, expected at most ${greatestSizeMs}`,
    )
  }
  if (sizeMs <= 0)
    throw new ConfigurationError(`Cannot make ${kind} windows: the size is ${sizeMs} ms, expected more than 0`)
  if (hopMs <= 0)
    throw new ConfigurationError(`Cannot make ${kind} windows: the hop is ${hopMs} ms, expected more than 0`)
  if (hopMs > sizeMs) {
    throw new ConfigurationError(
      `Cannot make hopping windows: the hop of ${hopMs} ms is longer than the size of ${sizeMs} ms, expected at most the size`,
    )
  }
  return Object.freeze({
    kind,
    sizeMs,
    hopMs,
    offsetMs: offsetWithin(kind, offsetMs, hopMs),
    sliceMs: greatestCommonDivisor(sizeMs, hopMs),
  })
}

/** The offset's rest, 0 or more: windows that are shifted by a whole period are the same windows. */
export function offsetWithin(kind: WindowKind, offsetMs: number, periodMs: number): number {
  if (!Number.isSafeInteger(offsetMs)) {
    throw new ConfigurationError(
      `Cannot make ${kind} windows: the offset is ${offsetMs} ms, expected a whole number of milliseconds`,
    )
  }
  const rest = offsetMs % periodMs
  return rest < 0 ? rest + periodMs : rest + 0
}

/**
 * The watermark at which no record in time may come into the window that ends at `end` any more, and its row is due: that of its last
 * millisecond, or of a session's end, as a record at the end would still join it. Count windows know no watermark.
 */
export function dueAt(kind: WindowKind, end: number): number {
  if (kind === 'global' || kind === 'count') return endOfTime
  return kind === 'session' ? end : end - 1
}

/** The watermark at which the window takes no record any more, however late. */
export const closedAt = (kind: WindowKind, end: number, latenessMs: number): number =>
  kind === 'global' || kind === 'count' ? endOfTime : dueAt(kind, end) + latenessMs

/** The event time of the window's row: not behind any watermark below the one at which it is due. */
export const rowTime = (kind: WindowKind, end: number): number =>
  kind === 'global' || kind === 'count' ? lastEventTime : dueAt(kind, end)

/** As `explain` and the fingerprint say it. */
export function describeWindows(windows: WindowAssigner): string {
  switch (windows.kind) {
    case 'session':
      return `session gap ${windows.gapMs} ms${windows.joinsAtGap ? '' : ' parting'}`
    case 'global':
      return 'global'
    case 'tumbling':
      return `tumbling ${windows.sizeMs} ms${describeOffset(windows)}`
    case 'hopping':
      return `hopping ${windows.sizeMs} ms every ${windows.hopMs} ms${describeOffset(windows)}`
    case 'cumulating':
      return `cumulating to ${windows.sizeMs} ms by ${windows.stepMs} ms${describeOffset(windows)}`
    case 'daily':
      return `daily in ${windows.zone}${windows.startsAtMs === 0 ? '' : ` from ${windows.startsAtMs} ms`}`
    case 'sliding':
      return `sliding ${windows.differenceMs} ms`
    case 'count':
      return `count ${windows.size} every ${windows.every}`
  }
}

const describeOffset = (windows: { readonly offsetMs: number }): string =>
  windows.offsetMs === 0 ? '' : ` offset ${windows.offsetMs} ms`

export function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)]
  while (y !== 0) [x, y] = [y, x % y]
  return x
}
