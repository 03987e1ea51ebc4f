import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { json, pipeline, utf8 } from 'millrace'
import { eventBridgeSink } from 'millrace/sinks'
import { drive } from 'millrace/testing'
import { Random } from '../codecs/random.ts'
import { serve } from './serve.ts'

type Order = { readonly id: number; readonly state: string }
type Entry = {
  readonly EventBusName: string
  readonly Source: string
  readonly DetailType: string
  readonly Detail: string
  readonly Resources: readonly string[]
  readonly Time?: number
}

const headers = { 'content-type': 'application/x-amz-json-1.1' }

/** PutEvents as Amazon EventBridge documents it: no repeat is dropped, an entry may fail among others. */
async function fakeBus(t: TestContext, failureOf: (entry: Entry) => string | undefined = () => undefined) {
  const events: Entry[] = []
  const calls: number[] = []
  const endpoint = await serve(t, asked => {
    assert.equal(asked.headers['x-amz-target'], 'AWSEvents.PutEvents')
    const { Entries } = JSON.parse(asked.text) as { readonly Entries: readonly Entry[] }
    calls.push(Entries.length)
    const bytes = Entries.reduce((sum, entry) => sum + Buffer.byteLength(entry.Detail), 0)
    if (Entries.length > 10 || bytes > 256 * 1024) {
      return { status: 400, headers, text: JSON.stringify({ __type: 'ValidationException', message: 'too much' }) }
    }
    const outcomes = Entries.map(entry => {
      const ErrorCode = failureOf(entry)
      if (ErrorCode !== undefined) return { ErrorCode, ErrorMessage: 'not now' }
      events.push(entry)
      return { EventId: String(events.length) }
    })
    const FailedEntryCount = outcomes.filter(outcome => 'ErrorCode' in outcome).length
    return { headers, text: JSON.stringify({ FailedEntryCount, Entries: outcomes }) }
  })
  return { endpoint, events, calls }
}

const ordersOf = (count: number): Order[] =>
  Array.from({ length: count }, (_, id) => ({ id, state: id % 2 ? 'paid' : 'sent' }))

test('eventBridgeSink() puts each value as an event that names it', async t => {
  const { endpoint, events, calls } = await fakeBus(t)
  const sink = eventBridgeSink<Order>({
    bus: 'shop',
    source: 'shop.orders',
    detailType: order => `Order ${order.state}`,
    time: order => 1_000 * order.id,
    endpoint,
  })
  await sink.write(ordersOf(12), 'orders/shard-0/7')
  assert.deepEqual(calls.toSorted(), [10, 2])
  assert.deepEqual(
    events.toSorted((a, b) => (a.Time ?? 0) - (b.Time ?? 0)),
    ordersOf(12).map(order => ({
      EventBusName: 'shop',
      Source: 'shop.orders',
      DetailType: `Order ${order.state}`,
      Detail: JSON.stringify(order),
      Resources: [`millrace/orders/shard-0/7/${order.id}`],
      Time: order.id,
    })),
  )
})

test('eventBridgeSink() puts those entries again that failed for now', async t => {
  const random = new Random(2)
  const codes = ['ThrottlingException', 'InternalFailure', undefined, undefined, undefined]
  const { endpoint, events } = await fakeBus(t, () => random.pick(codes))
  const sink = eventBridgeSink<Order>({ source: 's', detailType: 'd', endpoint, pauseMs: 0, tries: 30 })
  await sink.write(ordersOf(60), 'o/s/1')
  assert.deepEqual(
    events.map(({ Detail }) => (JSON.parse(Detail) as Order).id).toSorted((a, b) => a - b),
    ordersOf(60).map(({ id }) => id),
  )
})

test('eventBridgeSink() says which error does not go away', async t => {
  const { endpoint, calls } = await fakeBus(t, () => 'NotAuthorizedForSourceException')
  const sink = eventBridgeSink<Order>({ source: 'aws.mine', detailType: 'd', endpoint })
  await assert.rejects(sink.write(ordersOf(1), 'o/s/1'), {
    message: 'Cannot put events on bus "default": an entry was refused with "NotAuthorizedForSourceException: not now"',
  })
  assert.equal(calls.length, 1)
})

test('eventBridgeSink() keeps calls within 256 KB, and larger events are errors of their records', async t => {
  const { endpoint, events } = await fakeBus(t)
  const sink = eventBridgeSink<{ text: string }>({ source: 's', detailType: 'd', endpoint })
  const run = drive(
    pipeline('texts', ({ source }) => ({
      put: source('texts', { codec: json<{ text: string }>(), onError: 'deadLetter' }).to(sink),
    })),
  )
  const texts = Array.from({ length: 9 }, (_, i) => ({ text: 'x'.repeat(60_000 + i) }))
  await run.texts.push(...texts.slice(0, 5), { text: 'x'.repeat(300_000) }, ...texts.slice(5))
  assert.equal(new Set(events.map(({ Resources }) => Resources[0])).size, 9)
  assert.deepEqual(
    run.deadLetters().map(({ reason }) => reason.slice(0, reason.indexOf(' ('))),
    ['Cannot run operator "put": Cannot write an event: it has 300278 bytes, at most 262144 would be right'],
  )
})

test('eventBridgeSink() refuses what is no event', () => {
  const check = (sink: { check?(value: string): void }) => () => sink.check?.('text')
  assert.throws(check(eventBridgeSink<string>({ source: 's', detailType: 'd', codec: utf8 })), {
    message: 'Cannot write an event: its detail is "text", a JSON object would be right',
  })
  const object = { name: 'object', decode: () => '', encode: () => Buffer.from('{}') }
  assert.throws(check(eventBridgeSink<string>({ source: 's', detailType: () => '', codec: object })), {
    message: 'Cannot write an event: its detail type has 0 characters, 1 to 128 would be right',
  })
  assert.throws(
    check(eventBridgeSink<string>({ source: 's', detailType: 'd', codec: object, time: () => Number.NaN })),
    {
      message: /^Cannot write an event: its time is no time/,
    },
  )
})
