import type { HashRange } from '../model/hash-range.ts'
import type { SequenceNumber, ShardId } from '../model/ids.ts'

/** Kinesis, as far as the engine writes to it. Reading is Lambda's event source mapping's business. */
export interface StreamsPort {
  /**
   * PutRecords: each record is accepted or refused on its own, answers in the order asked. Keeps no order inside one call;
   * a record that was acknowledged has a smaller sequence number in its shard than any whose put begins later.
   * A rejection says nothing: some, all or none may have taken effect. At most `limits.putRecordsCount` records.
   */
  putRecords(stream: string, records: readonly PutRecord[]): Promise<readonly PutOutcome[]>

  /** ListShards: every shard still listed, closed ones included. Eventually consistent. */
  listShards(stream: string): Promise<readonly ShardDescription[]>
}

export type PutRecord = {
  readonly data: Uint8Array
  readonly partitionKey: string
  /** Where the record goes in the hash space, instead of the MD5 of the partition key. */
  readonly explicitHashKey?: bigint
}

export type PutOutcome =
  | { readonly kind: 'accepted'; readonly shard: ShardId; readonly sequence: SequenceNumber }
  | { readonly kind: 'refused'; readonly reason: string }

export type ShardDescription = {
  readonly id: ShardId
  /** None for an original shard, one after a split, two after a merge. */
  readonly parents: readonly ShardId[]
  readonly range: HashRange
  readonly closed: boolean
}
