import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { kinesisEvent, lambdaContext, resetTestCloud, TestCloud, testCloud } from 'millrace/testing'
import { clientId, side, symbol, topClients, topSymbols, trades } from '../../functions/orders/handlers.ts'
import { orders } from '../../functions/orders/pipeline.ts'
import { encodeControl } from '../../shared/codecs/control.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import type { InvocationReport } from '../../shared/ports/host.ts'

const lines = [
  '2016-03-22 20:25:28,1,80,EPE,710,51.00,B',
  '2016-03-22 20:25:30,2,81,XYZ,10,1.50,S',
  '2016-03-22 20:25:31,3,80,EPE,90,51.00,B',
]
const end = encodeControl({ kind: 'watermark', time: endOfTime })
const acknowledged = { batchItemFailures: [] }

beforeEach(resetTestCloud)

test('a source handler publishes to the next stages and acknowledges its batch', async () => {
  const response = await trades(kinesisEvent('trades', lines), lambdaContext())
  assert.deepEqual(response, acknowledged)
  const cloud = testCloud(orders)
  assert.equal(cloud.events('side').length, 1)
  assert.equal(cloud.events('clientId').length, 1)
  assert.equal(cloud.events('symbol').length, 1)
})

test('every stage of orders, invoked in turn, keeps its views', async () => {
  const cloud = testCloud(orders)
  await trades(kinesisEvent('trades', [...lines, end]), lambdaContext())
  await cloud.deliver('side', side)
  await cloud.deliver('clientId', clientId)
  await cloud.deliver('symbol', symbol)
  await cloud.deliver('top-clients', topClients)
  await cloud.deliver('top-symbols', topSymbols)

  const start = Date.parse('2016-03-22T20:25:00Z')
  const window = { start, end: start + 60_000 }
  assert.deepEqual(await cloud.rows('sides'), [
    { key: 'B', window, value: 2 },
    { key: 'S', window, value: 1 },
  ])
  assert.deepEqual(await cloud.rows('totals'), [
    { key: 'B', value: 2 },
    { key: 'S', value: 1 },
  ])
  assert.deepEqual(await cloud.rows('topClients'), [
    { rank: 1, key: 80, value: 40_800 },
    { rank: 2, key: 81, value: 15 },
  ])
  const symbols = await cloud.rows('topSymbols')
  assert.equal(symbols.length, 24, 'an hour hopping by 5 minutes: 12 windows, 2 symbols each')
  assert.deepEqual(
    symbols.slice(0, 2).map(({ rank, key, value }) => ({ rank, key, value })),
    [
      { rank: 1, key: 'EPE', value: 800 },
      { rank: 2, key: 'XYZ', value: 10 },
    ],
  )
})

test('an event that is handed over twice is counted once, by a warm environment and by a cold one', async () => {
  const cloud = testCloud(orders)
  const event = kinesisEvent('trades', lines)
  await trades(event, lambdaContext())
  await trades(event, lambdaContext())
  testCloud().evict()
  await trades(event, lambdaContext())
  const [event1] = cloud.events('side')
  const reports: InvocationReport[] = []
  const onReport = (report: InvocationReport) => void reports.push(report)
  assert.deepEqual(await side(event1, lambdaContext({ onReport })), acknowledged)
  assert.deepEqual(await side(event1, lambdaContext({ onReport })), acknowledged)
  testCloud().evict()
  assert.deepEqual(await side(event1, lambdaContext({ onReport })), acknowledged)
  assert.deepEqual(await cloud.rows('totals'), [
    { key: 'B', value: 2 },
    { key: 'S', value: 1 },
  ])
  assert.deepEqual(
    reports.map(({ commits, coldLoads }) => ({ commits, coldLoads })),
    [
      { commits: 1, coldLoads: 1 },
      { commits: 0, coldLoads: 0 },
      { commits: 0, coldLoads: 1 },
    ],
  )
})

test('a batch that is cut differently by a retry is counted once', async () => {
  const cloud = testCloud(orders)
  const whole = kinesisEvent('trades', lines)
  await trades({ Records: whole.Records.slice(0, 2) }, lambdaContext())
  await trades(whole, lambdaContext())
  await trades({ Records: whole.Records.slice(1) }, lambdaContext())
  await cloud.deliver('side', side)
  assert.deepEqual(await cloud.rows('totals'), [
    { key: 'B', value: 2 },
    { key: 'S', value: 1 },
  ])
})

test('malformed lines become dead letters that say what, where and why, once', async () => {
  const event = kinesisEvent('trades', [lines[0], 'no trade', '2016-03-22 20:25:28,1,80,EPE,710,51.00,X'])
  assert.deepEqual(await trades(event, lambdaContext()), acknowledged)
  await trades(event, lambdaContext())
  const letters = await testCloud(orders).deadLetters()
  assert.deepEqual(
    letters.map(({ stage, text, place }) => ({ stage, text, place })),
    [
      {
        stage: 'trades',
        text: 'no trade',
        place: `trades shardId-000000000000 ${event.Records[1].kinesis.sequenceNumber}#0`,
      },
      {
        stage: 'trades',
        text: '2016-03-22 20:25:28,1,80,EPE,710,51.00,X',
        place: `trades shardId-000000000000 ${event.Records[2].kinesis.sequenceNumber}#0`,
      },
    ],
  )
  assert.match(letters[0].reason, /^Cannot read the line: found 1 column, expected 7/)
  assert.match(letters[1].reason, /"side"/)
})

test('an invocation that runs out of time reports the first record that it did not get to', async () => {
  const event = kinesisEvent('trades', lines)
  let left = 1_000
  const response = await trades(event, lambdaContext({ remainingMs: () => (left -= 300) }))
  assert.deepEqual(response, { batchItemFailures: [{ itemIdentifier: event.Records[2].kinesis.sequenceNumber }] })
  const cloud = testCloud(orders)
  await cloud.deliver('side', side)
  assert.deepEqual(await cloud.rows('totals'), [
    { key: 'B', value: 1 },
    { key: 'S', value: 1 },
  ])
})

test('what a response reports as failed stays for the next delivery', async () => {
  const cloud = testCloud(orders)
  await trades(kinesisEvent('trades', lines), lambdaContext())
  await trades(kinesisEvent('trades', lines), lambdaContext())
  let left = 1_000
  const hasty: typeof side = (event, context) =>
    side(event, { ...lambdaContext({ remainingMs: () => (left -= 300) }), functionName: context.functionName })
  const responses = await cloud.deliver('side', hasty)
  assert.equal(responses[0].batchItemFailures.length, 1)
  while (cloud.events('side').length > 0) await cloud.deliver('side', side)
  assert.deepEqual(await cloud.rows('totals'), [
    { key: 'B', value: 4 },
    { key: 'S', value: 2 },
  ])
})

test('a handler refuses an event of another kind with a sentence', async () => {
  await assert.rejects(trades({ Records: [] }, lambdaContext()), {
    name: 'TypeError',
    message: /^Cannot read the event: it has no Kinesis records/,
  })
})

test('two clouds know nothing of each other', async () => {
  const other = new TestCloud()
  await trades(kinesisEvent('trades', lines), lambdaContext({ cloud: other }))
  assert.equal(testCloud(orders).events('side').length, 0)
  await other.of(orders).deliver('side', side)
  assert.equal((await other.of(orders).rows('totals')).length, 2)
  assert.equal((await testCloud(orders).rows('totals')).length, 0)
})

test('a shard that the stream does not have fails the batch, and one that it has is served', async () => {
  const event = kinesisEvent('trades', lines, { shard: 3 })
  await assert.rejects(trades(event, lambdaContext()), /^Error: Cannot find shard "shardId-000000000003"/)
  const cloud = new TestCloud()
  cloud.createStream('trades', 4)
  assert.deepEqual(await trades(event, lambdaContext({ cloud })), acknowledged)
})
