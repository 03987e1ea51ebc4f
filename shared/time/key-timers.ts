import { TimerHeap, type TimerOwner } from './timer-heap.ts'

/**
 * At most one pending timer per key, earliest first, ties by key: derived from state, so it is rebuilt after a load and never
 * stored. A timer can be brought forward; it moves back only by firing and being set again.
 */
export class KeyTimers {
  readonly #owners = new Map<string, TimerOwner>()
  readonly #heap = new TimerHeap()

  get size(): number {
    return this.#owners.size
  }

  /** Due watermark of the earliest timer, or Infinity. */
  get earliest(): number {
    return this.#heap.earliest
  }

  schedule(id: string, at: number): void {
    let owner = this.#owners.get(id)
    if (owner === undefined) {
      owner = { id, timer: Number.POSITIVE_INFINITY }
      this.#owners.set(id, owner)
    }
    this.#heap.schedule(owner, at)
  }

  /** Takes the earliest timer out. Only called when there is one. */
  take(): Timer {
    const at = this.#heap.earliest
    const { id } = this.#heap.take()
    this.#owners.delete(id)
    return { at, id }
  }

  cancel(id: string): void {
    const owner = this.#owners.get(id)
    if (owner === undefined) return
    owner.timer = Number.POSITIVE_INFINITY
    this.#owners.delete(id)
  }
}

export type Timer = { readonly at: number; readonly id: string }
