/** A clock that only goes forward, in milliseconds. `sleep` resolves early when the signal is aborted. */
export type PaceClock = {
  now(): number
  sleep(ms: number, signal: AbortSignal): Promise<void>
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
