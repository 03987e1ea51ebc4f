import type { KeyRef } from '../../model/key.ts'
import { copyOf, isSameData } from '../../state/plain-data.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { KeptRows, type RowsTaken, rowsKept, rowsNeed } from './kept-rows.ts'

/** A change of a row, as Flink's RowKind tells them apart: an update is two changes, the row before it and the row after it. */
export type Change<Row> = {
  readonly kind: 'insert' | 'updateBefore' | 'updateAfter' | 'delete'
  readonly row: Row
}

export type ChangesSpec = { readonly kind: 'changes'; readonly rows: RowsTaken }

export const changesDefinition = (spec: ChangesSpec): OperatorDefinition => ({
  spec,
  meaning: 'changes',
  inputs: ['rows'],
  explain: {
    function: 'changes of rows',
    windows: 'so far',
    emits: 'inserts, updates before and after, deletes',
    lateness: 'none',
    keeps: rowsKept(spec.rows),
  },
  watermarks: rowsNeed(spec.rows),
  rows: 'none',
  sides: [],
  create: (name, context, outputs) => new Changes(name, spec.rows, context, outputs),
})

/** The changelog of rows: what each was before a change and is after it. A row that comes again as it was is no change. */
class Changes implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #kept: KeptRows<unknown>
  readonly #push: Push

  constructor(name: string, rows: RowsTaken, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#kept = new KeptRows(name, rows, context)
    this.#push = outputs.push
    this.stores = [this.#kept.store]
  }

  process({ group, id }: KeyRef, value: unknown, time: number): void {
    const before = this.#kept.get(group, id)
    if (value === undefined) {
      if (before === undefined) return
      this.#kept.delete(group, id)
      return this.#change('delete', before, time)
    }
    if (before !== undefined && isSameData(before, value)) return
    const row = copyOf(value)
    this.#kept.put(group, id, row)
    if (before === undefined) return this.#change('insert', row, time)
    this.#change('updateBefore', before, time)
    this.#change('updateAfter', row, time)
  }

  eventTimer(group: number): number {
    return this.#kept.eventTimer(group)
  }

  fireEventTimer(group: number): void {
    this.#kept.fireEventTimer(group)
  }

  flush(): void {
    this.#kept.flush()
  }

  #change(kind: Change<unknown>['kind'], row: unknown, time: number): void {
    this.#push({ kind, row } satisfies Change<unknown>, time, undefined)
  }
}
