import { type Key, type KeyRef, keyId, keyOf } from '../../model/key.ts'
import type { Loose } from '../../model/loose.ts'
import { copyOf, isSameData } from '../../state/plain-data.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'
import { type LeftRow, type Subscription, subscriptionsSide } from './foreign-key.ts'
import { KeptRows, type RowsTaken } from './kept-rows.ts'
import { rowValue } from './table-join-types.ts'

export type ForeignKeyLeftSpec = {
  readonly kind: 'foreignKeyLeft'
  /** The key of the right row that a left value names; null or undefined: none. */
  readonly on: Loose<[left: unknown], Key | undefined>
}

export const foreignKeyLeftDefinition = (spec: ForeignKeyLeftSpec): OperatorDefinition => ({
  spec,
  meaning: 'left rows of a foreign key',
  inputs: ['rows'],
  explain: {
    function: 'left rows and the right rows that they name',
    windows: 'so far',
    emits: 'each change',
    lateness: 'none',
    keeps: 'the newest state of each row, for ever',
  },
  watermarks: { kind: 'none' },
  rows: 'none',
  sides: [subscriptionsSide],
  create: (name, context, outputs) => new ForeignKeyLeft(name, spec, context, outputs),
})

const everyRow: RowsTaken = { updates: true, latenessMs: 0 }

/** A left value with its subscription's number, and the key that it names; without one it names none. */
type Left = readonly [value: unknown, number: number, on: Key] | readonly [value: unknown, number: number]

/** See foreign-key.ts, stage 1. Numbers ascend in a key group, so no two subscriptions of a row ever have the same. */
class ForeignKeyLeft implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #kept: KeptRows<Left>
  /** The last number of the key group, under the empty id. */
  readonly #numbers: KeptRows<number>
  readonly #push: Push
  readonly #subscribe: Push
  readonly #on: (left: unknown) => Key | undefined

  constructor(name: string, spec: ForeignKeyLeftSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#kept = new KeptRows(name, everyRow, context)
    this.#numbers = new KeptRows(`${name}:numbers`, everyRow, context)
    this.#push = outputs.push
    this.#subscribe = outputs.side(subscriptionsSide)
    this.#on = wrapped(name, spec.on)
    this.stores = [this.#kept.store, this.#numbers.store]
  }

  process({ group, id }: KeyRef, row: unknown, time: number): void {
    const before = this.#kept.get(group, id)
    const left = keyOf(id)
    if (row === undefined) {
      if (before === undefined) return
      this.#kept.delete(group, id)
      this.#endSubscription(left, before, time)
      return this.#tellJoined({ left, number: before[1] }, time)
    }
    const value = copyOf(rowValue(row))
    if (before !== undefined && isSameData(before[0], value)) return
    const on = this.#on(value) ?? undefined
    const isSame = before !== undefined && isSameKey(before[2], on)
    const number = isSame ? before[1] : this.#nextNumber(group)
    this.#kept.put(group, id, on === undefined ? [value, number] : [value, number, on])
    if (!isSame) {
      if (before !== undefined) this.#endSubscription(left, before, time)
      if (on !== undefined) this.#tellRight({ on, left, number, isEnd: false }, time)
    }
    this.#tellJoined({ left, number, row: [value], ...(on === undefined && { isAlone: true }) }, time)
  }

  eventTimer(group: number): number {
    return Math.min(this.#kept.eventTimer(group), this.#numbers.eventTimer(group))
  }

  fireEventTimer(group: number): void {
    if (this.#kept.eventTimer(group) < Number.POSITIVE_INFINITY) this.#kept.fireEventTimer(group)
    else this.#numbers.fireEventTimer(group)
  }

  flush(): void {
    this.#kept.flush()
    this.#numbers.flush()
  }

  #endSubscription(left: Key, [, number, on]: Left, time: number): void {
    if (on !== undefined) this.#tellRight({ on, left, number, isEnd: true }, time)
  }

  #nextNumber(group: number): number {
    const next = (this.#numbers.get(group, '') ?? 0) + 1
    this.#numbers.put(group, '', next)
    return next
  }

  #tellRight(subscription: Subscription, time: number): void {
    this.#subscribe(subscription, time, undefined)
  }

  #tellJoined(row: LeftRow, time: number): void {
    this.#push(row, time, undefined)
  }
}

const isSameKey = (a: Key | undefined, b: Key | undefined): boolean =>
  a === undefined || b === undefined ? a === b : keyId(a) === keyId(b)
