/** What has a timer: the watermark at which it is due, Infinity where none is set. Only the heap sets it, or who lets go of the owner. */
export type TimerOwner = { readonly id: string; timer: number }

/**
 * At most one pending timer per owner, earliest first, ties by id. A timer can be brought forward; it moves back only by firing and
 * being set again. What the heap holds counts as long as its owner says the same.
 */
export class TimerHeap<Owner extends TimerOwner> {
  // Times lie side by side, where comparing them is cheap.
  readonly #times: number[] = []
  readonly #owners: Owner[] = []

  /** Due watermark of the earliest timer, or Infinity. */
  get earliest(): number {
    this.#dropOutdated()
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]
  }

  schedule(owner: Owner, at: number): void {
    if (owner.timer <= at) return
    owner.timer = at
    this.#push(at, owner)
  }

  /** Takes the owner of the earliest timer out. Only called when there is one. */
  take(): Owner {
    this.#dropOutdated()
    const [owner] = this.#owners
    this.#pop()
    owner.timer = Number.POSITIVE_INFINITY
    return owner
  }

  #dropOutdated(): void {
    while (this.#times.length > 0 && this.#owners[0].timer !== this.#times[0]) this.#pop()
  }

  #push(at: number, owner: Owner): void {
    const [times, owners] = [this.#times, this.#owners]
    let place = times.push(at) - 1
    owners.push(owner)
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(at, owner, times[parent], owners[parent])) break
      times[place] = times[parent]
      owners[place] = owners[parent]
      place = parent
    }
    times[place] = at
    owners[place] = owner
  }

  #pop(): void {
    const [times, owners] = [this.#times, this.#owners]
    const [at, owner] = [times[times.length - 1], owners[owners.length - 1]]
    times.length--
    owners.length--
    if (times.length === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= times.length) break
      if (child + 1 < times.length && isBefore(times[child + 1], owners[child + 1], times[child], owners[child]))
        child++
      if (!isBefore(times[child], owners[child], at, owner)) break
      times[place] = times[child]
      owners[place] = owners[child]
      place = child
    }
    times[place] = at
    owners[place] = owner
  }
}

const isBefore = (at: number, owner: TimerOwner, otherAt: number, other: TimerOwner): boolean =>
  at < otherAt || (at === otherAt && owner.id < other.id)
