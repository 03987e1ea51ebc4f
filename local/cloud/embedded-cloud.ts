import { join } from 'node:path'
import type { SequenceNumber } from '../../shared/model/ids.ts'
import { compareSequenceNumbers } from '../../shared/model/ids.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { type Limit, lookupsHere } from '../../shared/ports/lookups.ts'
import { Checkpoints } from './checkpoints.ts'
import { Claims } from './claims.ts'
import { CommitLog } from './commit-log.ts'
import { DeadLetters } from './dead-letters.ts'
import { type FileStore, FolderFiles, MemoryFiles } from './files.ts'
import { MemoryStorage } from './memory-storage.ts'
import { Meta } from './meta.ts'
import { MemorySourceFiles } from './source-files.ts'
import type { SqliteOptions } from './sqlite-database.ts'
import { SqliteStorage } from './sqlite-storage.ts'
import type { Storage } from './storage.ts'
import { Streams } from './streams.ts'
import { Transactions } from './transactions.ts'
import { Views } from './views.ts'

export type CloudClock = {
  /** Milliseconds since 1970: arrival times, and when what may expire does. */
  readonly now: () => number
  /** Backs the ports' clock. */
  readonly sleep: (ms: number) => Promise<void>
  /** Ends the calls of lookups; left out where no time passes during a call. */
  readonly limit?: Limit
}

/**
 * What a pipeline needs of AWS, in one process: streams with shards, the table, files, and what Lambda remembers of its event
 * source mappings. Every call takes effect at once and alone; on a durable storage it is durable when it returns.
 */
export class EmbeddedCloud {
  readonly streams: Streams
  readonly commits: CommitLog
  readonly views: Views
  readonly deadLetters: DeadLetters
  readonly checkpoints: Checkpoints
  readonly meta: Meta
  readonly files: FileStore
  /** What a handler that is invoked here finds in a source's folder. */
  readonly sourceFiles = new MemorySourceFiles()
  /** What the engine asks of the world, answered by this cloud. */
  readonly ports: Ports
  readonly #storage: Storage
  readonly #transactions: Transactions

  constructor(storage: Storage, files: FileStore, clock: CloudClock) {
    const transactions = new Transactions(storage)
    this.#storage = storage
    this.#transactions = transactions
    this.streams = new Streams(storage, transactions, clock.now)
    this.commits = new CommitLog(storage, transactions, clock.now)
    this.views = new Views(storage, transactions, clock.now)
    this.deadLetters = new DeadLetters(storage, transactions)
    this.checkpoints = new Checkpoints(storage, transactions)
    this.meta = new Meta(storage, transactions)
    this.files = files
    this.ports = {
      streams: {
        putRecords: async (stream, records) => this.streams.put(stream, records),
        listShards: async stream => this.streams.describe(stream),
      },
      commits: this.commits,
      claims: new Claims(storage, transactions, clock.now),
      views: this.views,
      deadLetters: this.deadLetters,
      files,
      sourceFiles: this.sourceFiles,
      lookups: lookupsHere(clock.limit),
      clock,
    }
  }

  /**
   * Runs `work` atomically: all that it did to this cloud is kept, or nothing when it throws. It must be synchronous, and an error of a
   * call inside must leave it. Files take no part.
   *
   * ```ts
   * cloud.transaction(() => {
   *   cloud.streams.put('trades', records)
   *   cloud.meta.set('orders.txt', String(offset))
   * })
   * ```
   */
  transaction<T>(work: () => T): T {
    return this.#transactions.run(work)
  }

  /** Forgets the records of a stream that all of `mappings` have checkpointed. Cheap enough to call after every batch. */
  trimCheckpointed(stream: string, mappings: readonly string[]): void {
    this.#transactions.run(() => {
      const checkpoints = mappings.map(mapping => this.checkpoints.all(mapping))
      for (const { id } of this.streams.describe(stream)) {
        const through = lowest(checkpoints.map(ofMapping => ofMapping.get(id)?.through))
        if (through !== undefined) this.streams.trim(stream, id, through)
      }
    })
  }

  /** Lets go of the data folder. The cloud is of no use afterwards. */
  close(): void {
    this.#storage.close()
  }
}

/** A cloud that lives as long as this process: for tests, drivers and the simulator. */
export function memoryCloud(clock: CloudClock): EmbeddedCloud {
  return new EmbeddedCloud(new MemoryStorage(), new MemoryFiles(), clock)
}

export type FolderCloudOptions = SqliteOptions & {
  /**
   * Where file sinks write.
   * @default `files` in the data folder
   */
  readonly filesFolder?: string
}

/**
 * A cloud in a data folder, created if missing, that is found again after the process ended, however it ended. One process holds a
 * folder at a time. Throws a DataFolderError, whose message says what to do.
 */
export function openCloud(folder: string, clock: CloudClock, options: FolderCloudOptions = {}): EmbeddedCloud {
  const { filesFolder = join(folder, 'files'), ...sqlite } = options
  return new EmbeddedCloud(new SqliteStorage(folder, sqlite), new FolderFiles(filesFolder), clock)
}

function lowest(sequences: readonly (SequenceNumber | undefined)[]): SequenceNumber | undefined {
  let low = sequences[0]
  for (const sequence of sequences) {
    if (sequence === undefined) return undefined
    if (low === undefined || compareSequenceNumbers(sequence, low) < 0) low = sequence
  }
  return low
}
