import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { orders } from '../../functions/orders/pipeline.ts'
import { wordCount } from '../../functions/word-count/pipeline.ts'
import { json, milliseconds, pipeline, tumbling, utf8 } from '../../shared/index.ts'

const trade = {
  time: Date.parse('2016-03-22T20:25:28Z'),
  orderId: 1,
  clientId: 80,
  symbol: 'EPE',
  amount: 710,
  price: 51,
  side: 'B',
} as const

type Hit = { readonly at: number; readonly page: string }

const visits = pipeline('visits', ({ source }) => {
  const all = source('hits', { codec: json<Hit>(), eventTime: hit => hit.at })
  return {
    perPage: all
      .keyBy('page')
      .window(tumbling(milliseconds(10)))
      .count('per-page'),
    soFar: all.keyBy('page').count('so-far'),
  }
})

test('a driver runs the orders pipeline as its documentation shows', async () => {
  const run = drive(orders)
  await run.trades.push(trade, trade)
  await run.trades.advanceTo('2016-03-22T20:27:00Z')
  const start = Date.parse('2016-03-22T20:25:00Z')
  assert.deepEqual(run.sides.rows(), [{ key: 'B', window: { start, end: start + 60_000 }, value: 2 }])
  run.crash('afterCommit')
  await run.split('side')
  await run.trades.push(trade)
  assert.deepEqual(run.totals.rows(), [{ key: 'B', value: 3 }])
  assert.equal(run.crashes.length, 1)
})

test('sources and outputs are typed by the pipeline', async () => {
  const run = drive(orders)
  await run.trades.push(trade)
  const side: 'B' | 'S' | undefined = run.sides.rows()[0]?.key
  const rank: number | undefined = run.topClients.rows()[0]?.rank
  assert.equal(side, undefined)
  assert.equal(rank, 1)
  // @ts-expect-error a trade has more fields
  await assert.rejects(async () => run.trades.push({ side: 'B' }))
  // @ts-expect-error there is no such output
  assert.equal(run.sidez, undefined)
  // @ts-expect-error there is no such stage
  const nowhere = () => run.split('sidez')
  await assert.rejects(nowhere, /Cannot find stage "sidez": pipeline "orders" has "trades", "side"/)
  // @ts-expect-error there is no such point
  run.crash('duringLunch')
})

test('text and bytes can be pushed as they are', async () => {
  const run = drive(wordCount)
  await run.lines.push('a rose is')
  await run.lines.pushRaw('a rose', Buffer.from([0xff]))
  assert.deepEqual(run.counts.rows(), [
    { key: 'a', value: 2 },
    { key: 'is', value: 1 },
    { key: 'rose', value: 2 },
  ])
  assert.equal(run.deadLetters().length, 1)
})

test('nothing runs before settle() where the driver is not automatic', async () => {
  const run = drive(wordCount, { auto: false })
  await run.lines.push('one two')
  assert.deepEqual(run.counts.rows(), [])
  assert.equal(await run.step('word'), false)
  assert.equal(await run.step('lines'), true)
  assert.deepEqual(run.counts.rows(), [])
  await run.settle()
  assert.equal(run.counts.rows().length, 2)
  assert.equal(await run.step(), false)
})

test('the clock stands still unless told', async () => {
  const run = drive(wordCount, { now: '2020-01-01T00:00:00Z' })
  await run.lines.push('one')
  assert.equal(run.now, Date.parse('2020-01-01T00:00:00Z'))
  run.advanceClock(5)
  await run.tick(61_000)
  assert.equal(run.now, Date.parse('2020-01-01T00:01:01.005Z'))
})

test('two runs of the same calls are the same run', async () => {
  const play = async () => {
    const run = drive(orders, { shards: 3, batchSize: 2 })
    run.crash('afterPublish', { stage: 'side', occurrence: 2 })
    for (let i = 0; i < 10; i++) await run.trades.push({ ...trade, clientId: i, time: trade.time + i * 1_000 })
    await run.split('clientId')
    await run.trades.end()
    return { awaits: run.awaits, reports: run.reports, rows: run.topClients.rows(), crashes: run.crashes }
  }
  assert.deepEqual(await play(), await play())
})

test('an await of the runtime is known by its stage and operation', async () => {
  const run = drive(wordCount)
  await run.lines.push('one')
  assert.deepEqual(
    run.awaits.map(({ stage, operation }) => `${stage} ${operation}`),
    ['lines List', 'lines Publish', 'word List', 'word Load', 'word Commit', 'word View'],
  )
  run.crash('beforeView', { stage: 'word' })
  run.crash('afterCommit', { stage: 'word', occurrence: 2, how: 'rejects' })
  await run.lines.push('two')
  await run.lines.push('three')
  assert.deepEqual(
    run.crashes.map(({ point, at }) => [point, at.number]),
    [
      ['beforeView', 9],
      ['afterCommit', 14],
    ],
  )
  assert.equal(run.counts.rows().length, 3)
})

test('after eviction the next invocation starts cold', async () => {
  const run = drive(wordCount)
  const coldLoads = () => run.reports.reduce((sum, report) => sum + report.coldLoads, 0)
  await run.lines.push('one')
  await run.lines.push('two')
  assert.equal(coldLoads(), 1)
  run.evict('word')
  await run.lines.push('three')
  assert.equal(coldLoads(), 2)
})

test('several environments take turns, each behind the others', async () => {
  const run = drive(wordCount)
  run.environments(2)
  for (let i = 0; i < 6; i++) await run.lines.push('one')
  assert.deepEqual(run.counts.rows(), [{ key: 'one', value: 6 }])
  const loads = run.reports.filter(report => report.stage === 'word').map(report => report.coldLoads)
  assert.deepEqual(loads, [1, 1, 1, 1, 1, 1], 'what each remembers is stale')
})

test('a redelivered batch changes nothing', async () => {
  const run = drive(wordCount)
  await run.lines.push('one two')
  await run.redeliver('lines')
  await run.redeliver('word')
  run.evict()
  await run.redeliver('word')
  assert.deepEqual(
    run.counts.rows().map(row => row.value),
    [1, 1],
  )
  await assert.rejects(drive(wordCount).redeliver('word'), /^Error: Cannot redeliver to stage "word": nothing/)
})

test('a shard can be pushed to, split and merged', async () => {
  const run = drive(visits, { shards: { hits: 2 } })
  await run.hits.with({ shard: 1 }).push({ at: 1, page: 'a' })
  await run.hits.with({ shard: 1 }).advanceTo(100)
  assert.deepEqual(run.perPage.rows(), [], 'the other shard holds the watermark')
  await run.hits.with({ shard: 0 }).advanceTo(50)
  assert.equal(run.perPage.rows().length, 1)
  const [lower, upper] = await run.split('page')
  assert.deepEqual(run.shards('page'), [lower, upper])
  const child = await run.merge('page')
  assert.deepEqual(run.shards('page'), [child])
  await assert.rejects(run.merge('page'), /^RangeError: Cannot merge shards of stage "page": it has 1 open/)
  await assert.rejects(async () => run.hits.with({ shard: 2 }).push({ at: 1, page: 'a' }), {
    message: 'Cannot push to shard 2 of source "hits": it has 2 open, expected 0 to 1',
  })
})

test('a time that is none is refused', async () => {
  await assert.rejects(async () => drive(visits).hits.advanceTo('soon'), {
    message: 'Cannot advance source "hits": "soon" is no time, expected one as "2026-01-01T00:00:00Z"',
  })
})

test('a pipeline that never settles is given up on with its last error', async () => {
  const run = drive(wordCount, { faults: () => ({ kind: 'lost', what: 'request' }), mostFailures: 3 })
  await assert.rejects(run.lines.push('one'), {
    message:
      'Cannot settle pipeline "word-count": the batch of stage "lines", shardId-000000000000, failed 3 times in a row, last with "The request was lost: List of stage "lines", await 3"',
  })
})

test('names that would hide each other are refused', () => {
  const same = pipeline('same', ({ source }) => ({
    lines: source('lines', { codec: utf8 })
      .keyBy('word', line => line)
      .count('count'),
  }))
  assert.throws(() => drive(same), {
    name: 'ConfigurationError',
    message:
      'Cannot drive pipeline "same": "lines" is the name of an output and of a source, give one of them another name',
  })
  const hidden = pipeline('hidden', ({ source }) => ({
    crash: source('lines', { codec: utf8 })
      .keyBy('word', line => line)
      .count('count'),
  }))
  assert.throws(() => drive(hidden), /"crash" is the name of an output and of a method of the driver/)
})
