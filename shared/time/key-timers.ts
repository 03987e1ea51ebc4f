/**
 * At most one pending timer per key, earliest first, ties by key: derived from state, so it is rebuilt after a load and never
 * stored. A timer can be brought forward; it moves back only by firing and being set again.
 */
export class KeyTimers {
  readonly #due = new Map<string, number>()
  /** A heap in two arrays: times lie side by side, where comparing them is cheap. */
  readonly #times: number[] = []
  readonly #ids: string[] = []

  get size(): number {
    return this.#due.size
  }

  /** Due watermark of the earliest timer, or Infinity. */
  get earliest(): number {
    this.#dropOutdated()
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]
  }

  schedule(id: string, at: number): void {
    const due = this.#due.get(id)
    if (due !== undefined && due <= at) return
    this.#due.set(id, at)
    this.#push(at, id)
  }

  /** Takes the earliest timer out. Only called when there is one. */
  take(): Timer {
    this.#dropOutdated()
    const timer = { at: this.#times[0], id: this.#ids[0] }
    this.#pop()
    this.#due.delete(timer.id)
    return timer
  }

  cancel(id: string): void {
    this.#due.delete(id)
  }

  #dropOutdated(): void {
    while (this.#times.length > 0 && this.#due.get(this.#ids[0]) !== this.#times[0]) this.#pop()
  }

  #push(at: number, id: string): void {
    const [times, ids] = [this.#times, this.#ids]
    let place = times.push(at) - 1
    ids.push(id)
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(at, id, times[parent], ids[parent])) break
      times[place] = times[parent]
      ids[place] = ids[parent]
      place = parent
    }
    times[place] = at
    ids[place] = id
  }

  #pop(): void {
    const [times, ids] = [this.#times, this.#ids]
    const [at, id] = [times[times.length - 1], ids[ids.length - 1]]
    times.length--
    ids.length--
    if (times.length === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= times.length) break
      if (child + 1 < times.length && isBefore(times[child + 1], ids[child + 1], times[child], ids[child])) child++
      if (!isBefore(times[child], ids[child], at, id)) break
      times[place] = times[child]
      ids[place] = ids[child]
      place = child
    }
    times[place] = at
    ids[place] = id
  }
}

export type Timer = { readonly at: number; readonly id: string }

const isBefore = (at: number, id: string, otherAt: number, otherId: string): boolean =>
  at < otherAt || (at === otherAt && id < otherId)
