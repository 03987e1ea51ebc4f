import { type KeyRef, keyOf } from '../../model/key.ts'
import { copyOf } from '../../state/plain-data.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import type { Push, StatefulOperator } from '../operator.ts'
import type { RightRow } from './foreign-key.ts'
import { rowValue } from './table-join-types.ts'

export type ForeignKeyRightSpec = { readonly kind: 'foreignKeyRight' }

export const foreignKeyRightDefinition = (): OperatorDefinition => ({
  spec: { kind: 'foreignKeyRight' } satisfies ForeignKeyRightSpec,
  meaning: 'right rows of a foreign key',
  inputs: ['rows'],
  explain: {
    function: 'right rows by their key',
    windows: 'so far',
    emits: 'each change',
    lateness: 'none',
    keeps: 'nothing',
  },
  watermarks: { kind: 'none' },
  rows: 'none',
  sides: [],
  create: (name, _context, outputs) => new ForeignKeyRight(name, outputs),
})

/** See foreign-key.ts: right rows on their way to the stage that is keyed by what left rows name. */
class ForeignKeyRight implements StatefulOperator {
  readonly name: string
  readonly stores = []
  readonly #push: Push

  constructor(name: string, outputs: OperatorOutputs) {
    this.name = name
    this.#push = outputs.push
  }

  process({ id }: KeyRef, row: unknown, time: number): void {
    const key = keyOf(id)
    const change: RightRow = row === undefined ? { key } : { key, row: [copyOf(rowValue(row))] }
    this.#push(change, time, undefined)
  }
}
