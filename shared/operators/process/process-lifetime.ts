import { KeyTimers, type Timer } from '../../time/key-timers.ts'
import type { OperatorContext } from '../operator.ts'
import type { Ttl } from './process-state.ts'

/** Which key a callback runs for, and at what event time: set before each call. */
export type Cursor = { group: number; id: string; time: number }

/** A value with the time at which it expires. */
export type Timed = readonly [value: unknown, until: number]

/** The entries of a state with a time to live, by the text that names each in its key group. */
export interface Mortals {
  /** When it expires, or undefined when it is gone. */
  untilOf(group: number, text: string): number | undefined
  drop(group: number, text: string): void
  /** All entries of a group, after a load. */
  untils(group: number): Iterable<readonly [text: string, until: number]>
}

/**
 * When entries expire. A time that was renewed is found out only when the old one is due: an entry is in the heap once, however often
 * it is written.
 */
export class Lifetime {
  readonly ttl: Ttl
  readonly #context: OperatorContext
  readonly #cursor: Cursor
  readonly #mortals: Mortals
  readonly #heaps: (KeyTimers | undefined)[] = []
  readonly #tops: (Timer | undefined)[] = []

  constructor(ttl: Ttl, context: OperatorContext, cursor: Cursor, mortals: Mortals) {
    this.ttl = ttl
    this.#context = context
    this.#cursor = cursor
    this.#mortals = mortals
  }

  get #now(): number {
    return this.ttl.by === 'event' ? this.#cursor.time : this.#context.arrivalMs
  }

  isOver([, until]: Timed): boolean {
    return until <= this.#now
  }

  /** Of an entry that is written now. A late record does not shorten it, and does not write what is over already. */
  timed(value: unknown, before: Timed | undefined): Timed {
    const least =
      this.ttl.by === 'event' ? Math.max(this.#now, this.#context.watermarks[this.#cursor.group]) : this.#now
    return [value, Math.max(least + this.ttl.ms, before?.[1] ?? Number.NEGATIVE_INFINITY)]
  }

  watch(group: number, text: string, until: number): void {
    const heap = this.#heapOf(group)
    const top = this.#tops[group]
    if (top?.id === text) return
    heap.schedule(text, until)
    if (top === undefined || until >= top.at) return
    heap.schedule(top.id, top.at)
    this.#tops[group] = undefined
  }

  /** Least time at which an entry of the group expires, or Infinity. */
  earliest(group: number): number {
    const heap = this.#heapOf(group)
    for (;;) {
      const top = this.#tops[group] ?? (heap.size === 0 ? undefined : heap.take())
      this.#tops[group] = top
      if (top === undefined) return Number.POSITIVE_INFINITY
      const until = this.#mortals.untilOf(group, top.id)
      if (until === top.at) return until
      this.#tops[group] = undefined
      if (until !== undefined) heap.schedule(top.id, until)
    }
  }

  /** Drops what expires first. Only called when there is something. */
  dropEarliest(group: number): void {
    this.earliest(group)
    const top = this.#tops[group]
    this.#tops[group] = undefined
    if (top !== undefined) this.#mortals.drop(group, top.id)
  }

  #heapOf(group: number): KeyTimers {
    let heap = this.#heaps[group]
    if (heap === undefined) {
      heap = new KeyTimers()
      this.#heaps[group] = heap
      for (const [text, until] of this.#mortals.untils(group)) heap.schedule(text, until)
    }
    return heap
  }
}
