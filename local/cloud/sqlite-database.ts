import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DataFolderError, dataFolderError } from './data-folder-error.ts'
import { makeFolder } from './make-folder.ts'

export type SqliteOptions = {
  /**
   * The database file never grows above this; what would need more fails like a full disk.
   * @default no limit
   */
  readonly maxBytes?: number
}

/**
 * Opens `millrace.db` in the folder, both created if missing, and locks it for as long as this process lives. The lock is the
 * operating system's on the file: it dies with the process, however that ends. Throws a DataFolderError.
 *
 * Nothing else in this process may open that file, not even to read it: closing any handle of it would drop the lock (POSIX).
 */
export function openDatabase(folder: string, options: SqliteOptions): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    makeFolder(folder)
    const path = join(folder, 'millrace.db')
    for (const needed of [folder, path]) if (existsSync(needed)) accessSync(needed, constants.W_OK)
    database = new DatabaseSync(path, { timeout: 0 })
    prepare(database, folder, options)
    return database
  } catch (error) {
    database?.close()
    throw dataFolderError(folder, 'open', error)
  }
}

/** 'Mlrc': tells our databases from others. */
const applicationId = 0x4d6c7263
const formatVersion = 1

/** Records are tens of KB: larger pages are fewer pages. Measured on 50 KB records: twice the speed of 4 KB pages. */
const pageBytes = 16_384
/** The log is copied into the database when it has this many pages, 64 MB. Fewer copies, the same bound on the file. */
const walPages = 4_000

/**
 * Locks first, looks second, writes last: a database that isn't ours is left as it was. Synchronous NORMAL syncs when the log is copied,
 * not at each commit: what was committed survives the process, however it dies, but the last of it not a loss of power.
 */
function prepare(database: DatabaseSync, folder: string, options: SqliteOptions): void {
  database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = ${pageBytes}`)
  const isNew = numberOf(database, 'SELECT count(*) AS value FROM sqlite_schema') === 0
  if (!isNew) checkFormat(database, folder)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  database.exec(`PRAGMA wal_autocheckpoint = ${walPages}; PRAGMA journal_size_limit = ${walPages * pageBytes}`)
  database.exec('PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY')
  if (options.maxBytes !== undefined) {
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(options.maxBytes / pageBytes))}`)
  }
  // An immediate transaction takes the write lock: a folder that cannot be written to is refused here, not at the first record.
  database.exec(`BEGIN IMMEDIATE; ${isNew ? schema : ''}; COMMIT`)
}

function checkFormat(database: DatabaseSync, folder: string): void {
  if (numberOf(database, 'SELECT application_id AS value FROM pragma_application_id') !== applicationId) {
    const fault = 'its millrace.db is not a Millrace database, move it away or use another --data folder'
    throw new DataFolderError(folder, `Cannot open data folder "${folder}": ${fault}`)
  }
  const version = numberOf(database, 'SELECT user_version AS value FROM pragma_user_version')
  if (version !== formatVersion) {
    const fault = `it has format ${version}, use the Millrace that wrote it or another --data folder (this one reads ${formatVersion})`
    throw new DataFolderError(folder, `Cannot open data folder "${folder}": ${fault}`)
  }
}

function numberOf(database: DatabaseSync, query: string): number {
  return Number(database.prepare(query).get()?.value)
}

/** A record's row id is its shard's number and its offset, so a shard's records lie together, in order. */
const schema = `
  CREATE TABLE records (
    id INTEGER PRIMARY KEY, partition_key TEXT NOT NULL, hash_key TEXT, arrival_ms INTEGER NOT NULL, data BLOB NOT NULL
  ) STRICT;
  CREATE TABLE items (
    partition TEXT NOT NULL, sort TEXT NOT NULL, mark TEXT NOT NULL, expires_ms INTEGER, text TEXT NOT NULL, bytes BLOB,
    PRIMARY KEY (partition, sort)
  ) STRICT;
  CREATE INDEX expiring ON items (expires_ms) WHERE expires_ms IS NOT NULL;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
`
