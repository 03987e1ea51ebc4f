import type { SessionWindows, WindowAssigner } from '../../../shared/windows/window.ts'
import { dayHolding } from './days.ts'

/** `[start, end)` in epoch milliseconds; of count windows in the key's records, numbered from 0. */
export type OracleWindow = { readonly start: number; readonly end: number }

/** What a Date can hold: the ends of all time. */
export const endsOfTimeMs = 8_640_000_000_000_000

/** The latest event time that a record can have. */
export const latestEventTimeMs = 8_000_000_000_000_000

export const wholeTime: OracleWindow = { start: -endsOfTimeMs, end: endsOfTimeMs }

/** A record's time alone says in which windows it is. */
export type ByTime = Exclude<WindowAssigner, { kind: 'session' | 'sliding' | 'count' }>

export const isByTime = (assigner: WindowAssigner): assigner is ByTime =>
  assigner.kind !== 'session' && assigner.kind !== 'sliding' && assigner.kind !== 'count'

/** Every window that holds the time. */
export function windowsAt(assigner: ByTime, time: number): OracleWindow[] {
  switch (assigner.kind) {
    case 'global':
      return [wholeTime]
    case 'daily':
      return [dayHolding(time, assigner.zone, assigner.startsAtMs)]
    case 'cumulating': {
      // All begin together, and end after one step, two steps, and so on.
      const { sizeMs, stepMs, offsetMs } = assigner
      const start = Math.floor((time - offsetMs) / sizeMs) * sizeMs + offsetMs
      const ends = Array.from({ length: sizeMs / stepMs }, (_, i) => start + (i + 1) * stepMs)
      return ends.filter(end => end > time).map(end => ({ start, end }))
    }
    default: {
      // They begin at `offset`, and every `hop` from there in both directions.
      const { sizeMs, hopMs, offsetMs } = assigner
      const windows: OracleWindow[] = []
      for (
        let start = Math.floor((time - offsetMs) / hopMs) * hopMs + offsetMs;
        start + sizeMs > time;
        start -= hopMs
      ) {
        windows.push({ start, end: start + sizeMs })
      }
      return windows
    }
  }
}

/** The watermark at which nothing may come into the window any more; not of sessions. */
export const closesAt = (window: OracleWindow, latenessMs: number): number =>
  window.end === endsOfTimeMs ? endsOfTimeMs : window.end - 1 + latenessMs

/** The same of the session that ends at `end`: where records a gap apart are together, what comes exactly then would join it. */
export const sessionClosesAt = ({ joinsAtGap }: SessionWindows, end: number, latenessMs: number): number =>
  (joinsAtGap ? end : end - 1) + latenessMs

/** The event time of the row of a window that ends at `end`; not of count windows, whose records say it. */
export function rowTimeOf(assigner: WindowAssigner, end: number): number {
  if (assigner.kind === 'global') return latestEventTimeMs
  return assigner.kind === 'session' && assigner.joinsAtGap ? end : end - 1
}

export const windowText = (window: OracleWindow): string => `${window.start}:${window.end}`
