import type { KeyRef } from '../../model/key.ts'
import { type MapCell, type MapOwner, MapStore } from '../../state/map-store.ts'
import type { Store } from '../../state/store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import { windowsHolding } from '../../windows/assign.ts'
import {
  closedAt,
  dueAt,
  type FixedWindows,
  kindOf,
  type SessionWindows,
  type Window,
  type WindowKind,
} from '../../windows/window.ts'
import type { Aggregator } from '../aggregator.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'
import type { Pane, PaneEmission, PaneTrigger } from './pane-emission.ts'
import { detached, emptyResult, PaneRows } from './pane-rows.ts'
import {
  arrivalTimerOf,
  emptyPaneWindow,
  isSameWindow,
  isTriggered,
  mergedWindow,
  type Now,
  noteFired,
  noteNews,
  noteTime,
  type PaneWindow,
} from './pane-window.ts'

export type PaneAggregateSpec<V, A> = {
  readonly name: string
  readonly aggregator: Aggregator<V, A, unknown>
  readonly windows: FixedWindows | SessionWindows
  readonly emission: PaneEmission
  readonly latenessMs: number
}

type Timing = Pane['timing']

/**
 * A windowed aggregate whose rows go out as panes (Dataflow model: triggers): `{ key, window, value, pane }`. Each window keeps an
 * accumulator of its own, as what it said differs from what the others did. No pane depends on where batches or commits are cut: one
 * by a count of records or by event time goes by the order of records and watermarks, one by arrival time by the times in the log.
 *
 * A session that grew takes rows of what it was out of views and tops with its next pane; under `retracting` readers of its rows are
 * told too.
 *
 * Invariants:
 * 1. Before the watermark `dueAt` a window's panes are early, the one at it is on time, those after it are late.
 * 2. A pane takes all news of its window, and only the one on time may be without news: a window's records are in its panes once each.
 * 3. What is untold when the window closes goes out as a last late pane.
 */
export class PaneAggregate<V, A> implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: PaneAggregateSpec<V, A>
  readonly #kind: WindowKind
  /** Windows of a key, by their end. */
  readonly #windows: MapStore<PaneWindow<A>>
  readonly #clocks: (Clocks | undefined)[] = []
  readonly #transformed: (time: number, window: Window) => number
  readonly #context: OperatorContext
  readonly #rows: PaneRows
  readonly #expired: Push | undefined

  constructor(spec: PaneAggregateSpec<V, A>, context: OperatorContext, push: Push, expired: Push | undefined) {
    this.name = spec.name
    this.#spec = spec
    this.#kind = kindOf(spec.windows)
    this.#context = context
    this.#rows = new PaneRows(this.#kind, spec.emission.accumulation, context, push)
    this.#expired = expired
    this.#windows = new MapStore(spec.name)
    const { time } = spec.emission
    this.#transformed = wrapped(spec.name, (of: number, window: Window) => {
      const own = typeof time === 'function' ? time(of, window) : of
      if (Number.isSafeInteger(own)) return own
      throw new RangeError(`the time of a row is ${own}, expected a whole number of milliseconds`)
    })
    this.stores = [this.#windows]
  }

  process(ref: KeyRef, value: V, time: number): void {
    const { windows } = this.#spec
    const now = this.#now(ref.group)
    const cells =
      windows.kind === 'session' ? this.#session(ref, windows, time, now) : this.#fixed(ref, windows, time, now)
    if (cells.length === 0) {
      this.#context.tallies.expired += this.#context.weight
      this.#expired?.(value, time, undefined)
      return
    }
    if (time <= now.watermark) this.#context.tallies.late += this.#context.weight
    for (const cell of cells) this.#add(cell, value, time, now)
  }

  eventTimer(group: number): number {
    return this.#clocksOf(group).event.earliest
  }

  fireEventTimer(group: number): void {
    const { event } = this.#clocksOf(group)
    const { at, id } = event.take()
    this.#context.fired(this.name, group, at, id)
    const owner = this.#windows.find(group, id)
    if (owner === undefined) return
    const now = { watermark: at, arrivalMs: this.#context.arrivalMs }
    let next = Number.POSITIVE_INFINITY
    for (const cell of inOrder(owner)) {
      this.#reach(cell, now)
      if (cell.isDeleted) continue
      next = Math.min(next, this.#dueAbove(cell.value, at))
      this.#scheduleArrival(cell, at)
    }
    if (next < Number.POSITIVE_INFINITY) event.schedule(id, next)
  }

  arrivalTimer(group: number): number {
    return this.#clocksOf(group).arrival.earliest
  }

  fireArrivalTimer(group: number): void {
    const { id } = this.#clocksOf(group).arrival.take()
    const slash = id.indexOf('/')
    const owner = this.#windows.find(group, id.slice(slash + 1))
    const cell = owner && this.#windows.get(owner, Number(id.slice(0, slash)))
    if (cell !== undefined) this.#pane(cell, this.#phase(cell.value, this.#context.watermarks[group]))
  }

  hold(group: number): number {
    return this.#clocksOf(group).held.earliest
  }

  #now(group: number): Now {
    return { watermark: this.#context.watermarks[group], arrivalMs: this.#context.arrivalMs }
  }

  readonly #dueAt = ({ end }: Window): number => dueAt(this.#kind, end)
  readonly #closedAt = ({ end }: Window): number => closedAt(this.#kind, end, this.#spec.latenessMs)

  #phase(window: Window, watermark: number): 'early' | 'late' {
    return this.#dueAt(window) > watermark ? 'early' : 'late'
  }

  #triggerOf(window: Window, watermark: number): PaneTrigger | undefined {
    return this.#spec.emission[this.#phase(window, watermark)]
  }

  /** The windows that hold a time and still take records. */
  #fixed({ group, id }: KeyRef, windows: FixedWindows, time: number, now: Now): MapCell<PaneWindow<A>>[] {
    const open = windowsHolding(windows, time).filter(window => this.#closedAt(window) > now.watermark)
    if (open.length === 0) return []
    const owner = this.#windows.owner(group, id)
    return open.map(window => {
      const known = this.#windows.get(owner, window.end)
      if (known === undefined) {
        return this.#windows.put(owner, window.end, emptyPaneWindow(window, this.#spec.aggregator.create()))
      }
      this.#fireIfTriggered(known, now)
      return known
    })
  }

  /** The session that a record makes of those that it touches; none where that is closed already. */
  #session(ref: KeyRef, { gapMs, joinsAtGap }: SessionWindows, time: number, now: Now): MapCell<PaneWindow<A>>[] {
    const { emission, aggregator } = this.#spec
    const reach = joinsAtGap ? gapMs : gapMs - 1
    const known = this.#windows.find(ref.group, ref.id)
    const touched = (known === undefined ? [] : inOrder(known)).filter(
      ({ value }) => time <= value.end - gapMs + reach && time >= value.start - reach,
    )
    const window = {
      start: Math.min(time, ...touched.map(({ value }) => value.start)),
      end: Math.max(time + gapMs, ...touched.map(({ value }) => value.end)),
    }
    if (this.#closedAt(window) <= now.watermark) return []
    for (const cell of touched) this.#fireIfTriggered(cell, now)
    const parts = touched.map(({ value }) => value)
    const merged = mergedWindow(parts, window, emission, aggregator)
    for (const cell of touched) if (cell.value !== merged) this.#forget(cell)
    const owner = this.#windows.owner(ref.group, ref.id)
    return [this.#windows.get(owner, window.end) ?? this.#windows.put(owner, window.end, merged)]
  }

  #add(cell: MapCell<PaneWindow<A>>, value: V, time: number, now: Now): void {
    const window = cell.value
    const { group, id } = cell.owner
    window.accumulator = this.#spec.aggregator.add(window.accumulator, value, time)
    noteNews(window, this.#triggerOf(window, now.watermark), now)
    this.#noteTime(window, time, now.watermark)
    this.#windows.touch(cell)
    this.#fireIfTriggered(cell, now)
    this.#hold(cell)
    this.#clocksOf(group).event.schedule(id, this.#dueAbove(window, now.watermark))
    this.#scheduleArrival(cell, now.watermark)
  }

  /** A time at or below the watermark could not be held: the row would be late for those behind. */
  #noteTime(window: PaneWindow<A>, time: number, watermark: number): void {
    const by = this.#spec.emission.time
    if (by === 'end') return
    const { start, end } = window
    const own = typeof by === 'function' ? this.#transformed(time, { start, end }) : time
    if (own > watermark) noteTime(window, own, by)
  }

  #fireIfTriggered(cell: MapCell<PaneWindow<A>>, now: Now): void {
    const window = cell.value
    const isDue = isTriggered(window, this.#triggerOf(window, now.watermark), now)
    if (isDue) this.#pane(cell, this.#phase(window, now.watermark))
  }

  /** The watermark reaches what is due of a window at this very time; what was due before has been done. */
  #reach(cell: MapCell<PaneWindow<A>>, now: Now): void {
    const window = cell.value
    const { watermark } = now
    if (this.#dueAt(window) === watermark) {
      if (window.news > 0 || this.#spec.emission.onTime === 'always') this.#pane(cell, 'onTime')
      window.fired = 0
      this.#windows.touch(cell)
    } else if (window.eventDue === watermark) {
      this.#fireIfTriggered(cell, now)
    }
    if (this.#closedAt(window) > watermark) return
    if (window.news > 0) this.#pane(cell, 'late')
    this.#forget(cell)
  }

  /** Least watermark above this one at which something is due of the window. */
  #dueAbove(window: PaneWindow<A>, watermark: number): number {
    const due = this.#dueAt(window)
    const next = due > watermark ? due : this.#closedAt(window)
    return window.eventDue !== null && window.eventDue > watermark ? Math.min(next, window.eventDue) : next
  }

  #scheduleArrival({ value, owner }: MapCell<PaneWindow<A>>, watermark: number): void {
    const at = arrivalTimerOf(value, this.#triggerOf(value, watermark), watermark)
    if (at < Number.POSITIVE_INFINITY) this.#clocksOf(owner.group).arrival.schedule(timerId(owner, value.end), at)
  }

  #pane(cell: MapCell<PaneWindow<A>>, timing: Timing): void {
    const { aggregator, emission } = this.#spec
    const window = cell.value
    this.#cancel(cell)
    this.#windows.touch(cell)
    const isEmpty = window.news === 0 && emission.accumulation === 'discarding'
    const result = isEmpty ? emptyResult(aggregator) : { value: detached(aggregator.result(window.accumulator)) }
    if (result === undefined) return
    this.#rows.send(cell, { timing, index: window.index }, result.value)
    noteFired(window)
    if (emission.accumulation === 'discarding') window.accumulator = aggregator.create()
  }

  #forget(cell: MapCell<PaneWindow<A>>): void {
    this.#cancel(cell)
    this.#windows.delete(cell)
  }

  /** Nothing waits for the window's next pane. */
  #cancel({ owner, sub }: MapCell<PaneWindow<A>>): void {
    const { arrival, held } = this.#clocksOf(owner.group)
    arrival.cancel(timerId(owner, sub))
    held.cancel(timerId(owner, sub))
  }

  /**
   * The watermark of those behind waits for the window's next pane: below its row's time, and, as the pane takes out what was said of
   * sessions that grew, below that at which a ranking of those closes.
   */
  #hold({ value, owner, sub }: MapCell<PaneWindow<A>>): void {
    const outgrown = value.said.filter(({ window }) => !isSameWindow(window, value))
    const at = Math.min(value.time ?? Number.POSITIVE_INFINITY, ...outgrown.map(({ window }) => this.#closedAt(window)))
    if (at === Number.POSITIVE_INFINITY) return
    const { held } = this.#clocksOf(owner.group)
    held.cancel(timerId(owner, sub))
    held.schedule(timerId(owner, sub), at)
  }

  /** Rebuilt from the windows when a group is touched for the first time after a load. */
  #clocksOf(group: number): Clocks {
    let clocks = this.#clocks[group]
    if (clocks === undefined) {
      clocks = { event: new KeyTimers(), arrival: new KeyTimers(), held: new KeyTimers() }
      this.#clocks[group] = clocks
      for (const owner of this.#windows.owners(group)) {
        const watermark = this.#context.firedUntil(this.name, group, owner.id)
        for (const cell of owner.cells.values()) {
          clocks.event.schedule(owner.id, this.#dueAbove(cell.value, watermark))
          this.#scheduleArrival(cell, watermark)
          this.#hold(cell)
        }
      }
    }
    return clocks
  }
}

/** `held` has the times of rows to come that hold the watermark of those behind. */
type Clocks = { readonly event: KeyTimers; readonly arrival: KeyTimers; readonly held: KeyTimers }

const timerId = ({ id }: MapOwner<unknown>, end: number): string => `${end}/${id}`

/** By their end: a load and a run keep them in different orders. */
const inOrder = <A>({ cells }: MapOwner<PaneWindow<A>>): MapCell<PaneWindow<A>>[] =>
  [...cells.values()].sort((a, b) => a.sub - b.sub)
