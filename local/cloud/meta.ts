import type { Storage } from './storage.ts'
import type { Transactions } from './transactions.ts'

/** Small texts by key, for whoever runs pipelines: an input file's offset, when a run began. */
export class Meta {
  readonly #storage: Storage
  readonly #transactions: Transactions

  constructor(storage: Storage, transactions: Transactions) {
    this.#storage = storage
    this.#transactions = transactions
  }

  get(key: string): string | undefined {
    return this.#storage.items.get(partition, key)?.text
  }

  set(key: string, text: string): void {
    this.#transactions.run(() => this.#storage.items.put(partition, key, { mark: '', text }))
  }

  delete(key: string): void {
    this.#transactions.run(() => this.#storage.items.delete(partition, key))
  }

  /** All texts by key. */
  all(): ReadonlyMap<string, string> {
    return new Map(this.#storage.items.list(partition).map(([key, item]) => [key, item.text]))
  }
}

const partition = 'meta'
