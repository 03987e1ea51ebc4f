import type { KeyRef } from '../model/key.ts'
import type { PositionText } from '../model/position.ts'
import { KeyedStore } from '../state/keyed-store.ts'
import type { Store } from '../state/store.ts'
import type { OperatorContext, Push, StatefulOperator } from './operator.ts'

/** A record of a stream that a pipeline wrote: who wrote it, where it stands in what that one wrote, and what it is. */
export type Written = { readonly writer: string; readonly position: PositionText; readonly value: unknown }

/**
 * Lets each record of a writer through once: the key is the writer, its positions ascend, so the highest one seen tells what is a
 * repeat, without time limit.
 */
export class WrittenOnce implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #highest: KeyedStore<PositionText>
  readonly #context: OperatorContext
  readonly #push: Push

  constructor(name: string, context: OperatorContext, push: Push) {
    this.name = name
    this.#context = context
    this.#push = push
    this.#highest = new KeyedStore(name)
    this.stores = [this.#highest]
  }

  process({ group, id }: KeyRef, { position, value }: Written, time: number): void {
    const known = this.#highest.get(group, id)
    if (known !== undefined && position <= known.value) return
    if (time <= this.#context.watermarks[group]) this.#context.tallies.late += this.#context.weight
    this.#highest.put(group, id, position)
    this.#push(value, time, undefined)
  }
}
