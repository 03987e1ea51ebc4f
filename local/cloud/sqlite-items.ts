import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { bytesIn, type Guard, numberIn, type Row, textIn } from './sqlite-row.ts'
import type { Item, ItemStore } from './storage.ts'

export class SqliteItems implements ItemStore {
  readonly #get: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #list: StatementSync
  readonly #firstPartition: StatementSync
  readonly #nextPartition: StatementSync
  readonly #sweep: StatementSync
  readonly #guard: Guard

  constructor(database: DatabaseSync, guard: Guard) {
    this.#guard = guard
    this.#get = database.prepare('SELECT mark, expires_ms, text, bytes FROM items WHERE partition = ? AND sort = ?')
    this.#put = database.prepare(
      `INSERT INTO items (partition, sort, mark, expires_ms, text, bytes) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         mark = excluded.mark, expires_ms = excluded.expires_ms, text = excluded.text, bytes = excluded.bytes`,
    )
    this.#delete = database.prepare('DELETE FROM items WHERE partition = ? AND sort = ?')
    this.#list = database.prepare('SELECT sort, mark, expires_ms, text, bytes FROM items WHERE partition = ?')
    this.#firstPartition = database.prepare(
      'SELECT partition FROM items WHERE partition >= ? ORDER BY partition LIMIT 1',
    )
    this.#nextPartition = database.prepare('SELECT partition FROM items WHERE partition > ? ORDER BY partition LIMIT 1')
    this.#sweep = database.prepare('DELETE FROM items WHERE expires_ms <= ?')
  }

  get(partition: string, sort: string): Item | undefined {
    const row = this.#guard(() => this.#get.get(partition, sort))
    return row === undefined ? undefined : itemOf(row)
  }

  put(partition: string, sort: string, item: Item): void {
    const { mark, expiresMs = null, text, bytes = null } = item
    this.#guard(() => this.#put.run(partition, sort, mark, expiresMs, text, bytes))
  }

  delete(partition: string, sort: string): void {
    this.#guard(() => this.#delete.run(partition, sort))
  }

  list(partition: string): readonly (readonly [string, Item])[] {
    return this.#guard(() => this.#list.all(partition)).map(row => [textIn(row, 'sort'), itemOf(row)])
  }

  /** Leaps from partition to partition: the time is that of the partitions, not of their items. */
  partitions(prefix: string): readonly string[] {
    return this.#guard(() => {
      const found: string[] = []
      let row = this.#firstPartition.get(prefix)
      while (row !== undefined) {
        const partition = textIn(row, 'partition')
        if (!partition.startsWith(prefix)) break
        found.push(partition)
        row = this.#nextPartition.get(partition)
      }
      return found
    })
  }

  sweep(nowMs: number): void {
    this.#guard(() => this.#sweep.run(nowMs))
  }
}

function itemOf(row: Row): Item {
  return {
    mark: textIn(row, 'mark'),
    text: textIn(row, 'text'),
    ...(row.bytes === null ? {} : { bytes: bytesIn(row, 'bytes') }),
    ...(row.expires_ms === null ? {} : { expiresMs: numberIn(row, 'expires_ms') }),
  }
}
