import type { MapCell, MapOwner } from '../../state/map-store.ts'
import type { FixedWindows, SlicedWindows } from '../../windows/window.ts'
import type { Aggregator } from '../aggregator.ts'

/** What the slices of `[start, end)` that a key has come to: `count` of them. */
type Running<A> = { start: number; end: number; count: number; value: A }

/** Windows of fewer slices are merged as fast. */
const worthwhileSlices = 8

/** Undefined where windows do not share enough slices, or the aggregate has no inverse. */
export function runningWindows<A>(
  windows: FixedWindows,
  aggregator: Aggregator<never, A, unknown>,
): RunningWindows<A> | undefined {
  if (windows.kind !== 'hopping' || windows.sizeMs / windows.sliceMs < worthwhileSlices) return undefined
  const { subtract } = aggregator
  return subtract && new RunningWindows(windows, aggregator, subtract)
}

/**
 * Hopping windows of an aggregate with an inverse: a window is what the one before was, with the slices that came merged in and those
 * that went taken out, so that firing it does not cost a merge of all. Derived from the slices: after a load, a late record, or where an
 * inverse cannot be taken, all slices are merged again.
 */
export class RunningWindows<A> {
  readonly #windows: SlicedWindows
  readonly #aggregator: Aggregator<never, A, unknown>
  readonly #subtract: (accumulator: A, other: A) => A | undefined
  readonly #running = new Map<MapOwner<A>, Running<A>>()
  /** No window that is known ends later: most records are beyond it. */
  #latestEnd = Number.NEGATIVE_INFINITY

  constructor(
    windows: SlicedWindows,
    aggregator: Aggregator<never, A, unknown>,
    subtract: (accumulator: A, other: A) => A | undefined,
  ) {
    this.#windows = windows
    this.#aggregator = aggregator
    this.#subtract = subtract
  }

  /** A record came into a slice. */
  changed(owner: MapOwner<A>, slice: number): void {
    if (slice >= this.#latestEnd) return
    const running = this.#running.get(owner)
    if (running !== undefined && slice >= running.start && slice < running.end) this.#running.delete(owner)
  }

  /** A slice goes. */
  leaves({ owner, sub, value }: MapCell<A>): void {
    const running = this.#running.get(owner)
    if (running === undefined || sub < running.start || sub >= running.end) return
    const rest = this.#subtract(running.value, value)
    running.count--
    if (rest === undefined || running.count === 0) this.#running.delete(owner)
    else running.value = rest
  }

  /** The window that ends at `end`; undefined where it has no slices. */
  at(owner: MapOwner<A>, end: number): { readonly value: A } | undefined {
    const known = this.#running.get(owner)
    // A window that fires again is no step on the way.
    if (known !== undefined && end < known.end) return this.#merged(owner, end)
    const running = (known && this.#moved(owner, known, end)) ?? this.#merged(owner, end)
    if (running === undefined) this.#running.delete(owner)
    else if (running !== known) this.#running.set(owner, running)
    if (end > this.#latestEnd) this.#latestEnd = end
    return running
  }

  /** Whether the window that ends at `end` is the one that is known, and holds slices still. */
  isAt(owner: MapOwner<A>, end: number): boolean {
    return this.#running.get(owner)?.end === end
  }

  /** Slices of the window that ends at `end` that the next one does not hold. */
  passed(owner: MapOwner<A>, end: number): readonly MapCell<A>[] {
    const start = end - this.#windows.sizeMs
    return this.#slices(owner, start, start + this.#windows.hopMs)
  }

  /** First out, then in: sums of no more than a window's slices are passed through. Undefined where all must be merged. */
  #moved(owner: MapOwner<A>, running: Running<A>, end: number): Running<A> | undefined {
    const start = end - this.#windows.sizeMs
    if (running.end <= start) return undefined
    for (const cell of this.#slices(owner, running.start, start)) {
      const rest = this.#subtract(running.value, cell.value)
      if (rest === undefined) return undefined
      running.value = rest
      running.count--
    }
    if (running.count === 0) return undefined
    for (const cell of this.#slices(owner, running.end, end)) {
      running.value = this.#aggregator.merge(running.value, cell.value)
      running.count++
    }
    running.start = start
    running.end = end
    return running
  }

  #merged(owner: MapOwner<A>, end: number): Running<A> | undefined {
    const start = end - this.#windows.sizeMs
    let count = 0
    let value = this.#aggregator.create()
    for (const cell of owner.cells.values()) {
      if (cell.sub < start || cell.sub >= end) continue
      value = this.#aggregator.merge(value, cell.value)
      count++
    }
    return count === 0 ? undefined : { start, end, count, value }
  }

  #slices(owner: MapOwner<A>, from: number, until: number): readonly MapCell<A>[] {
    const found: MapCell<A>[] = []
    for (let sub = from; sub < until; sub += this.#windows.sliceMs) {
      const cell = owner.cells.get(sub)
      if (cell !== undefined) found.push(cell)
    }
    return found
  }
}
