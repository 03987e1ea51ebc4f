import type { ShardId } from '../../shared/model/ids.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import type { DiscardCondition, Part } from './decision.ts'
import { functionArn, streamArn } from './kinesis-event.ts'

/** What Lambda sends to an on-failure destination: where the discarded records are, not the records. */
export type DiscardedBatch = {
  readonly requestContext: {
    readonly requestId: string
    readonly functionArn: string
    readonly condition: DiscardCondition
    readonly approximateInvokeCount: number
  }
  /** Left out when the records were never handed over. */
  readonly responseContext?: {
    readonly statusCode: number
    readonly executedVersion: string
    /** Left out when the function answered, with a partial batch response. */
    readonly functionError?: 'Unhandled'
  }
  readonly version: '1.0'
  readonly timestamp: string
  readonly KinesisBatchInfo: {
    readonly shardId: ShardId
    readonly startSequenceNumber: string
    readonly endSequenceNumber: string
    readonly approximateArrivalOfFirstRecord: string
    readonly approximateArrivalOfLastRecord: string
    readonly batchSize: number
    readonly streamArn: string
  }
}

export type Discard = {
  readonly mapping: string
  readonly stream: string
  readonly shard: ShardId
  readonly records: readonly StreamRecord[]
  readonly part: Part
  readonly condition: DiscardCondition
  /** Whether the last invocation threw rather than answered. */
  readonly threw: boolean
  readonly nowMs: number
}

export function discardedBatch(discard: Discard): DiscardedBatch {
  const { mapping, stream, shard, records, part, condition, threw, nowMs } = discard
  const first = records[0]
  const last = records[records.length - 1]
  const responseContext = {
    statusCode: 200,
    executedVersion: '$LATEST',
    ...(threw ? { functionError: 'Unhandled' as const } : {}),
  }
  return {
    requestContext: {
      // A retry after a crash sends the same id again: who receives it can drop the second.
      requestId: `${mapping}/${shard}/${first.sequence}`,
      functionArn: functionArn(mapping),
      condition,
      approximateInvokeCount: part.invocations,
    },
    ...(part.invocations > 0 ? { responseContext } : {}),
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    KinesisBatchInfo: {
      shardId: shard,
      startSequenceNumber: first.sequence,
      endSequenceNumber: last.sequence,
      approximateArrivalOfFirstRecord: new Date(first.arrivalMs).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.arrivalMs).toISOString(),
      batchSize: records.length,
      streamArn: streamArn(stream),
    },
  }
}
