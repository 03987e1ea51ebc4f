import { type Key, type KeyRef, keyId } from '../../model/key.ts'
import type { Loose } from '../../model/loose.ts'
import { copyOf, isSameData } from '../../state/plain-data.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'
import { KeptRows, type RowsTaken, rowsKept, rowsNeed } from './kept-rows.ts'

/** What a row's group is told of a change: the row that left it, the row that came, or both. */
export type GroupChange = { readonly key: Key; readonly before?: unknown; readonly after?: unknown }

export type RegroupSpec = {
  readonly kind: 'regroup'
  readonly rows: RowsTaken
  readonly groupOf: Loose<[row: unknown], Key>
}

export const regroupDefinition = (spec: RegroupSpec): OperatorDefinition => ({
  spec,
  meaning: 'regroup',
  inputs: ['rows'],
  explain: {
    function: 'changes of rows, by their group',
    windows: 'so far',
    emits: 'what leaves a group and what comes to it',
    lateness: 'none',
    keeps: rowsKept(spec.rows),
  },
  watermarks: rowsNeed(spec.rows),
  rows: 'none',
  sides: [],
  create: (name, context, outputs) => new Regroup(name, spec, context, outputs),
})

/** A row with its group as it was told: a new version of the program may group otherwise. */
type Grouped = readonly [row: unknown, key: Key]

/** Tells groups of the changes of their rows: a row that changes its group leaves the old one. Each group hears of a row in order. */
class Regroup implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #kept: KeptRows<Grouped>
  readonly #groupOf: (row: unknown) => Key
  readonly #push: Push

  constructor(name: string, spec: RegroupSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#kept = new KeptRows(name, spec.rows, context)
    this.#groupOf = wrapped(name, spec.groupOf)
    this.#push = outputs.push
    this.stores = [this.#kept.store]
  }

  process({ group, id }: KeyRef, value: unknown, time: number): void {
    const before = this.#kept.get(group, id)
    if (value === undefined) {
      if (before === undefined) return
      this.#kept.delete(group, id)
      return this.#tell({ key: before[1], before: before[0] }, time)
    }
    const row = copyOf(value)
    const key = this.#groupOf(row)
    if (before === undefined) {
      this.#kept.put(group, id, [row, key])
      return this.#tell({ key, after: row }, time)
    }
    const isSameGroup = keyId(before[1]) === keyId(key)
    if (isSameGroup && isSameData(before[0], row)) return
    this.#kept.put(group, id, [row, key])
    if (isSameGroup) return this.#tell({ key, before: before[0], after: row }, time)
    this.#tell({ key: before[1], before: before[0] }, time)
    this.#tell({ key, after: row }, time)
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

  #tell(change: GroupChange, time: number): void {
    this.#push(change, time, undefined)
  }
}
