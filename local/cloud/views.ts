import { deserialize, serialize } from 'node:v8'
import { limits } from '../../shared/model/limits.ts'
import type { PositionText } from '../../shared/model/position.ts'
import { checkItemSize } from '../../shared/ports/refusals.ts'
import type { ViewPut, ViewRow, ViewsPort } from '../../shared/ports/results.ts'
import type { Item, Storage } from './storage.ts'
import type { Transactions } from './transactions.ts'

/** Views on a table of items. Values are serialized when they are put: a caller may go on changing its own. */
export class Views implements ViewsPort {
  readonly #storage: Storage
  readonly #transactions: Transactions
  readonly #now: () => number

  constructor(storage: Storage, transactions: Transactions, now: () => number) {
    this.#storage = storage
    this.#transactions = transactions
    this.#now = now
  }

  async put(view: string, rows: readonly ViewPut[]): Promise<void> {
    this.#transactions.run(() => {
      const nowMs = this.#now()
      let tombstones = 0
      for (const row of rows) {
        const held = this.#storage.items.get(partition(view), row.key)
        if (held !== undefined && held.mark >= row.position) continue
        if (row.value === undefined) tombstones++
        this.#storage.items.put(partition(view), row.key, itemOf(view, row, nowMs))
      }
      if (tombstones > 0) this.#storage.items.sweep(nowMs)
    })
  }

  async scan(view: string): Promise<readonly ViewRow[]> {
    return this.rows(view)
  }

  /** Every row with a value, in any order. */
  rows(view: string): readonly ViewRow[] {
    const rows: ViewRow[] = []
    for (const [key, item] of this.#storage.items.list(partition(view))) {
      if (item.bytes === undefined) continue
      rows.push({ key, position: positionFrom(item.mark), value: deserialize(item.bytes) })
    }
    return rows
  }

  /** The views that have ever had a row, in order. */
  names(): readonly string[] {
    return this.#storage.items.partitions(partition('')).map(name => name.slice(partition('').length))
  }
}

const partition = (view: string): string => `views/${view}`

function itemOf(view: string, { key, position, value }: ViewPut, nowMs: number): Item {
  if (value === undefined) return { mark: position, text: '', expiresMs: nowMs + limits.retiredMs }
  const bytes = serialize(value)
  checkItemSize(`row "${key}" of view "${view}"`, bytes.byteLength)
  return { mark: position, text: '', bytes }
}

/** Marks of views are positions: only `put` writes them. */
const positionFrom = (mark: string): PositionText => mark as PositionText
