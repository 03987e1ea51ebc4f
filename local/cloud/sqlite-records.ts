import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { bytesIn, type Guard, numberIn, type Row, textIn } from './sqlite-row.ts'
import { maxOffset, type RecordStore, type StoredRecord } from './storage.ts'

export class SqliteRecords implements RecordStore {
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #delete: StatementSync
  readonly #last: StatementSync
  readonly #guard: Guard

  constructor(database: DatabaseSync, guard: Guard) {
    this.#guard = guard
    this.#insert = database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?)')
    this.#select = database.prepare(
      `SELECT id & ${maxOffset} AS record_offset, partition_key, hash_key, arrival_ms, data
       FROM records WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`,
    )
    this.#delete = database.prepare('DELETE FROM records WHERE id >= ? AND id <= ?')
    this.#last = database.prepare(
      `SELECT coalesce(max(id) & ${maxOffset}, 0) AS record_offset FROM records WHERE id >= ? AND id <= ?`,
    )
  }

  append(shard: number, records: readonly StoredRecord[]): void {
    this.#guard(() => {
      for (const { offset, partitionKey, explicitHashKey, arrivalMs, data } of records) {
        const hashKey = explicitHashKey === undefined ? null : String(explicitHashKey)
        this.#insert.run(rowId(shard, offset), partitionKey, hashKey, arrivalMs, data)
      }
    })
  }

  read(shard: number, after: number, maxRecords: number, maxBytes: number): readonly StoredRecord[] {
    return this.#guard(() => {
      const found: StoredRecord[] = []
      let bytes = 0
      for (const row of this.#select.iterate(rowId(shard, after), rowId(shard, maxOffset), maxRecords)) {
        const record = recordOf(row)
        bytes += record.data.byteLength
        if (bytes > maxBytes && found.length > 0) break
        found.push(record)
      }
      return found
    })
  }

  trim(shard: number, through: number): void {
    this.#guard(() => this.#delete.run(rowId(shard, 0), rowId(shard, through)))
  }

  last(shard: number): number {
    const row = this.#guard(() => this.#last.get(rowId(shard, 0), rowId(shard, maxOffset)))
    return row === undefined ? 0 : numberIn(row, 'record_offset')
  }
}

const rowId = (shard: number, offset: number): bigint => (BigInt(shard) << 40n) | BigInt(offset)

function recordOf(row: Row): StoredRecord {
  return {
    offset: numberIn(row, 'record_offset'),
    partitionKey: textIn(row, 'partition_key'),
    explicitHashKey: row.hash_key === null ? undefined : BigInt(textIn(row, 'hash_key')),
    data: bytesIn(row, 'data'),
    arrivalMs: numberIn(row, 'arrival_ms'),
  }
}
