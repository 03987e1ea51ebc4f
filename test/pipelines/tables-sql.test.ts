import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { drive } from 'millrace/testing'
import { json, milliseconds, pipeline } from '../../shared/index.ts'
import { Random } from '../codecs/random.ts'

type Customer = { readonly customer: string; readonly region: string; readonly ms: number; readonly gone: boolean }
type Order = {
  readonly order: string
  readonly customer: string | null
  readonly amount: number
  readonly ms: number
  readonly gone: boolean
}

const time = { eventTime: (value: { readonly ms: number }) => value.ms, outOfOrder: milliseconds(20) }
const isDeleted = (value: { readonly gone: boolean }) => value.gone

const tables = pipeline(
  'tables',
  ({ source }) => {
    const customerEvents = source('customers', { codec: json<Customer>(), ...time })
    const orderEvents = source('orders', { codec: json<Order>(), ...time })
    const customers = customerEvents.keyBy('customer').latest('customer-table', { isDeleted })
    const orders = orderEvents.keyBy('order').latest('order-table', { isDeleted })
    const ofCustomer = orders.groupBy('of', row => row.value.customer ?? 'nobody')
    const amount = (row: { readonly value: Order }) => row.value.amount
    const named = orders.joinOn(
      'named',
      customers,
      order => order.customer,
      (order, customer) => ({ amount: order.amount, region: customer?.region ?? null }),
      { type: 'left' },
    )
    const regional = orders.joinOn(
      'regional',
      customers,
      order => order.customer,
      (order, { region }) => ({ amount: order.amount, region }),
    )
    const byCustomer = orderEvents.filter(order => order.customer !== null).keyBy('customer', order => order.customer)
    const lastOrders = byCustomer.latest('last-orders', { isDeleted })
    const sums = ofCustomer.sum('sums', amount)
    return {
      current: customers,
      large: orders.filter(row => row.value.amount > 5),
      counts: ofCustomer.count('counts'),
      sums,
      best: sums.top('best', 2),
      averages: ofCustomer.average('averages', amount),
      least: ofCustomer.min('least', amount),
      greatest: ofCustomer.max('greatest', amount),
      named,
      perRegion: regional.groupBy('region', row => row.value.region).sum('per-region', row => row.value.amount),
      profiles: customers.joinTable(
        'profiles',
        lastOrders,
        (left, right) => [left?.region ?? null, right?.order ?? null],
        {
          type: 'full',
        },
      ),
      rebuilt: customers
        .changes('customer-log')
        .keyBy('again', change => change.row.key)
        .materialize('rebuilt'),
      regions: customers
        .changes('region-log')
        .map(({ kind, row }) => ({ kind, row: row.value.region }))
        .keyBy('one-region', change => change.row)
        .materialize('regions', { mode: 'retract' }),
      asOf: byCustomer
        .joinVersions(
          'as-of',
          customerEvents.keyBy('customer'),
          (order, customer) => [order.order, order.ms, customer?.region ?? null],
          { type: 'left', isDeleted },
        )
        .forEach(() => {}),
    }
  },
  { keyGroups: 4 },
)

const newest = (table: string, key: string) =>
  `(SELECT * FROM (SELECT DISTINCT ON (${key}) * FROM ${table} ORDER BY ms DESC) WHERE NOT gone)`
const customers = newest('customers', 'customer')
const orders = newest('orders', 'order_')
const grouped = (value: string) => `SELECT coalesce(customer, 'nobody'), ${value} FROM ${orders} GROUP BY 1`
const namedJoin = (type: string) => `${orders} o ${type} JOIN ${customers} c ON o.customer = c.customer`
const lastOrders = newest('(FROM orders WHERE customer IS NOT NULL)', 'customer')

/** Each as rows of texts, the key first. */
const queries = {
  current: `SELECT customer, region FROM ${customers}`,
  large: `SELECT order_, amount FROM ${orders} WHERE amount > 5`,
  counts: grouped('count(*)'),
  sums: grouped('sum(amount)'),
  best: `SELECT * FROM (${grouped('sum(amount)')} ORDER BY 2 DESC, 1 LIMIT 2)`,
  averages: grouped('avg(amount)'),
  least: grouped('min(amount)'),
  greatest: grouped('max(amount)'),
  named: `SELECT order_, amount, region FROM ${namedJoin('LEFT')}`,
  perRegion: `SELECT region, sum(amount) FROM ${namedJoin('INNER')} GROUP BY region`,
  profiles: `SELECT coalesce(c.customer, o.customer), region, order_ FROM ${customers} c FULL JOIN ${lastOrders} o ON c.customer = o.customer`,
  rebuilt: `SELECT customer, region FROM ${customers}`,
  regions: `SELECT DISTINCT region, region FROM ${customers}`,
  asOf: `SELECT o.order_, o.ms, CASE WHEN c.gone THEN NULL ELSE c.region END FROM orders o ASOF LEFT JOIN customers c
    ON o.customer = c.customer AND o.ms >= c.ms WHERE o.customer IS NOT NULL`,
}

type Name = keyof typeof queries

async function expectedOf(events: readonly (Customer | Order)[]): Promise<Record<Name, string[]>> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run('CREATE TABLE customers (customer TEXT, region TEXT, ms INT, gone BOOL)')
    await connection.run('CREATE TABLE orders (order_ TEXT, customer TEXT, amount DOUBLE, ms INT, gone BOOL)')
    const quoted = (text: string | null) => (text === null ? 'NULL' : `'${text}'`)
    for (const each of events) {
      const values =
        'order' in each
          ? `orders VALUES (${quoted(each.order)}, ${quoted(each.customer)}, ${each.amount}, ${each.ms}, ${each.gone})`
          : `customers VALUES (${quoted(each.customer)}, ${quoted(each.region)}, ${each.ms}, ${each.gone})`
      await connection.run(`INSERT INTO ${values}`)
    }
    const results = Object.entries(queries).map(async ([name, query]) => {
      const rows = await connection.runAndReadAll(query)
      return [
        name,
        rows
          .getRowsJS()
          .map(row => textOf(...row))
          .sort(),
      ] as const
    })
    return Object.fromEntries(await Promise.all(results)) as Record<Name, string[]>
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const textOf = (...values: readonly unknown[]): string =>
  values.map(value => (value === null || value === undefined ? '-' : String(value))).join(' ')

/** At each millisecond one event; a key comes again and again, a third of the time to go. */
function eventsOf(random: Random, count: number): (Customer | Order)[] {
  return Array.from({ length: count }, (_, ms) => {
    const customer = random.pick(['c1', 'c2', 'c3', 'c4', 'c5'])
    const gone = random.below(3) === 0
    if (random.below(3) === 0) return { customer, region: random.pick(['north', 'south', 'west']), ms, gone }
    const order = `o${random.below(12)}`
    return { order, customer: random.below(6) === 0 ? null : customer, amount: random.below(10), ms, gone }
  })
}

test('tables, their groups and their joins are what SQL makes of the newest rows', async () => {
  for (const seed of [1, 2]) {
    const random = new Random(seed)
    const events = eventsOf(random, 150)
    const expected = await expectedOf(events)
    const run = drive(tables, { shards: 2, batchSize: 7 })
    const arrived = events.map(event => ({ event, at: event.ms + random.below(20) })).sort((a, b) => a.at - b.at)
    for (let from = 0; from < arrived.length; from += 15) {
      const some = arrived.slice(from, from + 15).map(({ event }) => event)
      await run.orders.push(...some.filter(event => 'order' in event))
      await run.customers.push(...some.filter((event): event is Customer => !('order' in event)))
      if (from === 45) await run.split('named-on')
      if (from === 60) await run.split('of')
      if (from === 75) await run.split('customer')
      if (from === 90) await run.merge('named')
    }
    await run.orders.end()
    await run.customers.end()
    const numbers = (rows: readonly { readonly key: string; readonly value: number }[]) =>
      rows.map(({ key, value }) => textOf(key, value))
    const seen: Record<Name, string[]> = {
      current: run.current.rows().map(({ key, value }) => textOf(key, value.region)),
      large: run.large.rows().map(({ key, value }) => textOf(key, value.amount)),
      counts: numbers(run.counts.rows()),
      sums: numbers(run.sums.rows()),
      best: numbers(run.best.rows()),
      averages: numbers(run.averages.rows()),
      least: numbers(run.least.rows()),
      greatest: numbers(run.greatest.rows()),
      named: run.named.rows().map(({ key, value }) => textOf(key, value.amount, value.region)),
      perRegion: numbers(run.perRegion.rows()),
      profiles: run.profiles.rows().map(({ key, value }) => textOf(key, ...value)),
      rebuilt: run.rebuilt.rows().map(({ key, value }) => textOf(key, value.value.region)),
      regions: run.regions.rows().map(({ key, value }) => textOf(key, value)),
      asOf: run.asOf.values().map(row => textOf(...row)),
    }
    for (const [name, rows] of Object.entries(seen)) {
      assert.deepEqual(rows.sort(), expected[name as Name], `${name} of seed ${seed}`)
      assert.ok(rows.length > 0, `${name} of seed ${seed} has rows`)
    }
  }
})
