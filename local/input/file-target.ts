import { encodeControl } from '../../shared/codecs/control.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import type { PutRecord, ShardDescription } from '../../shared/ports/streams.ts'

/** Where the lines of files go, and where it is noted how far they have got. */
export interface FileTarget {
  /** How a user begins anew, when a file is no longer what it was. */
  readonly beginAnew: string
  /** What is read of a file at once. */
  readonly blockBytes: number
  /** What was noted last, undefined before the first time. */
  noted(source: string): Promise<string | undefined>
  /** Keeps the records in the source's stream and the letters, ends the input if it is over, and then notes how far it has got. */
  keep(source: string, lines: KeptLines): Promise<void>
}

export type KeptLines = {
  readonly records: readonly PutRecord[]
  readonly letters: readonly DeadLetter[]
  /** No record comes after these. */
  readonly isEnd: boolean
  readonly note: string
}

/** Under which the note of a source is kept. */
export const noteName = (source: string): string => `input/${source}`

/** One record for each open shard: no record comes after it. */
export function endOfInput(shards: readonly ShardDescription[]): PutRecord[] {
  return shards
    .filter(shard => !shard.closed)
    .map(shard => ({
      data: encodeControl({ kind: 'watermark', time: endOfTime }),
      partitionKey: 'end of input',
      explicitHashKey: shard.range.from,
    }))
}
