/** Arrival time of a driver. It passes only when told, in an invocation too: what a call may take ends when it has. */
export class DriverClock {
  #nowMs: number
  #waiting: { readonly dueMs: number; readonly resolve: () => void; readonly signal: AbortSignal }[] = []

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  /** In epoch milliseconds. */
  get nowMs(): number {
    return this.#nowMs
  }

  set nowMs(nowMs: number) {
    this.#nowMs = nowMs
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs)
    this.#waiting = this.#waiting.filter(({ dueMs, signal }) => dueMs > nowMs && !signal.aborted)
    for (const { resolve } of due) resolve()
  }

  /** Resolves once `ms` have passed; never, when the signal was aborted before. */
  readonly limit = (ms: number, signal: AbortSignal): Promise<void> => {
    this.#waiting = this.#waiting.filter(other => !other.signal.aborted)
    return new Promise(resolve => this.#waiting.push({ dueMs: this.#nowMs + ms, resolve, signal }))
  }
}
