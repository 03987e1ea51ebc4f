import type { Claim, ClaimsPort } from '../../shared/ports/claims.ts'
import type { Storage } from './storage.ts'
import type { Transactions } from './transactions.ts'

/** Claims on a table of items. One whose time is over is there until another place claims its id. */
export class Claims implements ClaimsPort {
  readonly #storage: Storage
  readonly #transactions: Transactions
  readonly #now: () => number

  constructor(storage: Storage, transactions: Transactions, now: () => number) {
    this.#storage = storage
    this.#transactions = transactions
    this.#now = now
  }

  async claim(source: string, claims: readonly Claim[], keptMs: number): Promise<readonly boolean[]> {
    return this.#transactions.run(() => claims.map(claim => this.#claim(source, claim, keptMs)))
  }

  #claim(source: string, { id, place }: Claim, keptMs: number): boolean {
    const partition = `claims/${source}`
    const held = this.#storage.items.get(partition, id)
    if (held !== undefined && held.mark !== place && Number(held.text) > this.#now()) return false
    this.#storage.items.put(partition, id, { mark: place, text: String(this.#now() + keptMs) })
    return true
  }
}
