import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

export type Cell = string | number | bigint | boolean | null | object

/** What DuckDB makes of a file: rows of plain cells. `sql` names it as `$file`. Extensions are never fetched. */
export async function askDuckdb(bytes: Uint8Array, name: string, sql: string): Promise<Record<string, Cell>[]> {
  return withDuckdb(async (folder, run) => {
    const file = join(folder, name)
    writeFileSync(file, bytes)
    return run(sql.replaceAll('$file', `'${file}'`))
  })
}

type Run = (sql: string) => Promise<Record<string, Cell>[]>

/** Runs DuckDB with a folder that is gone afterwards. */
export async function withDuckdb<T>(use: (folder: string, run: Run) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-files-'))
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    TimeZone: 'UTC',
  }).catch(() => DuckDBInstance.create(':memory:'))
  const connection = await instance.connect()
  try {
    return await use(folder, async sql => {
      const reader = await connection.runAndReadAll(sql)
      return reader.getRowObjects() as Record<string, Cell>[]
    })
  } finally {
    connection.closeSync()
    instance.closeSync()
    rmSync(folder, { recursive: true })
  }
}
