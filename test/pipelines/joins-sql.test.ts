import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { drive } from 'millrace/testing'
import { hopping, json, milliseconds, pipeline, type Window } from '../../shared/index.ts'
import { Random } from '../codecs/random.ts'

type Bid = { readonly auction: number; readonly ms: number; readonly id: number }
type Auction = { readonly auction: number; readonly ms: number; readonly id: number; readonly expires: number }

const time = { eventTime: (value: { readonly ms: number }) => value.ms, outOfOrder: milliseconds(8) }
const [before, after] = [milliseconds(6), milliseconds(9)]
const windows = hopping(milliseconds(12), milliseconds(4))
const types = ['inner', 'left', 'right', 'full'] as const

const joins = pipeline(
  'joins',
  ({ source }) => {
    const bids = source('bids', { codec: json<Bid>(), ...time }).keyBy('auction')
    const auctions = source('auctions', { codec: json<Auction>(), ...time }).keyBy('auction')
    const perWindow = bids.window(windows)
    const ids = (bid: Bid | undefined, auction: Auction | undefined) => [bid?.id, auction?.id]
    const idsIn = (bid: Bid | undefined, auction: Auction | undefined, { end }: Window) => [...ids(bid, auction), end]
    const interval = (type: (typeof types)[number]) =>
      bids.join(`${type}-interval`, auctions, { type, before, after }, ids).forEach(() => {})
    const windowed = (type: (typeof types)[number]) =>
      perWindow.join(`${type}-windowed`, auctions, { type }, idsIn).forEach(() => {})
    const only = (type: 'semi' | 'anti') =>
      bids
        .join(`${type}-interval`, auctions, {
          type,
          before,
          after,
          where: (bid, auction) => (bid.id + auction.id) % 3 > 0,
        })
        .map(bid => [bid.id])
        .forEach(() => {})
    const onlyIn = (type: 'semi' | 'anti') =>
      perWindow
        .join(`${type}-windowed`, auctions, { type })
        .map(({ value, window }) => [value.id, window.end])
        .forEach(() => {})
    const pairs = bids.join('pairs', auctions, { within: 'forever' }, (bid, auction) => ({ bid, auction }))
    return {
      innerInterval: interval('inner'),
      leftInterval: interval('left'),
      rightInterval: interval('right'),
      fullInterval: interval('full'),
      semiInterval: only('semi'),
      antiInterval: only('anti'),
      innerWindowed: windowed('inner'),
      leftWindowed: windowed('left'),
      rightWindowed: windowed('right'),
      fullWindowed: windowed('full'),
      semiWindowed: onlyIn('semi'),
      antiWindowed: onlyIn('anti'),
      bought: auctions
        .join('bought', bids, { type: 'left', until: auction => auction.expires }, (auction, bid) => [
          auction.id,
          bid?.id,
        ])
        .forEach(() => {}),
      self: bids.join('self', bids, { after }, (left, right) => [left.id, right.id]).forEach(() => {}),
      three: pairs
        .keyBy('again', pair => pair.auction.id)
        .join(
          'three',
          source('sales', { codec: json<Auction>(), ...time }).keyBy('again', sale => sale.id),
          { within: 'forever' },
          ({ bid, auction }, sale) => [bid.id, auction.id, sale.id],
        )
        .forEach(() => {}),
    }
  },
  { keyGroups: 4 },
)

const near = 'b.auction = a.auction AND a.ms BETWEEN b.ms - 6 AND b.ms + 9'
/** A window's end is a multiple of 4; it holds the 12 ms before. */
const ends = (table: string) => `(SELECT *, unnest(range(ms - ms % 4 + 4, ms - ms % 4 + 16, 4)) AS e FROM ${table})`
const sameWindow = 'b.auction = a.auction AND b.e = a.e'
const interval = (type: string) => `SELECT b.id, a.id FROM bids b ${type} JOIN auctions a ON ${near}`
const windowed = (type: string) =>
  `SELECT b.id, a.id, coalesce(b.e, a.e) FROM ${ends('bids')} b ${type} JOIN ${ends('auctions')} a ON ${sameWindow}`
const exists = `EXISTS (SELECT 1 FROM auctions a WHERE ${near} AND (b.id + a.id) % 3 > 0)`
const existsIn = `EXISTS (SELECT 1 FROM ${ends('auctions')} a WHERE ${sameWindow})`

const queries = {
  innerInterval: interval('INNER'),
  leftInterval: interval('LEFT'),
  rightInterval: interval('RIGHT'),
  fullInterval: interval('FULL'),
  semiInterval: `SELECT b.id FROM bids b WHERE ${exists}`,
  antiInterval: `SELECT b.id FROM bids b WHERE NOT ${exists}`,
  innerWindowed: windowed('INNER'),
  leftWindowed: windowed('LEFT'),
  rightWindowed: windowed('RIGHT'),
  fullWindowed: windowed('FULL'),
  semiWindowed: `SELECT b.id, b.e FROM ${ends('bids')} b WHERE ${existsIn}`,
  antiWindowed: `SELECT b.id, b.e FROM ${ends('bids')} b WHERE NOT ${existsIn}`,
  bought:
    'SELECT a.id, b.id FROM auctions a LEFT JOIN bids b ON b.auction = a.auction AND b.ms BETWEEN a.ms AND greatest(a.ms, a.expires)',
  self: 'SELECT l.id, r.id FROM bids l JOIN bids r ON l.auction = r.auction AND r.ms BETWEEN l.ms AND l.ms + 9',
  three: 'SELECT b.id, a.id, s.id FROM bids b JOIN auctions a ON b.auction = a.auction JOIN sales s ON s.id = a.id',
} as const

type Name = keyof typeof queries
const names = Object.keys(queries) as Name[]

test('joins of all types give the rows that SQL gives, with records out of order', async () => {
  const random = new Random(7)
  const at = (i: number) => 100 + i + random.below(8)
  const bids = Array.from({ length: 80 }, (_, i): Bid => ({ auction: random.below(5), ms: at(i), id: i }))
  const auctions = Array.from({ length: 50 }, (_, i): Auction => {
    const begins = at(2 * i)
    return { auction: random.below(6), ms: begins, id: i, expires: begins + random.between(-5, 30) }
  })
  const sales = auctions.filter(auction => auction.id % 3 === 0)
  const run = drive(joins, { batchSize: 16 })
  for (let i = 0; i < 10; i++) {
    await run.bids.push(...bids.slice(8 * i, 8 * i + 8))
    if (i === 3) await run.split('auction')
    await run.auctions.push(...auctions.slice(5 * i, 5 * i + 5))
    if (i === 6) run.evict()
    await run.sales.push(...sales.slice(2 * i, 2 * i + 2))
  }
  await run.bids.end()
  await run.auctions.end()
  await run.sales.end()
  const expected = await rowsOf({ bids, auctions, sales })
  for (const name of names) {
    assert.ok(expected[name].length > 5, name)
    assert.deepEqual(sorted(run[name].values()), sorted(expected[name]), name)
  }
})

async function rowsOf(
  tables: Readonly<Record<string, readonly Readonly<Record<string, number>>[]>>,
): Promise<Record<Name, unknown[][]>> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    for (const [name, rows] of Object.entries(tables)) {
      const columns = Object.keys(rows[0])
      const values = rows.map(row => `(${columns.map(column => `${row[column]}::INTEGER`)})`)
      await connection.run(`CREATE TABLE ${name} AS SELECT * FROM (VALUES ${values}) AS t(${columns})`)
    }
    const answers: Partial<Record<Name, unknown[][]>> = {}
    for (const name of names) {
      const rows = await connection.runAndReadAll(queries[name])
      answers[name] = rows.getRowsJS().map(row => row.map(value => (value === null ? undefined : Number(value))))
    }
    return answers as Record<Name, unknown[][]>
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const sorted = (rows: readonly (readonly unknown[])[]): string[] =>
  rows.map(row => row.map(String).join(' ')).toSorted()
