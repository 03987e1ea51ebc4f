import { beginningOfTime } from '../../model/event-time.ts'
import { type KeyRef, keyOf } from '../../model/key.ts'
import type { Loose } from '../../model/loose.ts'
import { type Cell, KeyedStore } from '../../state/keyed-store.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import { EndOfInput, emptied } from '../end-of-input.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped, wrappedTimer } from '../user-function.ts'
import type { Retracting } from './retracting.ts'
import type { GroupChange } from './table-regroup.ts'

export type TableAggregateSpec = {
  readonly kind: 'tableAggregate'
  readonly function: 'count' | 'sum' | 'average' | 'aggregate'
  /** What of a row is aggregated; undefined: the row itself. */
  readonly of: Loose<[row: unknown], unknown> | undefined
  readonly aggregator: Retracting
}

export const tableAggregateDefinition = (spec: TableAggregateSpec): OperatorDefinition => ({
  spec,
  meaning: `${spec.function} of rows`,
  inputs: ['changes'],
  explain: {
    function: `${spec.function} of rows`,
    windows: 'so far',
    emits: 'updates',
    lateness: 'none',
    keeps: 'one accumulator per group that has rows',
  },
  watermarks: { kind: 'none' },
  rows: 'updates',
  sides: [],
  create: (name, context, outputs) => new TableAggregate(name, spec, context, outputs),
})

/** How many rows the group has, and the accumulator. */
type Group = { rows: number; accumulator: unknown }

/**
 * Aggregates rows that change: what a row was before is taken out, what it is now is put in. Rows: `{ key, value }`, of groups that
 * changed, at each commit; of a group without rows the row is gone (SQL: group by).
 */
class TableAggregate implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #groups: KeyedStore<Group>
  readonly #end: EndOfInput
  /** Groups of which the end of input has come: their rows stay. */
  readonly #ended = new Set<string>()
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #aggregator: Retracting
  readonly #of: (row: unknown) => unknown
  readonly #result: (accumulator: unknown) => unknown

  constructor(name: string, spec: TableAggregateSpec, context: OperatorContext, outputs: OperatorOutputs) {
    const { create, add, subtract, result } = spec.aggregator
    this.name = name
    this.#context = context
    this.#push = outputs.push
    this.#aggregator = {
      create: wrapped(name, create),
      add: wrapped(name, add),
      subtract: wrapped(name, subtract),
      result,
    }
    this.#of = spec.of === undefined ? row => row : wrapped(name, spec.of)
    this.#result = wrappedTimer(name, result, context)
    this.#groups = new KeyedStore(name)
    this.#end = EndOfInput.oneByOne(
      emptied(this.#groups, cell => {
        this.#ended.add(endedId(cell.group, cell.id))
        if (cell.time > beginningOfTime) this.#emit(cell)
      }),
    )
    this.stores = [this.#groups]
  }

  process({ group, id }: KeyRef, value: unknown, time: number): void {
    if (time <= this.#context.watermarks[group]) this.#context.tallies.late += this.#context.weight
    const { before, after } = value as GroupChange
    const left = before === undefined ? undefined : { part: this.#of(before) }
    const came = after === undefined ? undefined : { part: this.#of(after) }
    const { create, add, subtract } = this.#aggregator
    const cell = this.#groups.get(group, id) ?? this.#groups.put(group, id, { rows: 0, accumulator: create() })
    this.#groups.touch(cell)
    if (time > cell.time) cell.time = time
    const state = cell.value
    if (left !== undefined) {
      state.accumulator = subtract(state.accumulator, left.part)
      state.rows--
    }
    if (came !== undefined) {
      state.accumulator = add(state.accumulator, came.part)
      state.rows++
    }
    if (state.rows === 0) this.#groups.delete(cell)
  }

  eventTimer(group: number): number {
    return this.#end.timer(group)
  }

  fireEventTimer(group: number): void {
    this.#end.fire(group)
  }

  flush(): void {
    for (const cell of this.#groups.dirty) {
      const { group, id } = cell
      if (!cell.isDeleted) this.#emit(cell)
      else if (!this.#ended.has(endedId(group, id)) && this.#groups.get(group, id) === undefined) {
        const key = keyOf(id)
        this.#push(undefined, cell.time, { key, id, group })
      }
    }
    this.#ended.clear()
  }

  #emit({ group, id, value, time }: Cell<Group>): void {
    const key = keyOf(id)
    this.#push({ key, value: this.#result(value.accumulator) }, time, { key, id, group })
  }
}

const endedId = (group: number, id: string): string => `${group}/${id}`
