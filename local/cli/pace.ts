import { setTimeout as sleep } from 'node:timers/promises'
import type { PaceClock } from '../input/pace.ts'
import { UsageError } from './command-line.ts'

export const monotonicClock: PaceClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
}

/** Lines a second that `500/s`, `30/m` or `500` say, infinite when there is no text. Throws a UsageError. */
export function rateOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  const [, digits, unit = 's'] = /^(\d{1,9}(?:\.\d{1,9})?)(?:\/([smh]))?$/.exec(text) ?? []
  const rate = Number(digits) / (seconds[unit] ?? Number.NaN)
  if (rate > 0) return rate
  throw new UsageError(
    `Cannot use rate "${text}": it is not a number of lines a second, minute or hour, expected something like 500/s or 30/m`,
  )
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 }
