import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sequenceAt, shardIdAt } from '../../local/cloud/sequence.ts'
import type { StreamRecord } from '../../local/cloud/streams.ts'
import { emptyPayloadBytes, kinesisEvent, payloadBytesOf } from '../../local/event-source/kinesis-event.ts'

const record = (data: string, partitionKey = 'key'): StreamRecord => ({
  sequence: sequenceAt(7),
  partitionKey,
  explicitHashKey: undefined,
  data: Buffer.from(data),
  arrivalMs: 1_545_084_650_987,
})

test('kinesisEvent() has the shape that Lambda hands over', () => {
  assert.deepEqual(kinesisEvent('trades', shardIdAt(6), [record('Hello, this is a test.')]), {
    Records: [
      {
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: 'key',
          sequenceNumber: `49${'7'.padStart(54, '0')}`,
          data: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
          approximateArrivalTimestamp: 1545084650.987,
        },
        eventSource: 'aws:kinesis',
        eventVersion: '1.0',
        eventID: `shardId-000000000006:49${'7'.padStart(54, '0')}`,
        eventName: 'aws:kinesis:record',
        invokeIdentityArn: 'arn:aws:iam::000000000000:role/lambda-role',
        awsRegion: 'us-east-1',
        eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/trades',
      },
    ],
  })
})

test('payloadBytesOf() adds up to the JSON that is sent', () => {
  const records = [
    record(''),
    record('x', 'é'),
    record('xy'),
    record('xyz'),
    record('x'.repeat(1_000), 'k'.repeat(256)),
  ]
  const sum = records.reduce((bytes, each) => bytes + payloadBytesOf('trades', each), emptyPayloadBytes)
  const sent = Buffer.byteLength(JSON.stringify(kinesisEvent('trades', shardIdAt(0), records)))
  // The last record has no comma behind it.
  assert.equal(sum - 1, sent)
})
