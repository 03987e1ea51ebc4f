import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import type { ShardDescription } from '../../shared/ports/streams.ts'
import type { Checkpoint, Tally } from '../cloud/checkpoints.ts'
import type { StreamRecord } from '../cloud/streams.ts'

/**
 * What an event source mapping needs of a cloud: an embedded one has it, and so has a mirror of streams that are elsewhere. Calls answer
 * at once, with what is known here; what throws stops the mapping.
 */
export type MappedCloud = {
  readonly streams: MappedStreams
  readonly checkpoints: MappedCheckpoints
  /** Runs `work`, which is synchronous, so that all of its checkpoints are kept or none. */
  transaction<T>(work: () => T): T
}

export type MappedStreams = {
  /** Parents before children. A closed shard gets no more records: all that it has can be read. */
  describe(stream: string): readonly ShardDescription[]
  /**
   * Records of a shard after `after`, at most `maxRecords`, and at most `maxBytes` of data unless the first alone is larger. Not empty
   * when `hasMore` has said so.
   */
  read(
    stream: string,
    shard: ShardId,
    after: SequenceNumber | undefined,
    maxRecords: number,
    maxBytes: number,
  ): readonly StreamRecord[]
  hasMore(stream: string, shard: ShardId, after: SequenceNumber | undefined): boolean
  /** The newest record of all shards, undefined before the first. */
  newest(stream: string): SequenceNumber | undefined
  /** Calls `listener` when there may be more records or other shards. Returns how to stop. */
  listen(stream: string, listener: () => void): () => void
}

export type MappedCheckpoints = {
  get(mapping: string, shard: ShardId): Checkpoint | undefined
  /** By shard. Empty when the mapping has never had a checkpoint. */
  all(mapping: string): ReadonlyMap<ShardId, Checkpoint>
  advance(mapping: string, shard: ShardId, through: SequenceNumber | undefined, tally?: Tally): void
}
