import { checkItemSize } from '../../shared/ports/refusals.ts'
import type { DeadLetter, DeadLettersPort } from '../../shared/ports/results.ts'
import type { Item, Storage } from './storage.ts'
import type { Transactions } from './transactions.ts'

/** Dead letters on a table of items, each kept once by its id. */
export class DeadLetters implements DeadLettersPort {
  readonly #storage: Storage
  readonly #transactions: Transactions

  constructor(storage: Storage, transactions: Transactions) {
    this.#storage = storage
    this.#transactions = transactions
  }

  async put(pipeline: string, letters: readonly DeadLetter[]): Promise<void> {
    this.keep(pipeline, letters)
  }

  /** The same at once, so that it can be part of a transaction. */
  keep(pipeline: string, letters: readonly DeadLetter[]): void {
    this.#transactions.run(() => {
      for (const letter of letters) {
        if (this.#storage.items.get(partition(pipeline), letter.id) !== undefined) continue
        this.#storage.items.put(partition(pipeline), letter.id, itemOf(letter))
      }
    })
  }

  /** Forgets letters, by their ids; those that are not there are no matter. */
  async remove(pipeline: string, ids: readonly string[]): Promise<void> {
    this.forget(pipeline, ids)
  }

  /** The same at once, so that it can be part of a transaction. Answers how many were there. */
  forget(pipeline: string, ids: readonly string[]): number {
    return this.#transactions.run(() => {
      const there = ids.filter(id => this.#storage.items.get(partition(pipeline), id) !== undefined)
      for (const id of there) this.#storage.items.delete(partition(pipeline), id)
      return there.length
    })
  }

  async list(pipeline: string): Promise<readonly DeadLetter[]> {
    return this.letters(pipeline)
  }

  /** All letters in the order of their ids: by stage, shard and position. */
  letters(pipeline: string): readonly DeadLetter[] {
    const letters = this.#storage.items.list(partition(pipeline)).map(([, item]) => letterFrom(item))
    return letters.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** The pipelines that have a dead letter, in order. */
  pipelines(): readonly string[] {
    return this.#storage.items.partitions(partition('')).map(name => name.slice(partition('').length))
  }
}

const partition = (pipeline: string): string => `dead-letters/${pipeline}`

/** The payload is copied: it is a few bytes of a batch of megabytes, which it would keep in memory for good. */
function itemOf({ payload, ...rest }: DeadLetter): Item {
  const text = JSON.stringify(rest)
  checkItemSize(`dead letter "${rest.id}"`, Buffer.byteLength(text) + payload.byteLength)
  return { mark: '', text, bytes: new Uint8Array(payload) }
}

function letterFrom(item: Item): DeadLetter {
  const rest: Omit<DeadLetter, 'payload'> = JSON.parse(item.text)
  return { ...rest, payload: item.bytes ?? new Uint8Array() }
}
