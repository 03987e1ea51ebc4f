import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EachBatchPayload, Kafka, logLevel } from 'kafkajs'
import { json, kafka, pipeline } from 'millrace'
import { handlers } from 'millrace/lambda'
import { kafkaEvent, lambdaContext, TestCloud } from 'millrace/testing'
import { Random } from '../codecs/random.ts'
import { type Broker, startBroker, whyNoBroker } from './broker.ts'

/*
 * A topic of a broker of Apache Kafka that the test starts, handed to the deployed handler as Lambda's event source mapping does: by
 * consumers of a group that fail, come and go, and read again from what was committed. `npm run test:kafka`.
 */

type Click = { readonly page: string; readonly at: number }

const why = await whyNoBroker()
const topic = 'web.clicks'
const partitions = 3
const count = 600

let broker: Broker
before(async () => {
  if (why === undefined) broker = await startBroker()
})
after(() => broker?.close())

const client = (): Kafka =>
  new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING, retry: { retries: 50, initialRetryTime: 50 } })

const clicks = pipeline(
  'clicks',
  ({ source }) => ({
    counts: source('clicks', {
      codec: json<Click>(),
      from: kafka({ topic, partitions }),
      eventTime: click => click.at,
    })
      .keyBy('page')
      .count('counts'),
  }),
  { keyGroups: 4 },
)

async function fill(random: Random): Promise<Record<string, number>> {
  const admin = client().admin()
  await admin.connect()
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] })
  await admin.disconnect()
  const producer = client().producer()
  await producer.connect()
  const expected: Record<string, number> = {}
  for (let at = 0; at < count; at += 100) {
    const messages = Array.from({ length: 100 }, (_, i) => {
      const page = `/${random.below(9)}`
      expected[page] = (expected[page] ?? 0) + 1
      return { key: page, value: JSON.stringify({ page, at: at + i } satisfies Click) }
    })
    await producer.send({ topic, messages })
  }
  await producer.disconnect()
  return expected
}

test('records of a real topic count once each, whatever its consumers read again', { skip: why ?? false }, async () => {
  const random = new Random(5)
  const expected = await fill(random)
  const cloud = new TestCloud()
  const deployed = handlers(clicks)
  let handedOver = 0
  const reached = new Set<string>()
  const run = async ({ batch, resolveOffset, commitOffsetsIfNecessary, isStale }: EachBatchPayload): Promise<void> => {
    if (isStale()) return
    const messages = batch.messages.slice(0, 1 + random.below(40))
    const records = messages.map(({ key, value, offset, timestamp }) => ({
      partition: batch.partition,
      offset: Number(offset),
      timestamp: Number(timestamp),
      value,
      ...(key && { key }),
    }))
    if (random.below(3) === 0) cloud.evict()
    await deployed.clicks(kafkaEvent(topic, records), lambdaContext({ cloud }))
    handedOver += records.length
    for (const { offset } of records) reached.add(`${batch.partition}/${offset}`)
    // Dealt with, and nobody hears of it: the records come again.
    if (random.below(3) === 0) throw new Error('the poller dies before it commits')
    resolveOffset(String(records[records.length - 1].offset))
    await commitOffsetsIfNecessary()
  }
  const start = async () => {
    const consumer = client().consumer({
      groupId: 'mapping',
      maxWaitTimeInMs: 50,
      sessionTimeout: 6_000,
      rebalanceTimeout: 6_000,
    })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ autoCommitThreshold: 1, eachBatchAutoResolve: false, eachBatch: run })
    return consumer
  }
  const first = await start()
  const second = await start()
  for (let waits = 0; reached.size < count / 3 && waits < 800; waits++) await sleep(25)
  // Its partitions go to the other one, from what was committed.
  await first.disconnect()
  for (let waits = 0; reached.size < count && waits < 800; waits++) await sleep(25)
  await second.disconnect()

  assert.equal(reached.size, count)
  assert.ok(handedOver > count, `${handedOver} records were handed over, some of them again`)
  await cloud.of(clicks).deliver('page', deployed.page)
  const rows = await cloud.of(clicks).rows('counts')
  assert.deepEqual(
    Object.fromEntries(rows.map(({ key, value }) => [key, value])),
    Object.fromEntries(Object.entries(expected).sort()),
  )
})
