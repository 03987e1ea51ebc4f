import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type {
  RegistryDocument,
  RegistryKey,
  RegistryPart,
  RegistryStore,
  RegistryWrite,
} from '../../shared/ports/registry-store.ts'
import { dataFolderError } from '../cloud/data-folder-error.ts'
import { makeFolder } from '../cloud/make-folder.ts'

const schema = `
  CREATE TABLE IF NOT EXISTS documents (
    part TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (part, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

/** How long a call waits for those of another process. */
const patienceMs = 5_000

/** A registry's documents in `registry.db` of a data folder: apart from the pipeline's, so that both may run at the same time. */
export class SqliteRegistryStore implements RegistryStore {
  readonly #database: DatabaseSync

  /** Makes the folder and the file where they are missing. Throws a DataFolderError. */
  constructor(folder: string) {
    try {
      makeFolder(folder)
      this.#database = new DatabaseSync(join(folder, 'registry.db'), { timeout: patienceMs })
      this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schema}`)
    } catch (error) {
      throw dataFolderError(folder, 'open', error)
    }
  }

  close(): void {
    this.#database.close()
  }

  async get({ part, name }: RegistryKey): Promise<RegistryDocument | undefined> {
    const row = this.#database
      .prepare('SELECT name, text, version FROM documents WHERE part = ? AND name = ?')
      .get(part, name)
    return row === undefined ? undefined : documentOf(row)
  }

  async list(part: RegistryPart, prefix = ''): Promise<readonly RegistryDocument[]> {
    const rows = this.#database
      .prepare(
        'SELECT name, text, version FROM documents WHERE part = ? AND substr(name, 1, length(?)) = ? ORDER BY name',
      )
      .all(part, prefix, prefix)
    return rows.map(documentOf)
  }

  async commit(writes: readonly RegistryWrite[]): Promise<'committed' | 'conflict'> {
    return this.#alone(() => {
      const version = this.#database.prepare('SELECT version FROM documents WHERE part = ? AND name = ?')
      const isAsRead = ({ key, expected }: RegistryWrite) =>
        Number(version.get(key.part, key.name)?.version ?? 0) === expected
      if (!writes.every(isAsRead)) return 'conflict'
      const put = this.#database.prepare(
        'INSERT OR REPLACE INTO documents (part, name, text, version) VALUES (?, ?, ?, ?)',
      )
      for (const { key, expected, text } of writes)
        if (text !== undefined) put.run(key.part, key.name, text, expected + 1)
      return 'committed'
    })
  }

  async increment(counter: string): Promise<number> {
    const row = this.#database
      .prepare(
        'INSERT INTO counters (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value',
      )
      .get(counter)
    return Number(row?.value)
  }

  async raise(counter: string, least: number): Promise<void> {
    this.#database
      .prepare(
        'INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)',
      )
      .run(counter, least)
  }

  #alone<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

const documentOf = ({ name, text, version }: Readonly<Record<string, unknown>>): RegistryDocument => ({
  name: String(name),
  text: String(text),
  version: Number(version),
})
