import type { KinesisStreamEvent } from 'aws-lambda'
import { type ControlRecord, decodeControl } from '../codecs/control.ts'
import { type SequenceNumber, type ShardId, sequenceNumber, shardId } from '../model/ids.ts'
import type { ShardDescription } from '../ports/streams.ts'

/** What Lambda's event source mapping delivers: a run of records of one shard, in order. */
export type Batch = {
  /** As the program names it: the event's ARN has the name that it was deployed with. */
  readonly stream: string
  readonly shard: ShardId
  readonly records: readonly BatchRecord[]
  /** All shards there are, where who hands the batch over knows them; else the stream lists them. */
  readonly shards?: readonly ShardDescription[]
  /** User records of it that were put before: they are left out. */
  readonly repeats?: Repeats
}

/** By their places: see recordPlace. */
export type Repeats = ReadonlySet<string>

/** A user record's place among those of its shard. */
export const recordPlace = (sequence: SequenceNumber, sub: number): string => `${sequence}#${sub}`

export type BatchRecord = {
  readonly sequence: SequenceNumber
  readonly partitionKey: string
  readonly data: Buffer
  readonly arrivalMs: number
  readonly control: ControlRecord | undefined
}

/** Reads a Kinesis event of the stream that the program calls `stream`. Throws a TypeError for an event of another shape: nothing is retried into being one. */
export function batchOf(event: KinesisStreamEvent, stream: string): Batch {
  const first = event.Records?.[0]
  if (first?.kinesis === undefined) {
    throw new TypeError(
      'Cannot read the event: it has no Kinesis records, expected an event of a Kinesis event source mapping',
    )
  }
  return {
    stream,
    shard: shardId(first.eventID.slice(0, first.eventID.indexOf(':'))),
    records: event.Records.map(({ kinesis }) => {
      const data = Buffer.from(kinesis.data, 'base64')
      return {
        sequence: sequenceNumber(kinesis.sequenceNumber),
        partitionKey: kinesis.partitionKey,
        data,
        arrivalMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
        control: decodeControl(data),
      }
    }),
  }
}

/** At most one item: the first record that was not dealt with. Empty acknowledges the whole batch. */
export type BatchResponse = { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] }

export const acknowledgeAll: BatchResponse = { batchItemFailures: [] }
export const failFrom = (sequence: SequenceNumber): BatchResponse => ({
  batchItemFailures: [{ itemIdentifier: sequence }],
})
