/**
 * At most one pending timer per key, earliest first, ties by key: derived from state, so it is rebuilt after a load and never
 * stored. A timer can be brought forward; it moves back only by firing and being set again.
 */
export class KeyTimers {
  readonly #due = new Map<string, number>()
  readonly #heap: Timer[] = []

  get size(): number {
    return this.#due.size
  }

  /** Due watermark of the earliest timer, or Infinity. */
  get earliest(): number {
    this.#dropOutdated()
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0].at
  }

  schedule(id: string, at: number): void {
    const due = this.#due.get(id)
    if (due !== undefined && due <= at) return
    this.#due.set(id, at)
    this.#push({ at, id })
  }

  /** Takes the earliest timer out. Only called when there is one. */
  take(): Timer {
    this.#dropOutdated()
    const timer = this.#pop()
    this.#due.delete(timer.id)
    return timer
  }

  cancel(id: string): void {
    this.#due.delete(id)
  }

  #dropOutdated(): void {
    while (this.#heap.length > 0 && this.#due.get(this.#heap[0].id) !== this.#heap[0].at) this.#pop()
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(timer, heap[parent])) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = timer
  }

  #pop(): Timer {
    const heap = this.#heap
    const top = heap[0]
    const moved = heap[heap.length - 1]
    heap.length--
    if (heap.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
      if (!isBefore(heap[child], moved)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = moved
    return top
  }
}

export type Timer = { readonly at: number; readonly id: string }

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.id < b.id)
