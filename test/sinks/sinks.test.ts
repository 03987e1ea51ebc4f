import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csv, int, json, pipeline, text, utf8 } from 'millrace'
import { column, parquet } from 'millrace/files'
import {
  consoleSink,
  eventBridgeSink,
  httpSink,
  KafkaRepeats,
  kafkaPosition,
  kafkaSink,
  memorySink,
  type Sink,
  sqsSink,
} from 'millrace/sinks'
import { drive } from 'millrace/testing'
import { describe } from '../../shared/plan/describe.ts'
import { textOfPlan } from '../../shared/plan/describe-text.ts'
import { crashEverywhere } from '../runtime/crash-everywhere.ts'

type Order = { readonly id: number; readonly customer: string }

const orderOf = (id: number): Order => ({ id, customer: `c${id % 3}` })

test('memorySink() has each value once, whatever await the runtime dies at', async () => {
  let seen = memorySink<Order>()
  const sink: Sink<Order> = { ...seen, write: (values, id) => seen.write(values, id) }
  await crashEverywhere({
    pipeline: pipeline('shop', ({ source }) => ({ seen: source('orders', { codec: json<Order>() }).to(sink) })),
    options: { batchSize: 3 },
    play: async run => {
      seen = memorySink<Order>()
      await run.orders.push(...[1, 2, 3, 4, 5].map(orderOf))
    },
    see: async run => [seen.values(), run.seen.values()],
  })
  assert.deepEqual(seen.values(), [1, 2, 3, 4, 5].map(orderOf))
})

test('memorySink() refuses an id that names another batch', async () => {
  const seen = memorySink<number>()
  await seen.write([1, 2], 'a/b/1')
  await seen.write([1, 2], 'a/b/1')
  assert.deepEqual([seen.values(), seen.calls()], [[1, 2], 2])
  await assert.rejects(seen.write([1], 'a/b/1'), {
    message: 'Cannot keep batch a/b/1: it had other values before, an id names one batch for good',
  })
})

test('consoleSink() prints a line for each value', async () => {
  const lines: string[] = []
  const print = (line: string): void => void lines.push(line)
  await consoleSink<Order>({ prefix: 'order ', print }).write([orderOf(1)], 'a/b/1')
  await consoleSink({ codec: csv({ id: int, customer: text }), print }).write([orderOf(2)], 'a/b/2')
  await consoleSink({ codec: utf8, print }).write(['ends\n'], 'a/b/3')
  assert.deepEqual(lines, ['order {"id":1,"customer":"c1"}', '2,c2', 'ends'])
})

test('what a sink throws fails the batch, which comes again under its id', async () => {
  const calls: string[] = []
  const shy: Sink<Order> = {
    kind: 'shy',
    guarantee: 'at least once',
    write: async (_values, id) => {
      calls.push(id)
      if (calls.length < 3) throw new Error('not yet')
    },
  }
  const run = drive(pipeline('shop', ({ source }) => ({ out: source('orders', { codec: json<Order>() }).to(shy) })))
  await run.orders.push(orderOf(1))
  assert.equal(calls.length, 3)
  assert.equal(new Set(calls).size, 1)
  assert.deepEqual(run.out.values(), [orderOf(1)])
})

test('a driver may have other sinks than the pipeline', async () => {
  const seen = memorySink<Order>()
  const shop = pipeline('shop', ({ source }) => ({
    sent: source('orders', { codec: json<Order>() }).to(httpSink({ url: 'http://127.0.0.1:1/never' })),
  }))
  const run = drive(shop, { sinks: { sent: seen } })
  await run.orders.push(orderOf(1), orderOf(2))
  assert.deepEqual(
    [seen.values(), run.sent.values()],
    [
      [orderOf(1), orderOf(2)],
      [orderOf(1), orderOf(2)],
    ],
  )
  assert.throws(() => drive(shop, { sinks: { other: seen } }), {
    name: 'ConfigurationError',
    message: 'Cannot drive pipeline "shop": "other" is no output that is called, expected one of "sent"',
  })
})

test('a sink learns what its codec must before the batch is run', async () => {
  let learned = false
  const learn = async (): Promise<void> => {
    learned = true
  }
  const codec = {
    ...utf8,
    prepare: () => (learned ? undefined : learn()),
    encode: (value: string) => {
      assert.ok(learned)
      return utf8.encode(value)
    },
  }
  const lines: string[] = []
  const sink = consoleSink({ codec, print: line => void lines.push(line) })
  const run = drive(pipeline('p', ({ source }) => ({ out: source('texts', { codec: utf8 }).to(sink) })))
  await run.texts.push('a')
  assert.deepEqual(lines, ['a'])
})

test('explain names each output, where it goes and what its readers see after a retry', () => {
  const everywhere = pipeline('shop', ({ source }) => {
    const orders = source('orders', { codec: json<Order>() })
    const codec = json<Order>()
    return {
      perCustomer: orders.keyBy('customer').count('per-customer'),
      copy: orders.toStream('copy', codec),
      lines: orders.toFiles(codec, { extension: 'jsonl' }),
      table: orders.toFiles(parquet({ id: column.int, customer: column.text })),
      called: orders.forEach(() => {}),
      queue: orders.to(sqsSink({ queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/q', codec })),
      fifo: orders.to(sqsSink({ queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/q.fifo', codec })),
      events: orders.to(eventBridgeSink({ source: 'shop', detailType: 'Order' })),
      posted: orders.to(httpSink({ url: 'https://user:secret@example.com/orders?token=secret' })),
      topic: orders.to(kafkaSink({ brokers: ['broker:9092'], topic: 'orders', codec })),
      printed: orders.to(consoleSink()),
      kept: orders.to(memorySink()),
    }
  })
  const lines = textOfPlan(describe(everywhere.plan))
    .split('\n')
    .map(line => line.trim().replace(/ +/g, ' '))
  const expected = [
    'view perCustomer of per-customer, once: a row is put only over an older position',
    'stream copy of orders to stream "copy" as json, once where readers drop repeats: the partition key names producer and position',
    'files lines of orders to .jsonl files as json, once: named by stage, shard and version, a retry writes the same bytes again',
    'files table of orders to .parquet files as parquet, once: named by stage, shard and version, a retry writes the same bytes again',
    'forEach called of orders, at least once: a retry repeats a batch under the same id, an idempotency key',
    'sqs queue of orders to queue "q" as json, at least once: the attribute millrace-id names the value, a repeat has the same',
    'sqs fifo of orders to queue "q.fifo" as json, once where a retry comes within 5 minutes: the deduplication id names the value',
    'eventBridge events of orders to bus "default" from "shop" as json, at least once: the resource millrace/... names the value, a repeat has the same',
    'http posted of orders to https://example.com/orders as json, once where the service honours Idempotency-Key, else at least once: a repeat has the same key',
    'kafka topic of orders to topic "orders" at broker:9092 as json, once for readers that drop repeats by the headers millrace-writer and millrace-position, else at least once',
    'console printed of orders to standard output as json, at least once: a retry prints a batch again',
    'memory kept of orders, once: a batch that comes again is known by its id',
  ]
  for (const line of expected) assert.ok(lines.includes(line), `${line}\nis not among\n${lines.join('\n')}`)
})

test('kafkaPosition() reads what a Kafka sink wrote, and KafkaRepeats tells what came before', () => {
  const headersOf = (position: string, writer = 'orders/shard-0') => ({
    'millrace-writer': Buffer.from(writer),
    'millrace-position': Buffer.from(position),
  })
  assert.deepEqual(kafkaPosition(headersOf('7/3')), { writer: 'orders/shard-0', version: 7, index: 3 })
  for (const position of ['', '7', '7/', '7/x', '7/3/1', `${'9'.repeat(16)}/1`]) {
    assert.equal(kafkaPosition(headersOf(position)), undefined)
  }
  assert.equal(kafkaPosition(undefined), undefined)
  const repeats = new KafkaRepeats()
  const seen = ['1/0', '1/1', '1/0', '1/1', '1/2', '2/0', '10/0', '9/9', '10/1'].filter(
    position => !repeats.isRepeat(0, headersOf(position)),
  )
  assert.deepEqual(seen, ['1/0', '1/1', '1/2', '2/0', '10/0', '10/1'])
  assert.equal(repeats.isRepeat(1, headersOf('1/0')), false)
  assert.equal(repeats.isRepeat(0, headersOf('1/0', 'orders/shard-1')), false)
  assert.equal(repeats.isRepeat(0, {}), false)
})
