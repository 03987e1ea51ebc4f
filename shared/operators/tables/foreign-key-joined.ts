import { type KeyRef, keyOf } from '../../model/key.ts'
import { type Cell, KeyedStore } from '../../state/keyed-store.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import { EndOfInput, emptied } from '../end-of-input.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'
import type { Answer, LeftRow } from './foreign-key.ts'
import type { TableCombine } from './table-join-types.ts'

export type ForeignKeyJoinSpec = {
  readonly kind: 'foreignKeyJoin'
  readonly type: 'inner' | 'left'
  readonly combine: TableCombine
}

const leftInput = 0

export const foreignKeyJoinDefinition = (spec: ForeignKeyJoinSpec): OperatorDefinition => ({
  spec,
  meaning: 'tables by a foreign key',
  inputs: ['left', 'answers'],
  explain: {
    function: `${spec.type} join of two tables by a foreign key`,
    windows: 'so far',
    emits: 'each change',
    lateness: 'none',
    keeps: 'one left and one right row per left key, for ever',
  },
  watermarks: { kind: 'none' },
  rows: 'updates',
  sides: [],
  create: (name, context, outputs) => new ForeignKeyJoin(name, spec, context, outputs),
})

/** What is known of a left key. A row that is out stays until what comes instead is known. */
type Known = { left?: LeftRow; answer?: Answer; isOut: boolean }

/** See foreign-key.ts, stage 3. Rows: `{ key, value }` under the left row's key, each change at once. */
class ForeignKeyJoin implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #type: ForeignKeyJoinSpec['type']
  readonly #known: KeyedStore<Known>
  readonly #end: EndOfInput
  readonly #push: Push
  readonly #combine: (left: unknown, right: unknown) => unknown

  constructor(name: string, spec: ForeignKeyJoinSpec, _context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#type = spec.type
    this.#push = outputs.push
    this.#combine = wrapped(name, spec.combine)
    this.#known = new KeyedStore(name)
    this.#end = new EndOfInput(emptied(this.#known))
    this.stores = [this.#known]
  }

  process({ group, id }: KeyRef, value: unknown, time: number, input: number): void {
    const cell = this.#known.get(group, id) ?? this.#known.put(group, id, { isOut: false })
    this.#known.touch(cell)
    if (input === leftInput) this.#left(cell, value as LeftRow, time)
    else this.#answer(cell, value as Answer, time)
    if (cell.value.left === undefined && cell.value.answer === undefined) this.#known.delete(cell)
  }

  eventTimer(group: number): number {
    return this.#end.timer(group)
  }

  fireEventTimer(group: number): void {
    this.#end.fire(group)
  }

  #left(cell: Cell<Known>, row: LeftRow, time: number): void {
    const known = cell.value
    const isGone = row.row === undefined
    if (isGone) delete known.left
    else known.left = row
    const last = isGone ? row.number : row.number - 1
    if (known.answer !== undefined && known.answer.number <= last) delete known.answer
    if (isGone || row.isAlone === true) this.#put(cell, time)
    else if (known.answer?.number === row.number) this.#put(cell, time)
  }

  #answer(cell: Cell<Known>, answer: Answer, time: number): void {
    const known = cell.value
    if (answer.isEnd === true) {
      if (known.answer?.number === answer.number) delete known.answer
      return
    }
    if (answer.number < Math.max(known.left?.number ?? 0, known.answer?.number ?? 0)) return
    known.answer = answer
    if (known.left?.number === answer.number) this.#put(cell, time)
  }

  /** What is known now goes out; what was out and joins no longer is taken back. */
  #put({ id, group, value: known }: Cell<Known>, time: number): void {
    const { left, answer } = known
    const right = left?.isAlone === true ? undefined : answer?.row
    const key = keyOf(id)
    const isJoined = left !== undefined && (right !== undefined || this.#type === 'left')
    const row = isJoined ? { key, value: this.#combine(left.row?.[0], right?.[0]) } : undefined
    if (isJoined || known.isOut) this.#push(row, time, { key, id, group })
    known.isOut = isJoined
  }
}
