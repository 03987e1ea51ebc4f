import { beginningOfTime } from '../../model/event-time.ts'
import { type KeyRef, keyId, keyOf } from '../../model/key.ts'
import { EntryStore } from '../../state/entry-store.ts'
import { KeyedStore } from '../../state/keyed-store.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import { EndOfInput, emptied, emptiedEntries } from '../end-of-input.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import type { Answer, RightRow, Subscription } from './foreign-key.ts'

export type ForeignKeyAnswersSpec = { readonly kind: 'foreignKeyAnswers' }

const subscriptionInput = 0
/** Subscriptions that are answered in one go: a right row that many left rows name would not fit a commit. */
const answersPerTimer = 16

export const foreignKeyAnswersDefinition = (): OperatorDefinition => ({
  spec: { kind: 'foreignKeyAnswers' } satisfies ForeignKeyAnswersSpec,
  meaning: 'answers of a foreign key',
  inputs: ['subscriptions', 'rows'],
  explain: {
    function: 'right rows for the left rows that name them',
    windows: 'so far',
    emits: 'each change, for each left row',
    lateness: 'none',
    keeps: 'one right row per key and a number per left row, for ever',
  },
  watermarks: { kind: 'none' },
  rows: 'none',
  sides: [],
  create: (name, context, outputs) => new ForeignKeyAnswers(name, context, outputs),
})

/** Event time of the right row's latest change, and the last subscriber that was told of it. */
type Telling = { readonly time: number; told: string }

/**
 * See foreign-key.ts, stage 2. When a right row changes, its subscribers are told in the order of their keys, some at a time, before the
 * watermark moves on. A subscription that comes meanwhile is answered at once with the newest row, and may be told of it again.
 */
class ForeignKeyAnswers implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #rows: KeyedStore<readonly [value: unknown]>
  /** Under the right key, left key to number. */
  readonly #subscriptions: EntryStore<number>
  readonly #telling: KeyedStore<Telling>
  /** Subscribers of a right key that is being told, in order: derived from the store. */
  readonly #queues = new Map<string, string[]>()
  readonly #end: EndOfInput
  readonly #context: OperatorContext
  readonly #push: Push

  constructor(name: string, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#context = context
    this.#push = outputs.push
    this.#rows = new KeyedStore(name)
    this.#subscriptions = new EntryStore(`${name}:subscriptions`)
    this.#telling = new KeyedStore(`${name}:telling`)
    this.#end = new EndOfInput(emptied(this.#rows), emptiedEntries(this.#subscriptions))
    this.stores = [this.#rows, this.#subscriptions, this.#telling]
  }

  process(ref: KeyRef, value: unknown, time: number, input: number): void {
    if (input === subscriptionInput) this.#subscribe(ref, value as Subscription, time)
    else this.#change(ref, value as RightRow, time)
  }

  eventTimer(group: number): number {
    // Before anything else that the next watermark brings: what is told after it would be late.
    if (this.#telling.size(group) > 0) return this.#context.watermarks[group] + 1
    return this.#end.timer(group)
  }

  fireEventTimer(group: number): void {
    if (this.#telling.size(group) > 0) this.#tell(group)
    else this.#end.fire(group)
  }

  arrivalTimer(group: number): number {
    return this.#telling.size(group) > 0 ? beginningOfTime : Number.POSITIVE_INFINITY
  }

  fireArrivalTimer(group: number): void {
    this.#tell(group)
  }

  #subscribe({ group, id }: KeyRef, { left, number, isEnd }: Subscription, time: number): void {
    const sub = keyId(left)
    const known = this.#subscriptions.get(group, id, sub)
    if (isEnd) {
      if (known?.value === number) this.#subscriptions.delete(known)
      return this.#push({ left, number, isEnd } satisfies Answer, time, undefined)
    }
    this.#subscriptions.put(group, id, sub, number)
    this.#answer(group, id, sub, time)
  }

  #change({ group, id }: KeyRef, { row }: RightRow, time: number): void {
    const known = this.#rows.get(group, id)
    if (row !== undefined) this.#rows.put(group, id, row)
    else if (known === undefined) return
    else this.#rows.delete(known)
    const subscribers = this.#subscriptions.find(group, id)
    if (subscribers === undefined) return
    this.#queues.delete(id)
    if (subscribers.cells.size > answersPerTimer) {
      this.#telling.put(group, id, { time, told: '' })
      return
    }
    const telling = this.#telling.get(group, id)
    if (telling !== undefined) this.#telling.delete(telling)
    for (const sub of [...subscribers.cells.keys()].sort()) this.#answer(group, id, sub, time)
  }

  /** Some of the subscribers of one right key. */
  #tell(group: number): void {
    const [cell] = this.#telling.cells(group)
    const { id, value } = cell
    const queue = this.#queueOf(group, id, value.told)
    for (const sub of queue.splice(-answersPerTimer).reverse()) {
      value.told = sub
      if (this.#subscriptions.get(group, id, sub) !== undefined) this.#answer(group, id, sub, value.time)
    }
    if (queue.length > 0) return this.#telling.touch(cell)
    this.#telling.delete(cell)
    this.#queues.delete(id)
  }

  /** Those who have not been told yet, the next one last. */
  #queueOf(group: number, id: string, told: string): string[] {
    let queue = this.#queues.get(id)
    if (queue === undefined) {
      const subscribers = this.#subscriptions.find(group, id)?.cells.keys() ?? []
      queue = [...subscribers].filter(sub => sub > told).sort((a, b) => (a < b ? 1 : -1))
      this.#queues.set(id, queue)
    }
    return queue
  }

  #answer(group: number, id: string, sub: string, time: number): void {
    const number = this.#subscriptions.get(group, id, sub)?.value
    if (number === undefined) return
    const row = this.#rows.get(group, id)?.value
    this.#push({ left: keyOf(sub), number, ...(row && { row }) } satisfies Answer, time, undefined)
  }
}
