import assert from 'node:assert/strict'
import { test } from 'node:test'
import { column, csvFile, parquet } from 'millrace/files'
import {
  csv,
  float,
  hopping,
  int,
  json,
  milliseconds,
  minutes,
  oneOf,
  pipeline,
  seconds,
  session,
  text,
  timestamp,
  tumbling,
} from '../../shared/index.ts'
import { crashEverywhere } from './crash-everywhere.ts'

const trade = {
  codec: csv({
    time: timestamp('yyyy-MM-dd HH:mm:ss'),
    orderId: int,
    clientId: int,
    symbol: text,
    amount: int,
    price: float,
    side: oneOf('B', 'S'),
  }),
}

/** The orders pipeline with few key groups, so that an await is not one of hundreds alike. */
const orders = pipeline(
  'orders',
  ({ source }) => {
    const trades = source('trades', { ...trade, eventTime: value => value.time, outOfOrder: seconds(5) })
    const bySide = trades.keyBy('side')
    const sides = bySide.window(tumbling(minutes(1))).count('trades-per-minute')
    const totals = bySide.count('trades-so-far')
    const topClients = trades
      .keyBy('clientId')
      .sum('turnover', value => value.amount * value.price)
      .top('top-clients', 2)
    const topSymbols = trades
      .keyBy('symbol')
      .window(hopping(minutes(2), minutes(1)))
      .sum('volume', value => value.amount)
      .top('top-symbols', 2)
    return { sides, totals, topClients, topSymbols }
  },
  { keyGroups: 2 },
)

const orderLines = (minute: number): string[] => [
  `2016-03-22 20:2${minute}:28,1,80,EPE,710,51.00,B`,
  `2016-03-22 20:2${minute}:31,2,81,XYZ,10,1.10,S`,
  `2016-03-22 20:2${minute}:27,3,82,EPE,5,51.20,B`,
  'not a trade',
  `2016-03-22 20:2${minute}:55,4,80,ABC,300,9.99,S`,
]

test('orders come out the same whatever await the runtime dies at', async t => {
  const count = await crashEverywhere({
    pipeline: orders,
    options: { batchSize: 4 },
    play: async run => {
      await run.trades.pushRaw(...orderLines(5))
      await run.trades.pushRaw(...orderLines(6))
      await run.trades.end()
    },
    see: async run => ({
      sides: run.sides.rows(),
      totals: run.totals.rows(),
      topClients: run.topClients.rows(),
      topSymbols: run.topSymbols.rows(),
      letters: run.deadLetters(),
    }),
  })
  t.diagnostic(`${count} awaits`)
})

type Visit = { readonly at: number; readonly user: string; readonly page: string }
const visits = { codec: json<Visit>(), eventTime: (visit: Visit) => visit.at }

const visitsOf = (from: number): Visit[] =>
  [0, 3, 1, 7, 12, 30, 31].map((at, i) => ({ at: from + at, user: `u${i % 3}`, page: `p${i % 2}` }))

const twoShuffles = pipeline(
  'two-shuffles',
  ({ source }) => {
    const all = source('visits', { ...visits, outOfOrder: milliseconds(5) })
    const perPage = all
      .keyBy('page')
      .window(tumbling(milliseconds(10)))
      .count('per-page')
    const popular = perPage
      .map(row => ({ page: row.key, count: row.value }))
      .keyBy('count')
      .count('pages-by-count')
    return { perPage, popular }
  },
  { keyGroups: 2 },
)

test('two shuffles in a row come out the same whatever await the runtime dies at', async t => {
  const count = await crashEverywhere({
    pipeline: twoShuffles,
    options: { batchSize: 5, shards: 2 },
    play: async run => {
      await run.visits.push(...visitsOf(0))
      await run.split('page')
      await run.visits.push(...visitsOf(20))
      await run.merge('count')
      await run.visits.end()
    },
    see: async run => ({ perPage: run.perPage.rows(), popular: run.popular.rows() }),
  })
  t.diagnostic(`${count} awaits`)
})

const sessions = pipeline(
  'sessions',
  ({ source }) => {
    const all = source('visits', visits)
    const bySession = all
      .keyBy('user')
      .window(session(milliseconds(10)))
      .allowedLateness(milliseconds(20))
      .lateTo('late')
      .count('visits', { emit: 'updates' })
    const longest = bySession.top('longest', 2)
    return { bySession, longest, late: bySession.side('late').forEach(() => {}) }
  },
  { keyGroups: 2 },
)

test('sessions that merge, their top and their late records come out the same whatever await the runtime dies at', async t => {
  const count = await crashEverywhere({
    pipeline: sessions,
    options: { batchSize: 3 },
    play: async run => {
      await run.visits.push(...visitsOf(0))
      await run.visits.push({ at: 22, user: 'u0', page: 'late' }, { at: 0, user: 'u0', page: 'too late' })
      await run.visits.push(...visitsOf(25))
      await run.visits.end()
    },
    see: async run => ({
      bySession: run.bySession.rows(),
      longest: run.longest.rows(),
      late: run.late.values(),
    }),
  })
  t.diagnostic(`${count} awaits`)
})

const sinks = pipeline(
  'sinks',
  ({ source }) => {
    const all = source('visits', { ...visits, onError: 'deadLetter' })
    const checked = all.map(visit => {
      if (visit.page === 'p1' && visit.user === 'u0') throw new Error('u0 must not see p1')
      return visit
    })
    const perUser = checked.keyBy('user').count('per-user')
    return {
      archive: checked.toFiles(json<Visit>(), { extension: 'json' }),
      table: checked.toFiles(parquet({ at: column.timestamp, user: column.text, page: column.text })),
      sheet: checked.toFiles(csvFile({ at: int, user: text, page: text })),
      calls: checked.map(visit => visit.at).forEach(() => {}),
      changes: perUser.toStream('changes', json<{ key: string; value: number }>()),
      counted: perUser.forEach(async () => {}),
    }
  },
  { keyGroups: 2 },
)

test('files, calls and stream records come out the same whatever await the runtime dies at', async t => {
  const count = await crashEverywhere({
    pipeline: sinks,
    options: { batchSize: 4 },
    play: async run => {
      await run.visits.push(...visitsOf(0))
      await run.visits.push(...visitsOf(20))
      await run.visits.end()
    },
    see: async run => ({
      archive: await run.archive.files(),
      table: [await run.table.files(), await run.table.values()],
      sheet: [await run.sheet.files(), await run.sheet.values()],
      calls: run.calls.batches(),
      // How updates are cut into commits is not part of the result: what they come to is.
      changes: newest(run.changes.values()),
      counted: newest(run.counted.values()),
      letters: run.deadLetters().map(({ stack, ...letter }) => letter),
    }),
  })
  assert.ok(count > 0)
  t.diagnostic(`${count} awaits`)
})

const newest = (rows: readonly { readonly key: string; readonly value: number }[]) =>
  [...new Map(rows.map(row => [row.key, row.value]))].toSorted()
