import type { DeadLetter, ViewPut } from '../ports/results.ts'

/**
 * What a commit sends out, as committed: a later publish, by whoever, sends the same bytes. Targets are named, so that an outbox can
 * still be published after the program changed.
 */
export type Outbox = {
  /** Chunks not compressed, in the order in which those of one (stage, group) must be acknowledged. */
  readonly chunks: readonly OutboxChunk[]
  readonly views: readonly { readonly view: string; readonly rows: readonly ViewPut[] }[]
  readonly letters: readonly DeadLetter[]
  readonly streams: readonly { readonly stream: string; readonly records: readonly OutboxRecord[] }[]
  readonly files: readonly { readonly sink: string; readonly extension: string; readonly bytes: Uint8Array }[]
  readonly calls: readonly { readonly sink: string; readonly values: readonly unknown[] }[]
}

export type OutboxChunk = {
  readonly stream: string
  readonly groups: number
  readonly group: number
  readonly bytes: Uint8Array
}

export type OutboxRecord = {
  readonly partitionKey: string
  readonly hashKey: bigint
  readonly data: Uint8Array
}

export const emptyOutbox: Outbox = { chunks: [], views: [], letters: [], streams: [], files: [], calls: [] }
