import { setTimeout as sleep } from 'node:timers/promises'
import { UsageError } from './command-line.ts'

/** A clock that only goes forward, in milliseconds. `sleep` resolves early when the signal is aborted. */
export type PaceClock = {
  now(): number
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const monotonicClock: PaceClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
}

/** With a rate, lines go in this many portions a second. */
const portionsPerSecond = 20
/** How much of a pause is made up for, in milliseconds: timers are late by some, and an input that stood still must not end in a burst. */
const madeUpMs = 100

/** Lets lines go at a steady rate. */
export class Pace {
  /** Lines that go at once. */
  readonly portion: number
  readonly #perSecond: number
  readonly #clock: PaceClock
  #freeMs: number | undefined

  constructor(perSecond: number, clock: PaceClock) {
    this.portion = Math.max(1, Math.floor(perSecond / portionsPerSecond))
    this.#perSecond = perSecond
    this.#clock = clock
  }

  /** Resolves when `lines` more may go, or when the signal is aborted. */
  async turn(lines: number, signal: AbortSignal): Promise<void> {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return
    const waitMs = (this.#freeMs ?? 0) - this.#clock.now()
    if (this.#freeMs !== undefined && waitMs > 0) await this.#clock.sleep(waitMs, signal)
    const nowMs = this.#clock.now()
    const sinceMs = Math.max(this.#freeMs ?? nowMs, nowMs - madeUpMs)
    this.#freeMs = sinceMs + (lines / this.#perSecond) * 1000
  }
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
