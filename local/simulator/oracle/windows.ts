import type { WindowAssigner } from '../../../shared/windows/window.ts'

/** `[start, end)` in epoch milliseconds. */
export type OracleWindow = { readonly start: number; readonly end: number }

/** What a Date can hold: the ends of all time. */
export const endsOfTimeMs = 8_640_000_000_000_000

/** The latest event time that a record can have. */
export const latestEventTimeMs = 8_000_000_000_000_000

export const wholeTime: OracleWindow = { start: -endsOfTimeMs, end: endsOfTimeMs }

/** Every window of fixed size that holds the time: they begin at `offset`, and every `hop` from there in both directions. */
export function windowsAt(assigner: Exclude<WindowAssigner, { kind: 'session' }>, time: number): OracleWindow[] {
  if (assigner.kind === 'global') return [wholeTime]
  if (assigner.kind !== 'tumbling' && assigner.kind !== 'hopping') {
    throw new Error(`Cannot evaluate ${assigner.kind} windows: the oracle does not know them`)
  }
  const { sizeMs, hopMs, offsetMs } = assigner
  const windows: OracleWindow[] = []
  for (let start = Math.floor((time - offsetMs) / hopMs) * hopMs + offsetMs; start + sizeMs > time; start -= hopMs) {
    windows.push({ start, end: start + sizeMs })
  }
  return windows
}

/** The watermark at which nothing may come into the window of fixed size any more. */
export const closesAt = (window: OracleWindow, latenessMs: number): number =>
  window.end === endsOfTimeMs ? endsOfTimeMs : window.end - 1 + latenessMs

/** The same of the session that ends at `end`: what comes exactly then would join it. */
export const sessionClosesAt = (end: number, latenessMs: number): number => end + latenessMs

/** The event time of the row of a window that ends at `end`. */
export function rowTimeOf(kind: WindowAssigner['kind'], end: number): number {
  if (kind === 'global') return latestEventTimeMs
  return kind === 'session' ? end : end - 1
}

export const windowText = (window: OracleWindow): string => `${window.start}:${window.end}`
