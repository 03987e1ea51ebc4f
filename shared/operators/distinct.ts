import type { KeyRef } from '../model/key.ts'
import { KeyedStore } from '../state/keyed-store.ts'
import type { Store } from '../state/store.ts'
import { EndOfInput, emptied } from './end-of-input.ts'
import type { OperatorContext, Push, StatefulOperator } from './operator.ts'

/** Lets the first value of each key through and drops the rest. State is one entry per key seen, until the end of input. */
export class Distinct implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #seen: KeyedStore<true>
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #end: EndOfInput

  constructor(name: string, context: OperatorContext, push: Push) {
    this.name = name
    this.#context = context
    this.#push = push
    this.#seen = new KeyedStore(name)
    this.stores = [this.#seen]
    this.#end = new EndOfInput(emptied(this.#seen))
  }

  process(ref: KeyRef, value: unknown, time: number): void {
    if (time <= this.#context.watermarks[ref.group]) this.#context.tallies.late += this.#context.weight
    if (this.#seen.get(ref.group, ref.id) !== undefined) return
    this.#seen.put(ref.group, ref.id, true)
    this.#push(value, time, undefined)
  }

  eventTimer(group: number): number {
    return this.#end.timer(group)
  }

  fireEventTimer(group: number): void {
    this.#end.fire(group)
  }
}
