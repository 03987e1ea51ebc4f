import type { KinesisStreamEvent } from 'aws-lambda'
import { type ShardId, shardId } from '../../shared/model/ids.ts'
import { sequenceAt, shardIdAt } from '../cloud/sequence.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import { kinesisEvent as eventOf } from '../event-source/kinesis-event.ts'
import { testArrivalMs } from './test-cloud.ts'

/** A record of a test: its bytes or text, and where that matters how it was put. */
export type TestRecord =
  | string
  | Uint8Array
  | {
      readonly data: string | Uint8Array
      /** @default another one for each record */
      readonly partitionKey?: string
      readonly explicitHashKey?: bigint
      /** When Kinesis received it. @default 2026-01-01T00:00:00Z */
      readonly arrival?: string | number | Date
    }

/** Where and when the records of an event came in. */
export type KinesisEventOptions = {
  /** The shard that the records are of, by its number or id. @default 0 */
  readonly shard?: number | string
  /** Arrival time of records that do not say their own. @default 2026-01-01T00:00:00Z */
  readonly arrival?: string | number | Date
}

let records = 0

/**
 * The event that Lambda hands to a stage for records of one shard of a stream. Sequence numbers rise from record to record and from
 * call to call; the same event twice is what a retry looks like.
 *
 * @example
 * await trades(kinesisEvent('trades', ['2016-03-22 20:25:28,1,80,EPE,710,51.00,B']), lambdaContext())
 */
export function kinesisEvent(
  stream: string,
  list: readonly TestRecord[],
  options: KinesisEventOptions = {},
): KinesisStreamEvent {
  if (list.length === 0)
    throw new RangeError(
      `Cannot make an event of stream "${stream}": it has no records, Lambda hands over at least one`,
    )
  return eventOf(
    stream,
    shardOf(options.shard ?? 0),
    list.map(record => streamRecord(record, options)),
  )
}

const shardOf = (shard: number | string): ShardId => (typeof shard === 'number' ? shardIdAt(shard) : shardId(shard))

function streamRecord(record: TestRecord, options: KinesisEventOptions): StreamRecord {
  const offset = ++records
  const whole = typeof record === 'string' || record instanceof Uint8Array ? { data: record } : record
  const { data, partitionKey = `record-${offset}`, explicitHashKey, arrival = options.arrival ?? testArrivalMs } = whole
  return {
    sequence: sequenceAt(offset),
    partitionKey,
    explicitHashKey,
    data: typeof data === 'string' ? Buffer.from(data) : data,
    arrivalMs: new Date(arrival).getTime(),
  }
}
