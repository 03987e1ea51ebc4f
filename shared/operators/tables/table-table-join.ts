import { type KeyRef, keyOf } from '../../model/key.ts'
import { copyOf } from '../../state/plain-data.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'
import { KeptRows, type RowsTaken } from './kept-rows.ts'
import { rowValue, type TableCombine, type TableJoinType } from './table-join-types.ts'

export type TableTableJoinSpec = {
  readonly kind: 'tableTableJoin'
  readonly type: TableJoinType
  readonly combine: TableCombine
}

export const tableTableJoinDefinition = (spec: TableTableJoinSpec): OperatorDefinition => ({
  spec,
  meaning: 'tables by key',
  inputs: ['left', 'right'],
  explain: {
    function: `${spec.type} join of two tables by key`,
    windows: 'so far',
    emits: 'each change',
    lateness: 'none',
    keeps: 'both rows of each key, for ever',
  },
  watermarks: { kind: 'none' },
  rows: 'updates',
  sides: [],
  create: (name, context, outputs) => new TableTableJoin(name, spec, context, outputs),
})

const leftSide = 0
const everyRow: RowsTaken = { updates: true, latenessMs: 0 }
type Side = readonly [value: unknown] | undefined

/** Two tables by key. Rows: `{ key, value }`, each change at once; a row that no longer joins is taken back. */
class TableTableJoin implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #type: TableJoinType
  readonly #sides: readonly KeptRows<readonly [value: unknown]>[]
  readonly #push: Push
  readonly #combine: (left: unknown, right: unknown) => unknown

  constructor(name: string, spec: TableTableJoinSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#type = spec.type
    this.#sides = ['left', 'right'].map(side => new KeptRows(`${name}:${side}`, everyRow, context))
    this.#push = outputs.push
    this.#combine = wrapped(name, spec.combine)
    this.stores = this.#sides.map(side => side.store)
  }

  process({ group, id }: KeyRef, value: unknown, time: number, input: number): void {
    const mine = this.#sides[input]
    const before = mine.get(group, id)
    if (value === undefined && before === undefined) return
    const other = this.#sides[1 - input].get(group, id)
    const now: Side = value === undefined ? undefined : [copyOf(rowValue(value))]
    const isJoined = input === leftSide ? this.#joins(now, other) : this.#joins(other, now)
    const wasJoined = input === leftSide ? this.#joins(before, other) : this.#joins(other, before)
    const [left, right] = input === leftSide ? [now, other] : [other, now]
    const key = keyOf(id)
    const row = isJoined ? { key, value: this.#combine(left?.[0], right?.[0]) } : undefined
    if (now === undefined) mine.delete(group, id)
    else mine.put(group, id, now)
    if (isJoined || wasJoined) this.#push(row, time, { key, id, group })
  }

  eventTimer(group: number): number {
    return Math.min(...this.#sides.map(side => side.eventTimer(group)))
  }

  fireEventTimer(group: number): void {
    const due = this.eventTimer(group)
    this.#sides.find(side => side.eventTimer(group) === due)?.fireEventTimer(group)
  }

  flush(): void {
    for (const side of this.#sides) side.flush()
  }

  #joins(left: Side, right: Side): boolean {
    if (left !== undefined && right !== undefined) return true
    return this.#type === 'inner' ? false : left !== undefined || (this.#type === 'full' && right !== undefined)
  }
}
