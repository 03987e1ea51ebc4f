import { endOfTime, lastEventTime } from '../../model/event-time.ts'
import { type KeyRef, keyOf } from '../../model/key.ts'
import { type Cell, KeyedStore } from '../../state/keyed-store.ts'
import { MapStore } from '../../state/map-store.ts'
import type { Store } from '../../state/store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import type { CountWindows } from '../../windows/count.ts'
import { greatestCommonDivisor, type Window } from '../../windows/window.ts'
import type { Aggregator } from '../aggregator.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'

export type CountAggregateSpec<V, A> = {
  readonly name: string
  readonly aggregator: Aggregator<V, A, unknown>
  readonly windows: CountWindows
}

/**
 * Windows of a number of records of a key, in the order in which they come. Rows: `{ key, window, value }`, each once, at the event
 * time of the record that ends the window; the window is `[start, end)` in the key's records. Kept is how many records a key has had,
 * and slices of records that no window cuts, as long as a window to come needs them.
 */
export class CountAggregate<V, A> implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: CountAggregateSpec<V, A>
  readonly #sliceSize: number
  readonly #counts: KeyedStore<number>
  readonly #slices: MapStore<A>
  readonly #timers: (KeyTimers | undefined)[] = []
  readonly #context: OperatorContext
  readonly #push: Push

  constructor(spec: CountAggregateSpec<V, A>, context: OperatorContext, push: Push) {
    this.name = spec.name
    this.#spec = spec
    this.#sliceSize = greatestCommonDivisor(spec.windows.size, spec.windows.every)
    this.#context = context
    this.#push = push
    this.#counts = new KeyedStore(`${spec.name}:counts`)
    this.#slices = new MapStore(spec.name)
    this.stores = [this.#counts, this.#slices]
  }

  process(ref: KeyRef, value: V, time: number): void {
    const { group, id } = ref
    const { aggregator, windows } = this.#spec
    if (time <= this.#context.watermarks[group]) this.#context.tallies.late += this.#context.weight
    const known = this.#counts.get(group, id)
    if (known === undefined) this.#timersOf(group).schedule(id, endOfTime)
    const number = known?.value ?? 0
    const owner = this.#slices.owner(group, id)
    const slice = Math.floor(number / this.#sliceSize)
    const cell = this.#slices.get(owner, slice) ?? this.#slices.put(owner, slice, aggregator.create())
    cell.value = aggregator.add(cell.value, value, time)
    this.#slices.touch(cell)
    const count = this.#counts.put(group, id, number + 1)
    if (count.value % windows.every !== 0) return
    this.#emit(count, this.#windowOf(count.value), time)
    this.#drop(count, count.value + windows.every - windows.size)
  }

  eventTimer(group: number): number {
    return this.#timersOf(group).earliest
  }

  /** The end of a bounded input. */
  fireEventTimer(group: number): void {
    const { at, id } = this.#timersOf(group).take()
    this.#context.fired(this.name, group, at, id)
    const count = this.#counts.get(group, id)
    if (count === undefined) return
    const { windows } = this.#spec
    if (windows.emitsLeftover && count.value % windows.every !== 0) {
      this.#emit(count, this.#windowOf(count.value), lastEventTime)
    }
    this.#drop(count, Number.POSITIVE_INFINITY)
    this.#counts.delete(count)
  }

  /** The window of which the newest record is the one before number `end`: it would have ended with the next multiple of `every`. */
  #windowOf(end: number): Window {
    const { size, every } = this.#spec.windows
    return { start: Math.max(0, Math.ceil(end / every) * every - size), end }
  }

  #emit({ id, group }: Cell<number>, window: Window, time: number): void {
    const { aggregator } = this.#spec
    let merged = aggregator.create()
    for (const cell of this.#slicesOf(group, id)) {
      const isInside = cell.sub * this.#sliceSize >= window.start
      if (isInside) merged = aggregator.merge(merged, cell.value)
    }
    const key = keyOf(id)
    this.#push({ key, window, value: aggregator.result(merged) }, time, { key, id, group, window })
  }

  /** Slices before a record's number go. */
  #drop({ id, group }: Cell<number>, before: number): void {
    for (const cell of this.#slicesOf(group, id)) if (cell.sub * this.#sliceSize < before) this.#slices.delete(cell)
  }

  #slicesOf(group: number, id: string) {
    return [...(this.#slices.find(group, id)?.cells.values() ?? [])].sort((a, b) => a.sub - b.sub)
  }

  #timersOf(group: number): KeyTimers {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      for (const cell of this.#counts.cells(group)) timers.schedule(cell.id, endOfTime)
      this.#timers[group] = timers
    }
    return timers
  }
}
