import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { drive } from 'millrace/testing'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import {
  type Aggregate,
  approxCountDistinct,
  average,
  collect,
  collectSet,
  count,
  countDistinct,
  first,
  hopping,
  json,
  last,
  max,
  maxBy,
  min,
  minBy,
  minutes,
  pipeline,
  quantiles,
  seconds,
  session,
  stddev,
  sum,
  topN,
  tumbling,
  variance,
} from '../../shared/index.ts'
import { describe } from '../../shared/plan/describe.ts'
import { Random } from '../codecs/random.ts'
import { crashEverywhere } from '../runtime/crash-everywhere.ts'

type Bid = {
  readonly at: number
  readonly channel: string
  readonly bidder: number
  readonly price: number
  readonly url: string | null
}

const isCheap = ({ price }: Bid): boolean => price < 1_000
const shares = [0.1, 0.5, 0.95] as const

const stats = {
  bids: count(),
  cheap: count().where(isCheap),
  bidders: countDistinct((bid: Bid) => bid.bidder),
  cheapBidders: countDistinct((bid: Bid) => bid.bidder).where(isCheap),
  urls: countDistinct((bid: Bid) => bid.url).where(bid => bid.url !== null),
  about: approxCountDistinct((bid: Bid) => bid.bidder),
  total: sum((bid: Bid) => bid.price),
  cheapTotal: sum((bid: Bid) => bid.price).where(isCheap),
  mean: average((bid: Bid) => bid.price),
  least: min((bid: Bid) => bid.price),
  cheapMost: max((bid: Bid) => bid.price).where(isCheap),
  sample: stddev((bid: Bid) => bid.price),
  population: variance((bid: Bid) => bid.price, { of: 'population' }),
  dearest: maxBy((bid: Bid) => bid.price),
  middle: quantiles((bid: Bid) => bid.price, shares),
}

const compared = pipeline('compared', ({ source }) => {
  const bids = source('bids', { codec: json<Bid>(), eventTime: bid => bid.at, outOfOrder: minutes(60) })
  const byChannel = bids.keyBy('channel')
  return {
    soFar: byChannel.aggregate('so-far', stats),
    perMinute: byChannel.window(tumbling(minutes(1))).aggregate('per-minute', stats),
    sliding: byChannel.window(hopping(minutes(2), seconds(10))).aggregate('sliding', {
      bids: count(),
      total: sum(bid => bid.price),
      bidders: countDistinct(bid => bid.bidder),
    }),
  }
})

const columns = `
  count(*)::INT AS bids,
  count(*) FILTER (WHERE price < 1000)::INT AS cheap,
  count(DISTINCT bidder)::INT AS bidders,
  count(DISTINCT bidder) FILTER (WHERE price < 1000)::INT AS "cheapBidders",
  count(DISTINCT url)::INT AS urls,
  sum(price)::DOUBLE AS total,
  (sum(price) FILTER (WHERE price < 1000))::DOUBLE AS "cheapTotal",
  avg(price) AS mean,
  min(price) AS least,
  max(price) FILTER (WHERE price < 1000) AS "cheapMost",
  stddev_samp(price) AS sample,
  var_pop(price) AS population,
  first(url ORDER BY price DESC, time, bidder) AS "dearestUrl",
  max(price) AS "dearestPrice",
  list(price ORDER BY price) AS sorted`

async function duck(bids: readonly Bid[], sql: string): Promise<Record<string, unknown>[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  try {
    await connection.run('CREATE TABLE bids (time BIGINT, channel VARCHAR, bidder INT, price INT, url VARCHAR)')
    const rows = bids.map(
      ({ at, channel, bidder, price, url }) =>
        `(${at}, '${channel}', ${bidder}, ${price}, ${url === null ? 'NULL' : `'${url}'`})`,
    )
    await connection.run(`INSERT INTO bids VALUES ${rows.join(',')}`)
    return (await connection.runAndReadAll(sql)).getRowObjectsJson()
  } finally {
    connection.closeSync()
  }
}

/** Half of them some minutes behind the others, so that windows are made of several arrivals. */
function bidsOf(random: Random, count: number): Bid[] {
  return Array.from({ length: count }, (_, i) => ({
    at: 1_000_000_000 + i * 400 - random.pick([0, random.below(90_000)]),
    channel: random.pick(['a', 'b', 'c']),
    bidder: random.below(50),
    price: random.pick([random.below(2_000), 1_500]),
    url: random.pick(['x', 'y', null]),
  }))
}

/** In one Kinesis record, so that they are combined before the shuffle. */
function together(bids: readonly Bid[]): Uint8Array {
  const writer = new KplWriter()
  for (const bid of bids) assert.equal(writer.add('client', Buffer.from(JSON.stringify(bid))), 'added')
  return writer.finish()
}

const isClose = (a: unknown, b: unknown, within: number): boolean =>
  a === b || (typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= within * Math.abs(b))

function check(value: Record<string, unknown>, expected: Record<string, unknown>): void {
  const sorted = (expected.sorted as number[]).map(Number)
  for (const name of ['mean', 'sample', 'population']) {
    assert.ok(isClose(value[name], expected[name], 1e-12), `${name} ${value[name]} ${expected[name]}`)
  }
  for (const name of [
    'bids',
    'cheap',
    'bidders',
    'cheapBidders',
    'urls',
    'total',
    'cheapTotal',
    'least',
    'cheapMost',
  ]) {
    assert.equal(value[name], expected[name], name)
  }
  assert.ok(isClose(value.about, expected.bidders, 0.1), `about ${value.about} of ${expected.bidders}`)
  assert.equal((value.dearest as Bid).price, expected.dearestPrice)
  for (const [i, share] of shares.entries()) {
    const exact = sorted[Math.floor(share * (sorted.length - 1))]
    assert.ok(isClose((value.middle as number[])[i], exact, 0.01), `quantile ${share}`)
  }
}

test('aggregates of all records, of windows and of hopping windows are what DuckDB says', async () => {
  const random = new Random(7)
  const bids = bidsOf(random, 1_500)
  const run = drive(compared)
  for (let at = 0; at < bids.length; at += 150) {
    const some = bids.slice(at, at + 150)
    if (at % 300 === 0) await run.bids.push(...some)
    else await run.bids.pushRaw(together(some))
  }
  await run.bids.end()

  const soFar = await duck(bids, `SELECT channel, ${columns} FROM bids GROUP BY channel ORDER BY channel`)
  const rows = run.soFar.rows().toSorted((a, b) => (a.key < b.key ? -1 : 1))
  assert.deepEqual(
    rows.map(row => row.key),
    soFar.map(row => row.channel),
  )
  for (const [i, { value }] of rows.entries()) check(value, soFar[i])

  const perMinute = await duck(
    bids,
    `SELECT channel, (time // 60000 * 60000)::DOUBLE AS start, ${columns} FROM bids GROUP BY channel, start`,
  )
  assert.equal(run.perMinute.rows().length, perMinute.length)
  for (const { key, window, value } of run.perMinute.rows()) {
    const expected = perMinute.find(row => row.channel === key && row.start === window.start)
    assert.ok(expected !== undefined, `${key} ${window.start}`)
    check(value, expected)
  }

  const sliding = await duck(
    bids,
    `SELECT channel, w.start::DOUBLE AS start, count(*)::INT AS bids, sum(price)::DOUBLE AS total, count(DISTINCT bidder)::INT AS bidders
     FROM bids JOIN (SELECT unnest(range(999600000, 1000800000, 10000)) AS start) w ON time >= w.start AND time < w.start + 120000
     GROUP BY channel, w.start`,
  )
  const inOrder = (list: readonly { channel: unknown; start: unknown }[]) =>
    list.toSorted((a, b) => (`${a.channel} ${a.start}` < `${b.channel} ${b.start}` ? -1 : 1))
  assert.deepEqual(
    inOrder(run.sliding.rows().map(({ key, window, value }) => ({ channel: key, start: window.start, ...value }))),
    inOrder(sliding.map(({ channel, start, ...rest }) => ({ channel, start, ...rest }))),
  )
})

const kept = pipeline(
  'kept',
  ({ source }) => {
    const bids = source('bids', { codec: json<Bid>(), eventTime: bid => bid.at, outOfOrder: seconds(5) })
    const byChannel = bids.keyBy('channel')
    const all = {
      n: count().where(isCheap),
      bidders: countDistinct((bid: Bid) => bid.bidder),
      about: approxCountDistinct((bid: Bid) => bid.bidder),
      middle: quantiles((bid: Bid) => bid.price, [0.5]),
      spread: stddev((bid: Bid) => bid.price),
      first: first((bid: Bid) => bid.bidder),
      last: last((bid: Bid) => bid.bidder),
      cheapest: minBy((bid: Bid) => bid.price),
      prices: collect<Bid>({ limit: 3 }),
      set: collectSet((bid: Bid) => bid.bidder),
      best: topN(2, (bid: Bid) => bid.price),
    }
    return {
      soFar: byChannel.aggregate('so-far', all),
      sliding: byChannel
        .window(hopping(seconds(20), seconds(2)))
        .aggregate('sliding', { n: count(), total: sum(bid => bid.price) }),
      visits: byChannel.window(session(seconds(8))).aggregate('visits', all),
      late: byChannel
        .window(tumbling(seconds(10)))
        .allowedLateness(seconds(20))
        .aggregate('late', all, { emit: 'updates' }),
    }
  },
  { keyGroups: 2 },
)

test('the plan says that they are combined before the shuffle, but not where each record is needed', () => {
  const shipped = (...aggregates: readonly Aggregate<Bid, unknown, unknown>[]): string => {
    const { plan } = pipeline('p', ({ source }) => {
      const byChannel = source('bids', { codec: json<Bid>() }).keyBy('channel')
      return Object.fromEntries(aggregates.map((one, i) => [`n${i}`, byChannel.aggregate(`a${i}`, { one })]))
    })
    return describe(plan).stages.flatMap(({ reads }) => (reads.kind === 'shuffle' ? reads.edges : []))[0].ships
  }
  const combined = 'a count and the accumulator of "a0", combined per key'
  for (const one of Object.values(stats)) assert.equal(shipped(one), combined)
  assert.equal(shipped(first(), count()), `${combined.replace(',', ' and the accumulator of "a1",')}`)
  assert.equal(shipped(collect()), 'the part of the value that "a0" takes')
  assert.equal(shipped(count(), collect()), 'the value')
})

test('no crash at any await changes an aggregate', async () => {
  const random = new Random(3)
  const bids = Array.from({ length: 24 }, (_, i) => ({
    at: 1_000_000 + i * 1_000 - random.below(9_000),
    channel: random.pick(['a', 'b']),
    bidder: random.below(6),
    price: random.below(1_500),
    url: null,
  }))
  const awaits = await crashEverywhere({
    pipeline: kept,
    play: async run => {
      await run.bids.push(...bids.slice(0, 12))
      await run.bids.push(...bids.slice(12))
      await run.bids.end()
    },
    see: async run => [run.soFar.rows(), run.sliding.rows(), run.visits.rows(), run.late.rows()],
  })
  assert.ok(awaits > 10, `${awaits} awaits`)
})
