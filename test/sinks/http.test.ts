import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { json, pipeline, seconds, utf8 } from 'millrace'
import { type HttpSinkOptions, httpSink } from 'millrace/sinks'
import { drive } from 'millrace/testing'
import { milliseconds } from '../../shared/index.ts'
import { crashEverywhere } from '../runtime/crash-everywhere.ts'
import { type Answer, type Asked, serve } from './serve.ts'

type Order = { readonly id: number }

/** A service that takes each key once, and answers as told before it does. */
async function service(t: TestContext, answers: readonly Answer[] = []) {
  const asked: Asked[] = []
  const taken = new Map<string, string>()
  let at = 0
  const url = await serve(t, request => {
    asked.push(request)
    const answer = answers[at++] ?? {}
    if ((answer.status ?? 200) < 300) taken.set(`${request.headers['idempotency-key']}`, request.text)
    return answer
  })
  return { url, asked, taken }
}

const sinkTo = (url: string, options: Partial<HttpSinkOptions<Order>> = {}) =>
  httpSink<Order>({ url, pauseMs: 1, ...(options as object) })

test('httpSink() posts each value under a key that names it', async t => {
  const { url, asked } = await service(t)
  const headers = async () => ({ authorization: 'Bearer x' })
  await sinkTo(`${url}/orders?token=secret`, { headers }).write([{ id: 1 }, { id: 2 }], 'orders/shard-0/7')
  assert.deepEqual(
    asked.map(({ path, text, headers: { authorization, 'content-type': type, 'idempotency-key': key } }) => ({
      path,
      text,
      authorization,
      type,
      key,
    })),
    [1, 2].map(id => ({
      path: '/orders?token=secret',
      text: `{"id":${id}}`,
      authorization: 'Bearer x',
      type: 'application/json',
      key: `orders/shard-0/7/${id - 1}`,
    })),
  )
  assert.equal(sinkTo(`${url}/orders?token=secret`).destination, `${url}/orders`)
})

test('httpSink() posts several values as a JSON array', async t => {
  const { url, taken } = await service(t)
  const orders = [1, 2, 3, 4, 5].map(id => ({ id }))
  await sinkTo(url, { batch: 2 }).write(orders, 'o/s/3')
  assert.deepEqual(
    [...taken],
    [
      ['o/s/3/0-1', '[{"id":1},{"id":2}]'],
      ['o/s/3/2-3', '[{"id":3},{"id":4}]'],
      ['o/s/3/4-4', '[{"id":5}]'],
    ],
  )
})

test('httpSink() asks again, under the same key, where the service may take it later', async t => {
  const answers: Answer[] = [
    { status: 503 },
    { status: 429, headers: { 'retry-after': '0' } },
    { instead: 'breaks' },
    { instead: 'hangs' },
    { status: 500 },
  ]
  const { url, asked, taken } = await service(t, answers)
  await sinkTo(url, { timeout: milliseconds(100) }).write([{ id: 1 }], 'o/s/1')
  assert.equal(asked.length, 6)
  assert.deepEqual(new Set(asked.map(({ headers }) => headers['idempotency-key'])), new Set(['o/s/1/0']))
  assert.deepEqual([...taken], [['o/s/1/0', '{"id":1}']])
})

test('httpSink() waits as long as Retry-After says', async t => {
  const { url } = await service(t, [{ status: 429, headers: { 'retry-after': '1' } }])
  const begun = performance.now()
  await sinkTo(url).write([{ id: 1 }], 'o/s/1')
  assert.ok(performance.now() - begun >= 990)
  const later = await service(t, [{ status: 503, headers: { 'retry-after': '3600' } }])
  await assert.rejects(sinkTo(later.url).write([{ id: 1 }], 'o/s/1'), {
    message: `Cannot post to ${later.url}/: status 503, to come again in 3600000 ms`,
  })
  const date = 'Wed, 21 Oct 2015 07:28:00 GMT'
  const dated = await service(t, [{ status: 503, headers: { date, 'retry-after': 'Wed, 21 Oct 2015 07:58:00 GMT' } }])
  await assert.rejects(sinkTo(dated.url).write([{ id: 1 }], 'o/s/1'), { message: /to come again in 1800000 ms$/ })
})

test('httpSink() names the status of a service that refuses for good, and asks no more', async t => {
  for (const status of [400, 401, 404, 422, 301]) {
    const { url, asked } = await service(t, [{ status, text: 'no\nsuch order', headers: { location: '/else' } }])
    await assert.rejects(sinkTo(url).write([{ id: 1 }, { id: 2 }], 'o/s/1'), {
      message: `Cannot post to ${url}/: status ${status} (no\\u000asuch order)`,
    })
    assert.equal(asked.length, 1)
  }
  const known = await service(t, [{ status: 422 }])
  await sinkTo(known.url, { accepts: status => status === 422 }).write([{ id: 1 }, { id: 2 }], 'o/s/1')
  assert.equal(known.asked.length, 2)
})

test('httpSink() gives the batch back after its tries', async t => {
  const { url, asked } = await service(
    t,
    Array.from({ length: 9 }, () => ({ status: 502, text: 'bad gateway' })),
  )
  await assert.rejects(sinkTo(url, { tries: 3 }).write([{ id: 1 }], 'o/s/1'), {
    message: `Cannot post to ${url}/: asked 3 times, last with status 502 (bad gateway)`,
  })
  assert.equal(asked.length, 3)
  await assert.rejects(httpSink({ url: 'http://127.0.0.1:1/', tries: 1 }).write([1], 'x'), {
    message: /^Cannot post to http:\/\/127\.0\.0\.1:1\/: asked 1 times, last with no answer \(fetch failed/,
  })
})

test('httpSink() refuses options that make no sense', () => {
  assert.throws(() => httpSink({ url: 'ftp://x' }), { name: 'ConfigurationError' })
  assert.throws(() => httpSink({ url: 'http://x', batch: 0 }), { name: 'ConfigurationError' })
  assert.throws(() => httpSink({ url: 'http://x', tries: 0 }), { name: 'ConfigurationError' })
  assert.throws(() => httpSink({ url: 'http://x', pauseMs: -1 }), { name: 'ConfigurationError' })
})

test('a service that honours keys has each value once, whatever await the runtime dies at', async t => {
  let taken = new Map<string, string>()
  let calls = 0
  // Every third request is taken, but its answer is lost.
  const url = await serve(t, ({ headers, text }) => {
    const key = `${headers['idempotency-key']}`
    assert.equal(taken.get(key) ?? text, text)
    taken.set(key, text)
    return ++calls % 3 === 0 ? { status: 503 } : {}
  })
  const orders = pipeline('shop', ({ source }) => ({
    posted: source('orders', { codec: json<Order>() }).to(httpSink({ url, pauseMs: 0 })),
  }))
  await crashEverywhere({
    pipeline: orders,
    options: { batchSize: 3 },
    play: async run => {
      taken = new Map()
      await run.orders.push(...[1, 2, 3, 4, 5, 6, 7].map(id => ({ id })))
      await run.orders.push({ id: 8 })
    },
    see: async () => [...taken.values()].toSorted(),
  })
  assert.deepEqual(
    [...taken.values()].toSorted(),
    [1, 2, 3, 4, 5, 6, 7, 8].map(id => `{"id":${id}}`),
  )
})

test('a value that cannot be written is the error of its record', async t => {
  const { url, taken } = await service(t)
  const run = drive(
    pipeline('texts', ({ source }) => ({
      posted: source('texts', { codec: json<string>(), onError: 'deadLetter' }).to(
        httpSink({ url, codec: utf8, contentType: 'text/plain', timeout: seconds(5) }),
      ),
    })),
  )
  await run.texts.push('one', '\ud800', 'three')
  assert.deepEqual([...taken.values()], ['one', 'three'])
  assert.deepEqual(
    run.deadLetters().map(({ reason }) => reason),
    ['Cannot run operator "posted": Cannot write text: found "\\ud800", expected no half of a surrogate pair'],
  )
})
