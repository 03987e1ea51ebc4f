import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch'
import { iteratorAgeMs } from '../../shared/aws/iterator-age.ts'

const now = Date.UTC(2026, 0, 1, 12)
const host = { now: () => now, sleep: async () => {} }

/** A client that answers each command with `answer`, and keeps what it was asked. */
function answering(answer: () => object): { readonly reader: CloudWatchClient; readonly asked: object[] } {
  const reader = new CloudWatchClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const asked: object[] = []
  reader.middlewareStack.add(
    () => async args => {
      asked.push(args.input)
      return { output: { $metadata: {}, ...answer() }, response: {} }
    },
    { step: 'initialize' },
  )
  return { reader, asked }
}

test('the iterator age of a function is the maximum of the newest minute that has one', async () => {
  const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000)
  const { reader, asked } = answering(() => ({
    Datapoints: [
      { Timestamp: minutesAgo(5), Maximum: 90_000 },
      { Timestamp: minutesAgo(2), Maximum: 1_500 },
      { Timestamp: minutesAgo(3), Maximum: 40_000 },
    ],
  }))
  assert.equal(await iteratorAgeMs(reader, host, 'prod-orders-trades'), 1_500)
  assert.deepEqual(asked, [
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/Lambda',
      MetricName: 'IteratorAge',
      Dimensions: [{ Name: 'FunctionName', Value: 'prod-orders-trades' }],
      StartTime: minutesAgo(10),
      EndTime: new Date(now),
      Period: 60,
      Statistics: ['Maximum'],
    }).input,
  ])
})

test('a function that was not invoked has none', async () => {
  assert.equal(await iteratorAgeMs(answering(() => ({})).reader, host, 'orders-trades'), undefined)
})

test('who may not read metrics learns it', async () => {
  const { reader } = answering(() => {
    throw Object.assign(new Error('not authorized'), { name: 'AccessDenied' })
  })
  await assert.rejects(
    iteratorAgeMs(reader, host, 'orders-trades'),
    /^StopDeploymentError: Cannot read the iterator age of function "orders-trades": access to CloudWatch is denied/,
  )
})
