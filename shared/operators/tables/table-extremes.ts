import { beginningOfTime } from '../../model/event-time.ts'
import { type KeyRef, keyOf } from '../../model/key.ts'
import type { Loose } from '../../model/loose.ts'
import { type EntryCell, type EntryOwner, EntryStore } from '../../state/entry-store.ts'
import type { Store } from '../../state/store.ts'
import { compareOrdered, type Ordered } from '../aggregator.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import { EndOfInput, emptiedEntries } from '../end-of-input.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'
import type { GroupChange } from './table-regroup.ts'

export type TableExtremeSpec = {
  readonly kind: 'tableExtreme'
  readonly function: 'min' | 'max'
  readonly of: Loose<[row: unknown], Ordered>
}

export const tableExtremeDefinition = (spec: TableExtremeSpec): OperatorDefinition => ({
  spec,
  meaning: `${spec.function} of rows`,
  inputs: ['changes'],
  explain: {
    function: `${spec.function} of rows`,
    windows: 'so far',
    emits: 'updates',
    lateness: 'none',
    keeps: 'each different value of a group with the number of its rows',
  },
  watermarks: { kind: 'none' },
  rows: 'updates',
  sides: [],
  create: (name, context, outputs) => new TableExtreme(name, spec, context, outputs),
})

/** A value, and how many rows of the group have it. */
type Counted = [value: Ordered, rows: number]
/** A group that changed since the last commit, with the event time of the latest change. */
type Changed = { readonly group: number; readonly id: string; time: number }

/**
 * The smallest or the greatest value of rows that change. Keeps all values of a group, as the best one may go. Rows: `{ key, value }`, of
 * groups that changed, at each commit; of a group without rows the row is gone.
 */
class TableExtreme implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #values: EntryStore<Counted>
  readonly #end: EndOfInput
  readonly #changed = new Map<string, Changed>()
  /** The best value of a group, where it is known. */
  readonly #best = new WeakMap<EntryOwner<Counted>, EntryCell<Counted>>()
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #of: (row: unknown) => Ordered
  /** 1 where the greater value is better, -1 where the smaller one is. */
  readonly #sign: 1 | -1

  constructor(name: string, spec: TableExtremeSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#context = context
    this.#push = outputs.push
    this.#of = wrapped(name, spec.of)
    this.#sign = spec.function === 'max' ? 1 : -1
    this.#values = new EntryStore(name)
    this.#end = EndOfInput.oneByOne(emptiedEntries(this.#values, owner => this.#emitLast(owner)))
    this.stores = [this.#values]
  }

  process({ group, id }: KeyRef, value: unknown, time: number): void {
    if (time <= this.#context.watermarks[group]) this.#context.tallies.late += this.#context.weight
    const { before, after } = value as GroupChange
    const left = before === undefined ? undefined : this.#of(before)
    const came = after === undefined ? undefined : this.#of(after)
    if (came !== undefined) this.#count(group, id, came, 1)
    if (left !== undefined) this.#count(group, id, left, -1)
    const name = changedId(group, id)
    const changed = this.#changed.get(name) ?? { group, id, time: beginningOfTime }
    changed.time = Math.max(changed.time, time)
    this.#changed.set(name, changed)
  }

  eventTimer(group: number): number {
    return this.#end.timer(group)
  }

  fireEventTimer(group: number): void {
    this.#end.fire(group)
  }

  flush(): void {
    for (const changed of this.#changed.values()) this.#emit(changed)
    this.#changed.clear()
  }

  #count(group: number, id: string, value: Ordered, by: 1 | -1): void {
    const sub = textOf(value)
    const known = this.#values.get(group, id, sub)
    const rows = (known?.value[1] ?? 0) + by
    if (known !== undefined && rows === 0) {
      if (this.#best.get(known.owner) === known) this.#best.delete(known.owner)
      return this.#values.delete(known)
    }
    const cell = this.#values.put(group, id, sub, [value, rows])
    const best = this.#best.get(cell.owner)
    // A group that was just loaded has no best value yet: it is looked for when its row goes out.
    const isFirst = cell.owner.cells.size === 1
    if (isFirst || (best !== undefined && this.#isBetter(cell, best))) this.#best.set(cell.owner, cell)
  }

  #emit({ group, id, time }: Changed): void {
    const key = keyOf(id)
    const owner = this.#values.find(group, id)
    const best = owner && this.#bestOf(owner)
    this.#push(best && { key, value: best.value[0] }, time, { key, id, group })
  }

  #bestOf(owner: EntryOwner<Counted>): EntryCell<Counted> | undefined {
    let best = this.#best.get(owner)
    if (best !== undefined) return best
    for (const cell of owner.cells.values()) if (best === undefined || this.#isBetter(cell, best)) best = cell
    if (best !== undefined) this.#best.set(owner, best)
    return best
  }

  #isBetter(a: EntryCell<Counted>, b: EntryCell<Counted>): boolean {
    return compareOrdered(a.value[0], b.value[0]) * this.#sign > 0
  }

  /** At the end of input a group's newest row goes out before its values go. */
  #emitLast({ group, id }: EntryOwner<Counted>): void {
    const changed = this.#changed.get(changedId(group, id))
    if (changed === undefined) return
    this.#emit(changed)
    this.#changed.delete(changedId(group, id))
  }
}

const changedId = (group: number, id: string): string => `${group}/${id}`

/** Equal values have equal texts. */
function textOf(value: Ordered): string {
  if (value instanceof Date) return `d${value.getTime()}`
  return `${typeof value === 'string' ? 's' : typeof value === 'bigint' ? 'i' : 'n'}${value === 0 ? 0 : value}`
}
