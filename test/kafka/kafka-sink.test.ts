import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs'
import { json, milliseconds, pipeline } from 'millrace'
import { KafkaRepeats, kafkaSink } from 'millrace/sinks'
import { drive } from 'millrace/testing'
import { Random } from '../codecs/random.ts'
import { type Broker, startBroker, whyNoBroker } from './broker.ts'

/*
 * On a broker of Apache Kafka that the test starts: `npm run test:kafka`.
 */

type Order = { readonly id: number; readonly customer: string }
type Read = { readonly partition: number; readonly message: KafkaMessage }

const why = await whyNoBroker()
if (why !== undefined) process.stdout.write(`Skipping the tests on Kafka: ${why}\n`)

let broker: Broker
const partitions = 3
const customers = ['ann', 'bob', 'cid', 'dan', 'eve']
const ordersOf = (first: number, count: number): Order[] =>
  Array.from({ length: count }, (_, i) => ({ id: first + i, customer: customers[(first + i) % customers.length] }))

before(async () => {
  if (why === undefined) broker = await startBroker()
})
after(() => broker?.close())

const client = (): Kafka =>
  new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING, retry: { retries: 20, initialRetryTime: 100 } })

async function createTopic(topic: string): Promise<void> {
  const admin = client().admin()
  await admin.connect()
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] })
  await admin.disconnect()
}

/** All messages of a topic, as a reader without a group sees them. */
async function readAll(topic: string): Promise<Read[]> {
  const admin = client().admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  const expected = ends.reduce((sum, { high }) => sum + Number(high), 0)
  const read: Read[] = []
  const consumer = client().consumer({ groupId: `${topic}-${Math.trunc(performance.now())}`, maxWaitTimeInMs: 50 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachMessage: async ({ partition, message }) => void read.push({ partition, message }) })
  for (let waits = 0; read.length < expected && waits < 400; waits++) await sleep(25)
  await consumer.disconnect()
  assert.equal(read.length, expected)
  return read
}

function onceEach(read: readonly Read[]): Read[] {
  const repeats = new KafkaRepeats()
  return read.filter(({ partition, message }) => !repeats.isRepeat(partition, message.headers))
}

const orderOf = ({ message }: Read): Order => JSON.parse(`${message.value}`) as Order

/** Order is what a reader sees of a key. */
function assertOrders(read: readonly Read[], expected: readonly Order[]): void {
  for (const customer of customers) {
    const own = read.filter(({ message }) => `${message.key}` === customer)
    assert.ok(new Set(own.map(({ partition }) => partition)).size <= 1)
    const ids = expected.filter(order => order.customer === customer).map(({ id }) => id)
    assert.deepEqual(
      own.map(orderOf).map(({ id }) => id),
      ids,
    )
  }
  assert.equal(read.length, expected.length)
}

const sinkTo = (topic: string) =>
  kafkaSink<Order>({
    brokers: [broker.address],
    topic,
    codec: json(),
    key: order => order.customer,
    headers: order => ({ kind: `order ${order.id}` }),
    timestamp: order => 1_000 + order.id,
    compression: 'gzip',
  })

const options = why === undefined ? {} : { skip: why }

test('kafkaSink() writes each value as a message with its key, headers, time and position', options, async () => {
  await createTopic('plain')
  const sink = sinkTo('plain')
  await sink.write(ordersOf(0, 40), 'orders/shard-0/7')
  await sink.write(ordersOf(40, 2_500), 'orders/shard-0/8')
  await sink.close()
  const read = await readAll('plain')
  assertOrders(read, ordersOf(0, 2_540))
  const first = read.find(each => orderOf(each).id === 3)?.message
  assert.equal(first?.timestamp, '1003')
  assert.deepEqual(
    Object.fromEntries(Object.entries(first?.headers ?? {}).map(([name, header]) => [name, `${header}`])),
    { kind: 'order 3', 'millrace-writer': 'orders/shard-0', 'millrace-position': '7/3' },
  )
})

test('a reader that drops repeats has each value once, in order, whatever comes again', options, async () => {
  await createTopic('again')
  const random = new Random(11)
  const parts = Array.from({ length: 12 }, (_, i) => ordersOf(i * 20, 20))
  let sink = sinkTo('again')
  for (const [version, part] of parts.entries()) {
    // A crash after any part of the batch: a write that is not waited for, or one whose answer nobody heard.
    for (let crashes = random.below(3); crashes > 0; crashes--) {
      await sink.write(part.slice(0, random.between(1, part.length)), `o/s/${version}`)
      await sink.close()
      sink = sinkTo('again')
    }
    await sink.write(part, `o/s/${version}`)
  }
  await sink.close()
  const read = await readAll('again')
  assert.ok(read.length > parts.flat().length)
  assertOrders(onceEach(read), parts.flat())
})

test('values without a key come to the same partitions again', options, async () => {
  await createTopic('keyless')
  const keyless = () => kafkaSink<Order>({ brokers: [broker.address], topic: 'keyless', codec: json() })
  for (let times = 0; times < 3; times++) {
    const sink = keyless()
    await sink.write(ordersOf(0, 60), 'o/s/1')
    await sink.close()
  }
  const read = await readAll('keyless')
  assert.equal(read.length, 180)
  assert.equal(new Set(read.map(({ partition }) => partition)).size, partitions)
  const ids = onceEach(read).map(each => orderOf(each).id)
  assert.deepEqual(
    ids.toSorted((a, b) => a - b),
    ordersOf(0, 60).map(({ id }) => id),
  )
})

test('a pipeline that crashes at any await comes to the same once repeats are dropped', options, async () => {
  const shop = pipeline('shop', ({ source }) => ({
    written: source('orders', { codec: json<Order>() }).forEach(async () => {}),
  }))
  let awaits = 1
  let repeats = 0
  for (let crash = 1; crash <= awaits; crash++) {
    const topic = `crash-${crash}`
    await createTopic(topic)
    const written = sinkTo(topic)
    const run = drive(shop, { batchSize: 5, sinks: { written } })
    run.crash('afterAny', { occurrence: crash, how: 'dies' })
    await run.orders.push(...ordersOf(0, 12))
    awaits = Math.max(awaits, run.awaits.length)
    await written.close()
    const read = await readAll(topic)
    repeats += read.length - 12
    assertOrders(onceEach(read), ordersOf(0, 12))
  }
  assert.ok(awaits > 3 && repeats > 0, `${awaits} awaits, ${repeats} repeats`)
})

test('a broker that dies is waited for, and nothing is lost or out of order', options, async () => {
  await createTopic('dying')
  const sink = sinkTo('dying')
  await sink.write(ordersOf(0, 30), 'o/s/0')
  await broker.kill()
  const begun = performance.now()
  await assert.rejects(sink.write(ordersOf(30, 30), 'o/s/1'), { message: /^Cannot write to topic "dying": / })
  assert.ok(performance.now() - begun < 30_000)
  await broker.restart()
  for (let done = false; !done; ) {
    done = await sink.write(ordersOf(30, 30), 'o/s/1').then(
      () => true,
      () => sleep(200).then(() => false),
    )
  }
  await sink.write(ordersOf(60, 30), 'o/s/2')
  await sink.close()
  assertOrders(onceEach(await readAll('dying')), ordersOf(0, 90))
})

test('kafkaSink() says what is wrong with a topic, and closes its connection when idle', options, async () => {
  const idle = kafkaSink<Order>({ brokers: [broker.address], topic: 'missing', codec: json(), idle: milliseconds(50) })
  await assert.rejects(idle.write(ordersOf(0, 1), 'o/s/1'), { message: /^Cannot write to topic "missing": / })
  const sockets = (): number => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length
  const before = sockets()
  const briefly = kafkaSink<Order>({
    brokers: [broker.address],
    topic: 'plain',
    codec: json(),
    idle: milliseconds(200),
  })
  await briefly.write(ordersOf(0, 1), 'o/s/1')
  assert.ok(sockets() > before)
  for (let waits = 0; sockets() > before && waits < 100; waits++) await sleep(50)
  assert.equal(sockets(), before)
  const large = kafkaSink<string>({ brokers: [broker.address], topic: 'plain', codec: json(), mostBytes: 2_000 })
  assert.throws(() => large.check?.('x'.repeat(2_000)), {
    name: 'RangeError',
    message: 'Cannot write a Kafka message: it has 2546 bytes, at most 2000 would be right',
  })
})
