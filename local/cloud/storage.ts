/**
 * What the embedded cloud keeps things in. Synchronous: between two awaits of the runtime nothing else can happen, so a check
 * and the write that follows it need no lock. Two implementations must behave alike: memory and SQLite.
 */
export interface Storage {
  readonly records: RecordStore
  readonly items: ItemStore

  /**
   * Runs `work` and keeps all that it wrote, or nothing when it throws. What is kept is durable when this returns, as far as the
   * storage is durable at all. Inside another transaction it is a part of that one: an error must then leave the outermost.
   */
  transaction<T>(work: () => T): T

  close(): void
}

/** The records of all shards. A shard is a number here, the same for as long as the storage lives, and never given twice. */
export interface RecordStore {
  /** Adds to the end of a shard. Offsets ascend and are above every earlier one of the shard. Keeps `data` as it is, uncopied. */
  append(shard: number, records: readonly StoredRecord[]): void

  /**
   * Records with an offset above `after`, in order: at most `maxRecords`, and at most `maxBytes` of data unless the first alone
   * is larger. Takes time in proportion to what it returns.
   */
  read(shard: number, after: number, maxRecords: number, maxBytes: number): readonly StoredRecord[]

  /** Forgets every record up to and including offset `through`. Its cost is that of the records forgotten, each once. */
  trim(shard: number, through: number): void

  /** The greatest offset that is kept, 0 when there is none. */
  last(shard: number): number
}

export type StoredRecord = {
  /** Position in its stream, from 1. */
  readonly offset: number
  readonly partitionKey: string
  readonly explicitHashKey: bigint | undefined
  readonly data: Uint8Array
  readonly arrivalMs: number
}

/** A table in DynamoDB's manner: items by partition and sort key. Conditions are the caller's: it reads, decides and puts. */
export interface ItemStore {
  get(partition: string, sort: string): Item | undefined
  /** Replaces the item of the same keys. Keeps `bytes` as they are, uncopied. */
  put(partition: string, sort: string, item: Item): void
  delete(partition: string, sort: string): void
  /** All items of a partition with their sort keys, in any order. */
  list(partition: string): readonly (readonly [sort: string, item: Item])[]
  /** The partitions that hold an item and whose name begins with `prefix`, in order. */
  partitions(prefix: string): readonly string[]
  /** Deletes the items whose time has come. */
  sweep(nowMs: number): void
}

export type Item = {
  /** What conditions compare: a version, a position. */
  readonly mark: string
  /** Attributes as JSON, or any other text. */
  readonly text: string
  readonly bytes?: Uint8Array
  /** When the item may be deleted, as DynamoDB's time to live. Left out: never. */
  readonly expiresMs?: number
}

/** A shard number and an offset share SQLite's 64-bit row id: 2^40 records in a stream, 2^22 shards in a storage. */
export const maxOffset = 2 ** 40 - 1
export const maxShard = 2 ** 22 - 1
