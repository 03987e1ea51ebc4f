import type { KeyRef } from '../../model/key.ts'
import { copyOf } from '../../state/plain-data.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'
import { KeptRows, type RowsTaken } from './kept-rows.ts'
import { rowValue, type TableCombine } from './table-join-types.ts'

export type StreamTableJoinSpec = {
  readonly kind: 'streamTableJoin'
  readonly type: 'inner' | 'left'
  readonly combine: TableCombine
}

const streamInput = 0

export const streamTableJoinDefinition = (spec: StreamTableJoinSpec): OperatorDefinition => ({
  spec,
  meaning: 'stream with table, as of arrival',
  inputs: ['stream', 'table'],
  explain: {
    function: `${spec.type} join with the table as it is`,
    windows: 'so far',
    emits: 'each value once, when it arrives',
    lateness: 'none',
    keeps: 'one row of the table per key, for ever',
  },
  watermarks: { kind: 'none' },
  rows: 'none',
  sides: [],
  create: (name, context, outputs) => new StreamTableJoin(name, spec, context, outputs),
})

/** Any table is kept whole: a row that never changes is still looked up. */
const everyRow: RowsTaken = { updates: true, latenessMs: 0 }

/** Each value of a stream with the row that the table has under its key when the value is processed. */
class StreamTableJoin implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #type: StreamTableJoinSpec['type']
  readonly #table: KeptRows<readonly [value: unknown]>
  readonly #push: Push
  readonly #combine: (left: unknown, right: unknown) => unknown

  constructor(name: string, spec: StreamTableJoinSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#type = spec.type
    this.#table = new KeptRows(name, everyRow, context)
    this.#push = outputs.push
    this.#combine = wrapped(name, spec.combine)
    this.stores = [this.#table.store]
  }

  process({ group, id }: KeyRef, value: unknown, time: number, input: number): void {
    if (input === streamInput) return this.#join(this.#table.get(group, id), value, time)
    if (value === undefined) this.#table.delete(group, id)
    else this.#table.put(group, id, [copyOf(rowValue(value))])
  }

  eventTimer(group: number): number {
    return this.#table.eventTimer(group)
  }

  fireEventTimer(group: number): void {
    this.#table.fireEventTimer(group)
  }

  flush(): void {
    this.#table.flush()
  }

  #join(row: readonly [value: unknown] | undefined, value: unknown, time: number): void {
    if (row === undefined && this.#type === 'inner') return
    this.#push(this.#combine(value, row?.[0]), time, undefined)
  }
}
