import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda'
import { asBuffer } from '../../shared/codecs/bytes.ts'
import type { ShardId } from '../../shared/model/ids.ts'
import { sequenceAt, shardIdAt } from '../cloud/sequence.ts'
import { maxOffset } from '../cloud/storage.ts'
import type { StreamRecord } from '../cloud/streams.ts'

const region = 'us-east-1'
const account = '000000000000'

export const streamArn = (stream: string): string => `arn:aws:kinesis:${region}:${account}:stream/${stream}`
export const functionArn = (name: string): string => `arn:aws:lambda:${region}:${account}:function:${name}`

/** The event that Lambda hands to a function for a batch of one shard. */
export function kinesisEvent(stream: string, shard: ShardId, records: readonly StreamRecord[]): KinesisStreamEvent {
  const eventSourceARN = streamArn(stream)
  return { Records: records.map(record => eventRecord(eventSourceARN, shard, record)) }
}

/** What the record adds to the payload of an invocation, exact for partition keys without characters that JSON escapes. */
export function payloadBytesOf(stream: string, record: StreamRecord): number {
  const base64 = Math.ceil(record.data.byteLength / 3) * 4
  return emptyRecordBytes + stream.length + Buffer.byteLength(record.partitionKey) + base64
}

/** `{"Records":[]}` */
export const emptyPayloadBytes = 14

function eventRecord(eventSourceARN: string, shard: ShardId, record: StreamRecord): KinesisStreamRecord {
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: record.partitionKey,
      sequenceNumber: record.sequence,
      data: asBuffer(record.data).toString('base64'),
      approximateArrivalTimestamp: record.arrivalMs / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shard}:${record.sequence}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: `arn:aws:iam::${account}:role/lambda-role`,
    awsRegion: region,
    eventSourceARN,
  }
}

/** A record without data, keys and stream name, with the longest of all that varies, and its comma. */
const emptyRecordBytes =
  JSON.stringify(
    eventRecord(streamArn(''), shardIdAt(0), {
      sequence: sequenceAt(maxOffset),
      partitionKey: '',
      explicitHashKey: undefined,
      data: new Uint8Array(),
      arrivalMs: 1_999_999_999_999,
    }),
  ).length + 1
