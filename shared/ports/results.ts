import type { PositionText } from '../model/position.ts'

/** Rows that the pipeline keeps for its readers: one item per row. */
export interface ViewsPort {
  /**
   * Puts each row on condition that what the view holds under its key is of an older position, or nothing; an older put is
   * dropped silently. Each row is linearizable by itself; the call is not atomic. A rejection says nothing.
   * A row without value is a tombstone: readers see nothing, later puts still compare with its position. Idempotent.
   */
  put(view: string, rows: readonly ViewPut[]): Promise<void>

  /** Every row with a value, in any order. */
  scan(view: string): Promise<readonly ViewRow[]>
}

export type ViewPut = {
  readonly key: string
  readonly position: PositionText
  /** Plain data; left out for a delete. */
  readonly value?: unknown
}

export type ViewRow = { readonly key: string; readonly position: PositionText; readonly value: unknown }

/** Records that will never be processed, kept with the reason. */
export interface DeadLettersPort {
  /** Keeps each letter once: a second put of an id is dropped silently. A rejection says nothing. Idempotent. */
  put(pipeline: string, letters: readonly DeadLetter[]): Promise<void>
  list(pipeline: string): Promise<readonly DeadLetter[]>
}

export type DeadLetter = {
  /** `stage/shard/position`: the same record has the same id, however often it is retried. */
  readonly id: string
  readonly stage: string
  /** Where the record stands, for a person: stream, shard, sequence number, sub-sequence number. */
  readonly place: string
  readonly partitionKey: string
  /** Sub-sequence number inside an aggregated record, 0 otherwise. */
  readonly sub: number
  readonly reason: string
  /** The operator whose function threw; left out when the bytes could not be decoded. */
  readonly operator?: string
  readonly stack?: string
  readonly payload: Uint8Array
}

/** Files of a file sink: S3 or a folder. */
export interface FilesPort {
  /** Writes the whole file, replacing one of the same name. Atomic: a reader sees all of it or nothing. Idempotent. */
  write(sink: string, name: string, bytes: Uint8Array): Promise<void>
}
