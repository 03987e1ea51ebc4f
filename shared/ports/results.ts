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

/**
 * What a letter is of, which says whether its payload can be put back on a stream to be processed after all:
 *
 * - `record`: a user record of the source stream `stream`: yes, with its partition key and hash key, unless its payload was too large to
 *   be kept whole. It goes to the end of the stream: its first position has been dealt with. One that a feed put, too: what
 *   drops repeats has not seen it.
 * - `written`: a record that a pipeline wrote to the source stream: no. Its partition key is its position, and readers drop what comes at
 *   one they have seen.
 * - `message`: one between two stages, `payload` is JSON of its key, event time and value: no. The record that made it may have changed
 *   other results already, and a message may stand for many records.
 * - `timer`: a window or session of a key that was due, `payload` is its name: no, it was no record.
 * - `line`: a line of a file that cannot be a record, of which the payload holds the beginning, or what is left of a file: no.
 * - `change`: one of a table's stream, likewise: no.
 */
export type DeadLetterKind = 'record' | 'written' | 'message' | 'timer' | 'line' | 'change'

export type DeadLetter = {
  /** `stage/shard/position`: the same record has the same id, however often it is retried. */
  readonly id: string
  readonly kind: DeadLetterKind
  /** Fingerprint of the plan that gave the record up: see plan/shape. */
  readonly pipelineVersion: string
  readonly stage: string
  /** The stage's input stream, as the program names it. */
  readonly stream: string
  /** Where the record stands, for a person: stream, shard, sequence number, sub-sequence number. */
  readonly place: string
  /** The user record's own: inside an aggregated record, that of the sub-record. */
  readonly partitionKey: string
  /** Decimal; only of a sub-record that has one: Kinesis does not tell a plain record's. */
  readonly explicitHashKey?: string
  /** Sub-sequence number inside an aggregated record, 0 otherwise. */
  readonly sub: number
  readonly reason: string
  /** The operator whose function threw; left out when the bytes could not be decoded. */
  readonly operator?: string
  readonly stack?: string
  /** The first `limits.deadLetterBytes` of what the record held. */
  readonly payload: Uint8Array
  /** Of the whole: more than `payload.length` when only its beginning is kept. */
  readonly payloadBytes: number
}

/** Files of a file sink: S3 or a folder. */
export interface FilesPort {
  /** Writes the whole file, replacing one of the same name. Atomic: a reader sees all of it or nothing. Idempotent. */
  write(sink: string, name: string, bytes: Uint8Array): Promise<void>
}
