import assert from 'node:assert/strict'
import { test } from 'node:test'
import { json, pipeline, raw, utf8 } from 'millrace'
import { sqsSink } from 'millrace/sinks'
import { drive } from 'millrace/testing'
import { Random } from '../codecs/random.ts'
import { crashEverywhere } from '../runtime/crash-everywhere.ts'
import { type Fate, fakeSqs } from './fake-sqs.ts'

type Order = { readonly id: number; readonly customer: string }

const ordersOf = (count: number): Order[] => Array.from({ length: count }, (_, id) => ({ id, customer: `c${id % 4}` }))
const bodiesOf = (sent: readonly { readonly body: string }[]) => sent.map(({ body }) => (JSON.parse(body) as Order).id)

const fifoSink = ({ queueUrl, endpoint }: { readonly queueUrl: string; readonly endpoint: string }) =>
  sqsSink<Order>({
    queueUrl: `${queueUrl}.fifo`,
    endpoint,
    codec: json(),
    groupBy: ({ customer }) => customer,
    pauseMs: 0,
  })

test('sqsSink() sends ten a call to a standard queue, each with a name', async t => {
  const { endpoint, queueUrl, queue, calls } = await fakeSqs(t)
  const sink = sqsSink<Order>({ queueUrl, endpoint, codec: json() })
  await sink.write(ordersOf(43), 'orders/shard-0/7')
  assert.equal(queue.length, 43)
  assert.deepEqual(bodiesOf(queue.toSorted((a, b) => a.body.length - b.body.length)).length, 43)
  assert.deepEqual(calls.map(call => call.length).toSorted(), [10, 10, 10, 10, 3])
  assert.deepEqual(new Set(queue.map(({ id }) => id)), new Set(ordersOf(43).map(({ id }) => `orders/shard-0/7/${id}`)))
  assert.ok(queue.every(({ group }) => group === undefined))
})

test('sqsSink() sends entries again that were refused, and only those', async t => {
  const random = new Random(1)
  const { endpoint, queueUrl, queue } = await fakeSqs(t, () => (random.fraction() < 0.3 ? 'throttled' : 'taken'))
  await sqsSink<Order>({ queueUrl, endpoint, codec: json(), pauseMs: 0, tries: 20 }).write(ordersOf(100), 'o/s/1')
  assert.deepEqual(
    bodiesOf(queue).toSorted((a, b) => a - b),
    ordersOf(100).map(({ id }) => id),
  )
})

test('sqsSink() says why an entry is refused', async t => {
  const denied = await fakeSqs(t, () => 'denied')
  const { endpoint, queueUrl } = denied
  await assert.rejects(sqsSink<Order>({ queueUrl, endpoint, codec: json() }).write(ordersOf(1), 'o/s/1'), {
    message: `Cannot send to queue "${queueUrl}": an entry was refused with "AccessDenied: no"`,
  })
  assert.equal(denied.calls.length, 1)
  const missing = sqsSink<Order>({ queueUrl, endpoint: 'http://127.0.0.1:1', codec: json() })
  await assert.rejects(missing.write(ordersOf(1), 'o/s/1'), {
    message: `Cannot send to queue "${queueUrl}": connect ECONNREFUSED 127.0.0.1:1`,
  })
  const full = await fakeSqs(t, () => 'throttled')
  const sink = sqsSink<Order>({ ...full, codec: json(), tries: 3, pauseMs: 0 })
  await assert.rejects(sink.write(ordersOf(2), 'o/s/1'), {
    message: `Cannot send to queue "${full.queueUrl}": 2 entries were refused 3 times, last with "InternalError"`,
  })
})

test('a FIFO queue has each value once, those of a group in order, whatever fails and comes again', async t => {
  for (const seed of [1, 2]) {
    const random = new Random(seed)
    const fates: readonly Fate[] = ['taken', 'taken', 'taken', 'throttled', 'lost']
    const fake = await fakeSqs(t, () => random.pick(fates))
    const sink = fifoSink(fake)
    const orders = ordersOf(30)
    for (const [version, part] of [orders.slice(0, 17), orders.slice(17)].entries()) {
      for (let done = false; !done; ) {
        done = await sink.write(part, `o/s/${version}`).then(
          () => random.fraction() < 0.7,
          () => false,
        )
      }
    }
    assert.equal(fake.queue.length, 30)
    for (const customer of ['c0', 'c1', 'c2', 'c3']) {
      const own = orders.filter(order => order.customer === customer)
      assert.deepEqual(
        bodiesOf(fake.queue.filter(({ group }) => group === customer)),
        own.map(({ id }) => id),
      )
    }
  }
})

test('without groupBy a shard is a group, and names that are too long are hashed', async t => {
  const { endpoint, queueUrl, queue } = await fakeSqs(t)
  const sink = sqsSink<Order>({ queueUrl: `${queueUrl}.fifo`, endpoint, codec: json() })
  await sink.write(ordersOf(3), 'orders/shard-0/7')
  await sink.write(ordersOf(1), `${'long'.repeat(40)}/shard-0/7`)
  assert.deepEqual(
    queue.map(({ group }) => group).slice(0, 3),
    Array.from({ length: 3 }, () => 'orders/shard-0'),
  )
  assert.deepEqual(bodiesOf(queue).slice(0, 3), [0, 1, 2])
  assert.match(`${queue[3].group}/${queue[3].deduplication}`, /^[0-9a-f]{64}\/[0-9a-f]{64}$/)
})

test('sqsSink() keeps calls within the bytes that SQS takes', async t => {
  const { endpoint, queueUrl, queue, calls } = await fakeSqs(t)
  const sink = sqsSink<string>({ queueUrl, endpoint, codec: utf8 })
  const texts = Array.from({ length: 8 }, (_, i) => 'é'.repeat(150_000 + i))
  await sink.write(texts, 'o/s/1')
  assert.equal(queue.length, 8)
  assert.ok(calls.every(call => call.length <= 3))
})

test('what SQS would never take is the error of its record', async t => {
  const { endpoint, queueUrl, queue } = await fakeSqs(t)
  const run = drive(
    pipeline('texts', ({ source }) => ({
      sent: source('texts', { codec: json<string>(), onError: 'deadLetter' })
        .map(word => (word === 'huge' ? 'x'.repeat(1024 * 1024) : word))
        .to(sqsSink({ queueUrl: `${queueUrl}.fifo`, endpoint, codec: utf8, groupBy: word => word.slice(0, 3) })),
    })),
  )
  await run.texts.push('one', '', 'a b', 'c\0d', 'huge', 'two')
  assert.deepEqual(
    queue.map(({ body }) => body),
    ['one', 'two'],
  )
  assert.deepEqual(
    run
      .deadLetters()
      .map(({ reason }) => reason.replace('Cannot run operator "sent": Cannot write an SQS message: ', '')),
    [
      'its body has 0 bytes, 1 to 1048320 would be right',
      'its group is "a b", 1 to 128 letters, digits and marks would be right',
      "its body is no text, body: 'base64' would be right",
      'its body has 1048576 bytes, 1 to 1048320 would be right',
    ],
  )
})

test('sqsSink() sends bytes as base64 where told', async t => {
  const { endpoint, queueUrl, queue } = await fakeSqs(t)
  await sqsSink({ queueUrl, endpoint, codec: raw, body: 'base64' }).write([Buffer.from([0, 255])], 'o/s/1')
  assert.equal(queue[0].body, 'AP8=')
})

test('a FIFO queue has the values of a pipeline once, whatever await the runtime dies at', async t => {
  let random = new Random(1)
  const fake = await fakeSqs(t, () => (random.fraction() < 0.2 ? 'lost' : 'taken'))
  const sink = fifoSink(fake)
  let runs = 0
  await crashEverywhere({
    pipeline: pipeline('shop', ({ source }) => ({ sent: source('orders', { codec: json<Order>() }).to(sink) })),
    options: { batchSize: 4 },
    play: async run => {
      random = new Random(++runs)
      fake.queue.length = 0
      // Each run is a shop of its own, with a queue of its own that remembers nothing.
      fake.forget()
      await run.orders.push(...ordersOf(7))
    },
    see: async () =>
      ['c0', 'c1', 'c2', 'c3'].map(customer => bodiesOf(fake.queue.filter(({ group }) => group === customer))),
  })
  assert.deepEqual(bodiesOf(fake.queue).toSorted(), [0, 1, 2, 3, 4, 5, 6])
})

test('sqsSink() refuses a group of a standard queue', () => {
  assert.throws(
    () => sqsSink({ queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/q', codec: utf8, groupBy: text => text }),
    {
      name: 'ConfigurationError',
      message: /^Cannot make an SQS sink: groupBy is given and the queue is "https:/,
    },
  )
})
