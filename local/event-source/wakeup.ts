/** Sleeps until something happens or a time has passed. What happens while nobody sleeps is not missed. */
export class Wakeup {
  #hasHappened = false
  #wake: (() => void) | undefined

  /** Something happened: whoever sleeps wakes, or whoever sleeps next doesn't. */
  readonly happen = (): void => {
    this.#hasHappened = true
    this.#wake?.()
  }

  /** Resolves at once if something has happened since the last sleep, else when it does, or after `ms`; undefined is for ever. */
  async sleep(ms: number | undefined): Promise<void> {
    if (!this.#hasHappened) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>(resolve => {
        this.#wake = resolve
        if (ms !== undefined) timer = setTimeout(resolve, Math.min(ms, longestTimer))
      })
      clearTimeout(timer)
      this.#wake = undefined
    }
    this.#hasHappened = false
  }
}

/** A timer of Node holds 31 bits of milliseconds; beyond that it would fire at once. */
const longestTimer = 2 ** 31 - 1
