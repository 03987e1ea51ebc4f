import { type KeyRef, keyOf } from '../../model/key.ts'
import { type MapCell, type MapOwner, MapStore } from '../../state/map-store.ts'
import type { Store } from '../../state/store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import { closedAt, dueAt, rowTime } from '../../windows/window.ts'
import type { Aggregator } from '../aggregator.ts'
import type { Emission, OperatorContext, Push, StatefulOperator } from '../operator.ts'

export type SlidingAggregateSpec<V, A> = {
  readonly name: string
  readonly aggregator: Aggregator<V, A, unknown>
  readonly differenceMs: number
  readonly emission: SlidingEmission
  readonly latenessMs: number
}

/** The others are refused when the pipeline is built. */
export type SlidingEmission = Extract<Emission, { kind: 'final' | 'updates' }>

/**
 * Windows that slide over the records of a key: for each record at `t` the window that ends just after it, and the one that begins
 * just after it if it holds a record. Kept is one accumulator per key and event time; a window is the merge of those in it. Rows:
 * `{ key, window, value }`, at the event time of the window's last millisecond.
 *
 * A record is accepted as long as some window that could hold it is open (KIP-450), and goes when the window that begins just after it
 * is closed. A timer of a key is the least watermark at which one of its windows fires or is closed.
 */
export class SlidingAggregate<V, A> implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: SlidingAggregateSpec<V, A>
  readonly #records: MapStore<A>
  /** Event times of a key's records, in order. */
  readonly #times = new WeakMap<MapOwner<A>, number[]>()
  readonly #timers: (KeyTimers | undefined)[] = []
  /** Starts of windows that changed after they fired, or under `updates`: to go out with the commit. */
  readonly #changed = new Map<MapOwner<A>, Set<number>>()
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #expired: Push | undefined

  constructor(spec: SlidingAggregateSpec<V, A>, context: OperatorContext, push: Push, expired: Push | undefined) {
    this.name = spec.name
    this.#spec = spec
    this.#context = context
    this.#push = push
    this.#expired = expired
    this.#records = new MapStore(spec.name)
    this.stores = [this.#records]
  }

  process(ref: KeyRef, value: V, time: number): void {
    const { group, id } = ref
    const { aggregator, emission } = this.#spec
    const watermark = this.#context.watermarks[group]
    if (this.#closedAt(time) <= watermark) {
      this.#context.tallies.expired += this.#context.weight
      this.#expired?.(value, time, undefined)
      return
    }
    const isLate = time <= watermark
    if (isLate) this.#context.tallies.late += this.#context.weight
    const owner = this.#records.owner(group, id)
    const cell = this.#records.get(owner, time) ?? this.#begin(owner, time, watermark)
    cell.value = aggregator.add(cell.value, value, time)
    this.#records.touch(cell)
    if (isLate || emission.kind === 'updates') this.#mark(owner, time, watermark)
  }

  eventTimer(group: number): number {
    return this.#timersOf(group).earliest
  }

  fireEventTimer(group: number): void {
    const { differenceMs, latenessMs, emission } = this.#spec
    const timers = this.#timersOf(group)
    const { at, id } = timers.take()
    this.#context.fired(this.name, group, at, id)
    const owner = this.#records.find(group, id)
    if (owner === undefined) return
    const due = at - differenceMs
    if (emission.kind === 'final') {
      if (this.#exists(owner, due)) this.#emit(owner, due)
    } else this.#emitChanged(owner, due)
    const closed = due - latenessMs
    this.#emitChanged(owner, closed)
    this.#forgetBefore(owner, closed)
    const next = this.#nextDue(owner, at)
    if (next < Number.POSITIVE_INFINITY) timers.schedule(id, next)
  }

  flush(): void {
    for (const [owner, starts] of this.#changed)
      for (const start of [...starts].sort(ascending)) this.#emit(owner, start)
    this.#changed.clear()
  }

  readonly #endOf = (start: number): number => start + this.#spec.differenceMs + 1
  /** The watermark at which the window that begins at `start` is due, and at which it takes no record any more. */
  readonly #dueAt = (start: number): number => dueAt('sliding', this.#endOf(start))
  readonly #closedAt = (start: number): number => closedAt('sliding', this.#endOf(start), this.#spec.latenessMs)

  #begin(owner: MapOwner<A>, time: number, watermark: number): MapCell<A> {
    const times = this.#timesOf(owner)
    times.splice(firstAtOrAfter(times, time), 0, time)
    this.#timersOf(owner.group).schedule(owner.id, this.#nextDueOf(time, watermark))
    return this.#records.put(owner, time, this.#spec.aggregator.create())
  }

  #forgetBefore(owner: MapOwner<A>, time: number): void {
    const times = this.#timesOf(owner)
    for (const gone of times.splice(0, firstAtOrAfter(times, time))) {
      const cell = owner.cells.get(gone)
      if (cell !== undefined) this.#records.delete(cell)
    }
  }

  /** Marks the windows that a record changed or made: those that are open, and that have fired unless each change goes out. */
  #mark(owner: MapOwner<A>, time: number, watermark: number): void {
    const { differenceMs, emission } = this.#spec
    const times = this.#timesOf(owner)
    const starts = new Set([time + 1])
    for (let i = firstAtOrAfter(times, time - differenceMs - 1); i < times.length; i++) {
      const other = times[i]
      if (other > time + differenceMs) break
      starts.add(other < time ? other + 1 : other - differenceMs)
    }
    for (const start of starts) {
      if (this.#closedAt(start) <= watermark || (emission.kind === 'final' && this.#dueAt(start) > watermark)) continue
      const changed = this.#changed.get(owner)
      if (changed === undefined) this.#changed.set(owner, new Set([start]))
      else changed.add(start)
    }
  }

  #emitChanged(owner: MapOwner<A>, start: number): void {
    if (this.#changed.get(owner)?.delete(start)) this.#emit(owner, start)
  }

  /** Whether a record ends or precedes the window. */
  #exists(owner: MapOwner<A>, start: number): boolean {
    return owner.cells.has(start + this.#spec.differenceMs) || owner.cells.has(start - 1)
  }

  /** A window without records has no row. */
  #emit(owner: MapOwner<A>, start: number): void {
    const { aggregator } = this.#spec
    const times = this.#timesOf(owner)
    const end = this.#endOf(start)
    let merged: A | undefined
    for (let i = firstAtOrAfter(times, start); i < times.length && times[i] < end; i++) {
      const cell = owner.cells.get(times[i])
      if (cell !== undefined) merged = aggregator.merge(merged ?? aggregator.create(), cell.value)
    }
    if (merged === undefined) return
    const key = keyOf(owner.id)
    const window = { start, end }
    const row = { key, window, value: aggregator.result(merged) }
    this.#push(row, rowTime('sliding', end), { key, id: owner.id, group: owner.group, window })
  }

  /** The least watermark above `watermark` at which a window that the time ends or precedes fires or is closed. */
  #nextDueOf(time: number, watermark: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const after of this.#dueAfter()) if (time + after > watermark) next = Math.min(next, time + after)
    return next
  }

  /** The same of all records of a key. */
  #nextDue(owner: MapOwner<A>, watermark: number): number {
    const times = this.#timesOf(owner)
    let next = Number.POSITIVE_INFINITY
    for (const after of this.#dueAfter()) {
      const i = firstAtOrAfter(times, watermark - after + 1)
      if (i < times.length) next = Math.min(next, times[i] + after)
    }
    return next
  }

  /** How long after a record's time its two windows fire and are closed. */
  #dueAfter(): readonly number[] {
    const { differenceMs, latenessMs } = this.#spec
    return [0, differenceMs + 1, latenessMs, differenceMs + 1 + latenessMs]
  }

  #timesOf(owner: MapOwner<A>): number[] {
    let times = this.#times.get(owner)
    if (times === undefined) {
      times = [...owner.cells.keys()].sort(ascending)
      this.#times.set(owner, times)
    }
    return times
  }

  #timersOf(group: number): KeyTimers {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      for (const owner of this.#records.owners(group)) {
        const next = this.#nextDue(owner, this.#context.firedUntil(this.name, group, owner.id))
        if (next < Number.POSITIVE_INFINITY) timers.schedule(owner.id, next)
      }
      this.#timers[group] = timers
    }
    return timers
  }
}

const ascending = (a: number, b: number): number => a - b

/** Index of the first of the ordered times at or after `time`. */
function firstAtOrAfter(times: readonly number[], time: number): number {
  let [from, to] = [0, times.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (times[middle] < time) from = middle + 1
    else to = middle
  }
  return from
}
