import { endOfTime, lastEventTime } from '../../model/event-time.ts'
import { type KeyRef, keyOf } from '../../model/key.ts'
import { type MapCell, type MapOwner, MapStore } from '../../state/map-store.ts'
import type { Store } from '../../state/store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import { endsEvery, firstEnd, isWindowEnd, lastEnd, sliceEnd, sliceStart, windowStart } from '../../windows/assign.ts'
import type { FixedWindows } from '../../windows/window.ts'
import type { Aggregator } from '../aggregator.ts'
import type { Emission, OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { PacedRows } from '../paced-rows.ts'
import { type RunningWindows, runningWindows } from './running-windows.ts'

export type WindowAggregateSpec<V, A> = {
  readonly name: string
  readonly aggregator: Aggregator<V, A, unknown>
  readonly windows: FixedWindows
  readonly emission: Emission
  readonly latenessMs: number
}

/**
 * Windows of fixed bounds, per key, as slices. Rows: `{ key, window, value }`, at the event time of the window's last
 * millisecond. A window fires when the watermark reaches that, and is closed when it has passed the allowed lateness too; a slice goes
 * with the last window that holds it.
 *
 * A timer of a key is the least watermark at which one of its windows fires or is closed.
 */
export class WindowAggregate<V, A> implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: WindowAggregateSpec<V, A>
  readonly #slices: MapStore<A>
  readonly #paced: PacedRows | undefined
  readonly #running: RunningWindows<A> | undefined
  readonly #timers: (KeyTimers | undefined)[] = []
  /** Windows that fired and changed again within the allowed lateness, to be fired again with the commit. */
  readonly #again = new Map<MapOwner<A>, Set<number>>()
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #expired: Push | undefined

  constructor(spec: WindowAggregateSpec<V, A>, context: OperatorContext, push: Push, expired: Push | undefined) {
    this.name = spec.name
    this.#spec = spec
    this.#context = context
    this.#push = push
    this.#expired = expired
    this.#slices = new MapStore(spec.name)
    this.#paced = spec.emission.kind === 'every' ? new PacedRows(spec.name, spec.emission.intervalMs) : undefined
    this.#running = spec.emission.kind === 'final' ? runningWindows(spec.windows, spec.aggregator) : undefined
    this.stores = [this.#slices, ...(this.#paced?.stores ?? [])]
  }

  process(ref: KeyRef, value: V, time: number): void {
    const { group } = ref
    const { windows, latenessMs, aggregator } = this.#spec
    const watermark = this.#context.watermarks[group]
    const slice = sliceStart(windows, time)
    const isLate = time <= watermark
    if (isLate) {
      if (this.#goneAt(slice) <= watermark) {
        this.#context.tallies.expired += this.#context.weight
        this.#expired?.(value, time, undefined)
        return
      }
      this.#context.tallies.late += this.#context.weight
    }
    const owner = this.#slices.owner(group, ref.id)
    let cell = this.#slices.get(owner, slice)
    if (cell === undefined) {
      cell = this.#slices.put(owner, slice, aggregator.create())
      this.#timersOf(group).schedule(ref.id, this.#dueOf(slice, watermark))
    }
    cell.value = aggregator.add(cell.value, value, time)
    this.#slices.touch(cell)
    this.#running?.changed(owner, slice)
    if (isLate) this.#letShow(owner, slice, watermark)
    if (isLate && latenessMs > 0 && this.#spec.emission.kind === 'final') this.#markAgain(owner, slice, watermark)
    if (this.#paced !== undefined) {
      this.#endsOf(slice, watermark, end =>
        this.#paced?.changed(group, `${end}/${ref.id}`, end, this.#context.arrivalMs),
      )
    }
  }

  eventTimer(group: number): number {
    return Math.min(this.#timersOf(group).earliest, this.#paced?.eventTimer(group) ?? Number.POSITIVE_INFINITY)
  }

  fireEventTimer(group: number): void {
    const timers = this.#timersOf(group)
    if (timers.size === 0) return this.fireArrivalTimer(group)
    const { at, id } = timers.take()
    this.#context.fired(this.name, group, at, id)
    const owner = this.#slices.find(group, id)
    if (owner === undefined) return
    this.#fireOnTime(owner, at)
    if (this.#spec.latenessMs > 0) this.#close(owner, at + 1 - this.#spec.latenessMs)
    const next = this.#letGo(owner, at)
    if (next < Number.POSITIVE_INFINITY) timers.schedule(id, next)
  }

  /** Slices go with the last window that holds them. Answers when the next window of the others fires or is closed. */
  #letGo(owner: MapOwner<A>, at: number): number {
    const { windows, latenessMs } = this.#spec
    const running = latenessMs === 0 && windows.kind === 'hopping' ? this.#running : undefined
    if (running?.isAt(owner, at + 1)) {
      for (const cell of running.passed(owner, at + 1)) this.#delete(cell)
      if (running.isAt(owner, at + 1)) return at + endsEvery(windows)
    }
    let next = Number.POSITIVE_INFINITY
    for (const cell of [...owner.cells.values()]) {
      if (this.#goneAt(cell.sub) <= at) this.#delete(cell)
      else next = Math.min(next, this.#dueOf(cell.sub, at))
    }
    return next
  }

  #delete(cell: MapCell<A>): void {
    this.#running?.leaves(cell)
    this.#slices.delete(cell)
  }

  arrivalTimer(group: number): number {
    return this.#paced?.arrivalTimer(group) ?? Number.POSITIVE_INFINITY
  }

  fireArrivalTimer(group: number): void {
    const next = this.#paced?.take(group)
    if (next === undefined) return
    const slash = next.row.indexOf('/')
    const owner = this.#slices.find(group, next.row.slice(slash + 1))
    if (owner !== undefined) this.#emit(owner, Number(next.row.slice(0, slash)))
  }

  flush(): void {
    for (const owner of [...this.#again.keys()]) this.#fireAgain(owner)
    const { kind } = this.#spec.emission
    if (kind === 'updates') this.#emitWindowsOf(this.#slices.dirty)
    if (kind === 'complete') {
      const groups = new Set(this.#slices.dirty.map(cell => cell.owner.group))
      const cells = [...groups].flatMap(group =>
        [...this.#slices.owners(group)].flatMap(owner => [...owner.cells.values()]),
      )
      this.#emitWindowsOf(cells)
    }
  }

  /** The watermark at which no window of the slice may change any more. */
  #goneAt(slice: number): number {
    const { windows, latenessMs } = this.#spec
    return windows.kind === 'global' ? endOfTime : lastEnd(windows, slice) - 1 + latenessMs
  }

  /** The least watermark above `watermark` at which a window of the slice fires or is closed. Only called while there is one. */
  #dueOf(slice: number, watermark: number): number {
    const { windows, latenessMs } = this.#spec
    if (windows.kind === 'global') return endOfTime
    const first = firstEnd(windows, slice) - 1
    const step = endsEvery(windows)
    const fires = nextOf(first, step, watermark)
    const isLast = fires > lastEnd(windows, slice) - 1
    const closes = nextOf(first + latenessMs, step, watermark)
    return isLast ? closes : Math.min(fires, closes)
  }

  /** By `final` the first result; by the others whatever has not gone out yet. */
  #fireOnTime(owner: MapOwner<A>, at: number): void {
    // The timer of the global window is at the end of time itself.
    const end = Math.min(at + 1, endOfTime)
    if (!isWindowEnd(this.#spec.windows, end)) return
    if (this.#spec.emission.kind === 'final') this.#emit(owner, end)
    else this.#emitChanged(owner, end)
  }

  /** The window that ends at `end` may not change any more: what changed in it goes out before records that are too late for it come. */
  #close(owner: MapOwner<A>, end: number): void {
    if (!isWindowEnd(this.#spec.windows, end)) return
    if (this.#spec.emission.kind !== 'final') return this.#emitChanged(owner, end)
    const again = this.#again.get(owner)
    if (again?.delete(end)) this.#emit(owner, end)
  }

  #emitChanged(owner: MapOwner<A>, end: number): void {
    const isChanged =
      this.#paced === undefined
        ? this.#slicesOf(owner, end).some(cell => cell.isDirty)
        : this.#paced.settle(owner.group, `${end}/${owner.id}`)
    if (isChanged) this.#emit(owner, end)
  }

  #fireAgain(owner: MapOwner<A>): void {
    for (const end of this.#again.get(owner) ?? []) this.#emit(owner, end)
    this.#again.delete(owner)
  }

  /** Ends of the windows that hold the slice and may still change. */
  #endsOf(slice: number, watermark: number, each: (end: number) => void): void {
    const { windows, latenessMs } = this.#spec
    const last = lastEnd(windows, slice)
    for (let end = firstEnd(windows, slice); end <= last; end += endsEvery(windows)) {
      if (windows.kind === 'global' || end - 1 + latenessMs > watermark) each(end)
    }
  }

  #markAgain(owner: MapOwner<A>, slice: number, watermark: number): void {
    this.#endsOf(slice, watermark, end => {
      if (end - 1 > watermark) return
      const ends = this.#again.get(owner)
      if (ends === undefined) this.#again.set(owner, new Set([end]))
      else ends.add(end)
    })
  }

  #emitWindowsOf(cells: Iterable<MapCell<A>>): void {
    const changed = new Map<MapOwner<A>, Set<number>>()
    for (const { owner, sub, isDeleted } of cells) {
      if (isDeleted) continue
      const ends = changed.get(owner) ?? new Set()
      changed.set(owner, ends)
      // Where the commit is cut between timers, slices of a window that was closed may be gone already, although the watermark is behind.
      this.#endsOf(sub, this.#context.firedUntil(this.name, owner.group, owner.id), end => ends.add(end))
    }
    for (const [owner, ends] of changed) for (const end of ends) this.#emit(owner, end)
  }

  #slicesOf(owner: MapOwner<A>, end: number): MapCell<A>[] {
    const start = windowStart(this.#spec.windows, end)
    return [...owner.cells.values()].filter(cell => cell.sub >= start && cell.sub < end)
  }

  /** A window without slices has no row. */
  #emit(owner: MapOwner<A>, end: number): void {
    const { windows, aggregator } = this.#spec
    const merged = this.#running === undefined ? this.#merged(owner, end) : this.#running.at(owner, end)
    if (merged === undefined) return
    const key = keyOf(owner.id)
    const window = { start: windowStart(windows, end), end }
    const value = aggregator.result(merged.value)
    const time = windows.kind === 'global' ? lastEventTime : end - 1
    this.#push({ key, window, value }, time, { key, id: owner.id, group: owner.group, window })
  }

  #merged(owner: MapOwner<A>, end: number): { readonly value: A } | undefined {
    const { aggregator } = this.#spec
    const slices = this.#slicesOf(owner, end)
    if (slices.length === 0 || this.#isLeftOut(slices, end)) return undefined
    let value = aggregator.create()
    for (const slice of slices) value = aggregator.merge(value, slice.value)
    return { value }
  }

  /**
   * A late record whose own step is closed shows first in a later window: that one gets a last step, an empty one if need be, so that it
   * is not left out.
   */
  #letShow(owner: MapOwner<A>, slice: number, watermark: number): void {
    const { windows, latenessMs, aggregator } = this.#spec
    if (windows.kind !== 'cumulating' || !windows.leavesOutUnchanged) return
    const shown = nextOf(firstEnd(windows, slice) - 1 + latenessMs, windows.stepMs, watermark) + 1 - latenessMs
    const last = shown - windows.stepMs
    if (this.#slices.get(owner, last) !== undefined) return
    this.#slices.put(owner, last, aggregator.create())
    this.#timersOf(owner.group).schedule(owner.id, this.#dueOf(last, watermark))
  }

  /** Of cumulating windows that skip those to which the last step brought nothing. */
  #isLeftOut(slices: readonly MapCell<A>[], end: number): boolean {
    const { windows } = this.#spec
    if (windows.kind !== 'cumulating' || !windows.leavesOutUnchanged) return false
    return !slices.some(slice => sliceEnd(windows, slice.sub) === end)
  }

  /** Rebuilt from the slices when a group is touched for the first time after a load. */
  #timersOf(group: number): KeyTimers {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      for (const owner of this.#slices.owners(group)) {
        const watermark = this.#context.firedUntil(this.name, group, owner.id)
        for (const slice of owner.cells.keys()) timers.schedule(owner.id, this.#dueOf(slice, watermark))
      }
      this.#timers[group] = timers
    }
    return timers
  }
}

/** The least of `first`, `first + step`, ... above `watermark`. */
const nextOf = (first: number, step: number, watermark: number): number =>
  watermark < first ? first : first + (Math.floor((watermark - first) / step) + 1) * step
