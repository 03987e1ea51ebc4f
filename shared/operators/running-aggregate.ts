import { beginningOfTime, endOfTime, lastEventTime } from '../model/event-time.ts'
import { type KeyRef, keyOf } from '../model/key.ts'
import { type Cell, KeyedStore } from '../state/keyed-store.ts'
import type { Store } from '../state/store.ts'
import type { Aggregator } from './aggregator.ts'
import type { Emission, OperatorContext, Push, StatefulOperator } from './operator.ts'
import { PacedRows } from './paced-rows.ts'

/** One accumulator per key, over everything so far. Rows: `{ key, value }`. */
export class RunningAggregate<V, A> implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #store: KeyedStore<A>
  readonly #paced: PacedRows | undefined
  readonly #aggregator: Aggregator<V, A, unknown>
  readonly #emission: Emission
  readonly #context: OperatorContext
  readonly #push: Push

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
    if (time <= this.#context.watermarks[group]) this.#context.tallies.late += this.#context.weight
    const cell = this.#store.get(group, id) ?? this.#store.put(group, id, this.#aggregator.create())
    cell.value = this.#aggregator.add(cell.value, value)
    this.#store.touch(cell)
    if (time > cell.time) cell.time = time
    this.#paced?.changed(group, id, time, this.#context.arrivalMs)
  }

  eventTimer(group: number): number {
    if (this.#emission.kind === 'final') return this.#store.size(group) > 0 ? endOfTime : Number.POSITIVE_INFINITY
    return this.#paced?.eventTimer(group) ?? Number.POSITIVE_INFINITY
  }

  fireEventTimer(group: number): void {
    if (this.#paced !== undefined) return this.fireArrivalTimer(group)
    for (const cell of this.#store.cells(group)) {
      this.#emit(cell, lastEventTime)
      this.#store.delete(cell)
      return
    }
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
      for (const group of new Set(dirty.map(cell => cell.group))) {
        const latest = latestOf(dirty, group)
        for (const cell of this.#store.cells(group)) this.#emit(cell, latest)
      }
    }
  }

  #emit(cell: Cell<A>, time: number): void {
    const key = keyOf(cell.id)
    this.#push({ key, value: this.#aggregator.result(cell.value) }, time, { key, id: cell.id, group: cell.group })
  }
}

function latestOf(cells: readonly Cell<unknown>[], group: number): number {
  let latest = beginningOfTime
  for (const cell of cells) if (cell.group === group && cell.time > latest) latest = cell.time
  return latest
}
