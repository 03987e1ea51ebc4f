import type { DatabaseSync } from 'node:sqlite'
import { dataFolderError } from './data-folder-error.ts'
import { openDatabase, type SqliteOptions } from './sqlite-database.ts'
import { SqliteItems } from './sqlite-items.ts'
import { SqliteRecords } from './sqlite-records.ts'
import type { Storage } from './storage.ts'

/**
 * Keeps everything in `millrace.db` in a folder that this process holds alone. What was acknowledged is found again, also after
 * kill -9. Throws a DataFolderError when the folder cannot be opened, and later when the disk is full or broken.
 */
export class SqliteStorage implements Storage {
  readonly records: SqliteRecords
  readonly items: SqliteItems
  readonly #folder: string
  readonly #database: DatabaseSync
  #isOpen = false

  constructor(folder: string, options: SqliteOptions = {}) {
    this.#folder = folder
    this.#database = openDatabase(folder, options)
    const guard = <T>(query: () => T): T => this.#guard(query)
    this.records = new SqliteRecords(this.#database, guard)
    this.items = new SqliteItems(this.#database, guard)
  }

  transaction<T>(work: () => T): T {
    if (this.#isOpen) return work()
    this.#guard(() => this.#database.exec('BEGIN IMMEDIATE'))
    this.#isOpen = true
    try {
      const result = work()
      this.#guard(() => this.#database.exec('COMMIT'))
      return result
    } catch (error) {
      // A full disk has rolled back by itself already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    } finally {
      this.#isOpen = false
    }
  }

  close(): void {
    this.#database.close()
  }

  #guard<T>(query: () => T): T {
    try {
      return query()
    } catch (error) {
      throw dataFolderError(this.#folder, 'use', error)
    }
  }
}
