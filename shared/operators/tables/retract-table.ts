import { beginningOfTime } from '../../model/event-time.ts'
import { type KeyRef, keyOf } from '../../model/key.ts'
import { type Cell, KeyedStore } from '../../state/keyed-store.ts'
import { isSameData } from '../../state/plain-data.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import { EndOfInput, emptied } from '../end-of-input.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import type { Change } from './table-changes.ts'

export type RetractTableSpec = { readonly kind: 'retractTable' }

export const retractTableDefinition = (): OperatorDefinition => ({
  spec: { kind: 'retractTable' } satisfies RetractTableSpec,
  meaning: 'table of retractions',
  inputs: ['changes'],
  explain: {
    function: 'table of changes that take rows back',
    windows: 'so far',
    emits: 'updates',
    lateness: 'none',
    keeps: 'the rows of each key that were not taken back, for ever',
  },
  watermarks: { kind: 'none' },
  rows: 'updates',
  sides: [],
  create: (name, context, outputs) => new RetractTable(name, context, outputs),
})

/**
 * A table of changes under a key that may not be the rows' own: a change takes back the very row that it names, and the row of a key is
 * the last to come of those that are left (Flink: sink upsert materializer). Rows: `{ key, value }`, at each commit.
 */
class RetractTable implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #rows: KeyedStore<unknown[]>
  readonly #end: EndOfInput
  /** Keys of which the end of input has come: their rows stay. */
  readonly #ended = new Set<string>()
  readonly #context: OperatorContext
  readonly #push: Push

  constructor(name: string, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#context = context
    this.#push = outputs.push
    this.#rows = new KeyedStore(name)
    this.#end = EndOfInput.oneByOne(
      emptied(this.#rows, cell => {
        this.#ended.add(endedId(cell.group, cell.id))
        if (cell.time > beginningOfTime) this.#emit(cell)
      }),
    )
    this.stores = [this.#rows]
  }

  process({ group, id }: KeyRef, value: unknown, time: number): void {
    if (time <= this.#context.watermarks[group]) this.#context.tallies.late += this.#context.weight
    const { kind, row } = value as Change<unknown>
    const isAdded = kind === 'insert' || kind === 'updateAfter'
    const known = this.#rows.get(group, id)
    if (known === undefined && !isAdded) return
    const cell = known ?? this.#rows.put(group, id, [])
    this.#rows.touch(cell)
    if (time > cell.time) cell.time = time
    if (isAdded) {
      cell.value.push(row)
      return
    }
    const at = cell.value.findLastIndex(each => isSameData(each, row))
    if (at >= 0) cell.value.splice(at, 1)
    if (cell.value.length === 0) this.#rows.delete(cell)
  }

  eventTimer(group: number): number {
    return this.#end.timer(group)
  }

  fireEventTimer(group: number): void {
    this.#end.fire(group)
  }

  flush(): void {
    for (const cell of this.#rows.dirty) {
      const { group, id, time } = cell
      if (!cell.isDeleted) this.#emit(cell)
      else if (!this.#ended.has(endedId(group, id)) && this.#rows.get(group, id) === undefined)
        this.#push(undefined, time, { key: keyOf(id), id, group })
    }
    this.#ended.clear()
  }

  #emit({ group, id, value, time }: Cell<unknown[]>): void {
    const key = keyOf(id)
    this.#push({ key, value: value.at(-1) }, time, { key, id, group })
  }
}

const endedId = (group: number, id: string): string => `${group}/${id}`
