import { beginningOfTime, endOfTime, lastEventTime } from '../model/event-time.ts'
import { type KeyRef, keyOf } from '../model/key.ts'
import { type Cell, KeyedStore } from '../state/keyed-store.ts'
import type { Store } from '../state/store.ts'
import type { Aggregator } from './aggregator.ts'
import type { Emission, OperatorContext, Push, StatefulOperator } from './operator.ts'
import { PacedRows } from './paced-rows.ts'

/**
 * One accumulator per key, over everything so far. Rows: `{ key, value }`. At the end of a bounded input what has changed goes out and all
 * accumulators go, key by key; a record behind the end begins a new one.
 */
export class RunningAggregate<V, A> implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #store: KeyedStore<A>
  readonly #paced: PacedRows | undefined
  readonly #aggregator: Aggregator<V, A, unknown>
  readonly #emission: Emission
  readonly #context: OperatorContext
  readonly #push: Push
  /** Keys that are still to go at the end of input, by key group. */
  readonly #leaving: (Iterator<Cell<A>> | undefined)[] = []
  /** Key groups all of whose rows went out at the end of input. */
  readonly #told = new Set<number>()

  constructor(
    spec: { readonly name: string; readonly aggregator: Aggregator<V, A, unknown>; readonly emission: Emission },
    context: OperatorContext,
    push: Push,
  ) {
    this.name = spec.name
    this.#aggregator = spec.aggregator
    this.#emission = spec.emission
    this.#context = context
    this.#push = push
    this.#store = new KeyedStore(spec.name)
    this.#paced = spec.emission.kind === 'every' ? new PacedRows(spec.name, spec.emission.intervalMs) : undefined
    this.stores = [this.#store, ...(this.#paced?.stores ?? [])]
  }

  process(ref: KeyRef, value: V, time: number): void {
    const { group, id } = ref
    const watermark = this.#context.watermarks[group]
    if (time <= watermark) this.#context.tallies.late += this.#context.weight
    const cell = this.#store.get(group, id) ?? this.#store.put(group, id, this.#aggregator.create())
    cell.value = this.#aggregator.add(cell.value, value, time)
    this.#store.touch(cell)
    if (time > cell.time) cell.time = time
    if (this.#told.size > 0) this.#told.delete(group)
    // A row that waits holds the watermark back: one that a late record changed is not to be late for others too.
    this.#paced?.changed(group, id, Math.max(time, watermark + 1), this.#context.arrivalMs)
  }

  hold(group: number): number {
    return this.#paced?.earliest(group) ?? Number.POSITIVE_INFINITY
  }

  eventTimer(group: number): number {
    return this.#store.size(group) > 0 ? endOfTime : Number.POSITIVE_INFINITY
  }

  fireEventTimer(group: number): void {
    if (this.#paced !== undefined && this.#paced.eventTimer(group) === endOfTime) return this.fireArrivalTimer(group)
    if (this.#emission.kind === 'complete' && !this.#told.has(group)) {
      this.#tellAll(group)
      this.#told.add(group)
    }
    const cell = this.#nextLeaving(group)
    if (cell === undefined) return
    if (this.#emission.kind === 'final') this.#emit(cell, lastEventTime)
    else if (this.#emission.kind === 'updates' && cell.isDirty) this.#emit(cell, cell.time)
    this.#store.delete(cell)
  }

  arrivalTimer(group: number): number {
    return this.#paced?.arrivalTimer(group) ?? Number.POSITIVE_INFINITY
  }

  fireArrivalTimer(group: number): void {
    const next = this.#paced?.take(group)
    const cell = next && this.#store.get(group, next.row)
    if (next && cell) this.#emit(cell, next.time)
  }

  flush(): void {
    const { dirty } = this.#store
    if (dirty.length === 0) return
    if (this.#emission.kind === 'updates') {
      for (const cell of dirty) if (!cell.isDeleted) this.#emit(cell, cell.time)
    } else if (this.#emission.kind === 'complete') {
      for (const group of new Set(dirty.map(cell => cell.group))) if (!this.#told.has(group)) this.#tellAll(group)
    }
  }

  /** All rows of a key group, if one of them changed. */
  #tellAll(group: number): void {
    const changed = this.#store.dirty.filter(cell => cell.group === group && !cell.isDeleted)
    if (changed.length === 0) return
    const latest = changed.reduce((time, cell) => Math.max(time, cell.time), beginningOfTime)
    for (const cell of this.#store.cells(group)) this.#emit(cell, latest)
  }

  /** A map that is looked through from its beginning for each key would pass all that have gone. */
  #nextLeaving(group: number): Cell<A> | undefined {
    this.#leaving[group] ??= this.#store.cells(group)[Symbol.iterator]()
    const next = this.#leaving[group].next()
    if (next.done !== true) return next.value
    this.#leaving[group] = undefined
    return undefined
  }

  #emit(cell: Cell<A>, time: number): void {
    const key = keyOf(cell.id)
    this.#push({ key, value: this.#aggregator.result(cell.value) }, time, { key, id: cell.id, group: cell.group })
  }
}
