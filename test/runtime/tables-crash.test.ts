import { test } from 'node:test'
import { json, milliseconds, pipeline } from '../../shared/index.ts'
import { crashEverywhere } from './crash-everywhere.ts'

type Customer = { readonly id: string; readonly region: string; readonly ms: number; readonly gone?: boolean }
type Order = { readonly id: string; readonly customer: string; readonly amount: number; readonly ms: number }

const time = { eventTime: (value: { readonly ms: number }) => value.ms, outOfOrder: milliseconds(5) }

const tables = pipeline(
  'tables',
  ({ source }) => {
    const customerEvents = source('customers', { codec: json<Customer>(), ...time }).keyBy('id')
    const customers = customerEvents.latest('customer-table', { isDeleted: customer => customer.gone === true })
    const orders = source('orders', { codec: json<Order>(), ...time })
    const orderTable = orders.keyBy('order', order => order.id).latest('order-table')
    const shipped = orderTable.joinOn(
      'shipped',
      customers,
      order => order.customer,
      (order, customer) => ({ amount: order.amount, region: customer?.region ?? 'nowhere' }),
      { type: 'left' },
    )
    const perRegion = shipped.groupBy('region', row => row.value.region)
    const asOf = orders
      .keyBy('id', order => order.customer)
      .joinVersions('as-of', customerEvents, (order, { region }) => `${order.id} at ${order.ms} to ${region}`)
    return {
      shipped,
      amounts: perRegion.sum('amounts', row => row.value.amount),
      greatest: perRegion.max('greatest', row => row.value.amount),
      asOf: asOf.forEach(() => {}),
    }
  },
  { keyGroups: 1 },
)

const customer = (ms: number, id: string, region: string, gone = false): Customer => ({ id, region, ms, gone })
const order = (ms: number, id: string, to: string, amount: number): Order => ({ id, customer: to, amount, ms })

test('tables and their joins come out the same whatever await the runtime dies at', async t => {
  const count = await crashEverywhere({
    pipeline: tables,
    options: { batchSize: 4 },
    play: async run => {
      await run.customers.push(customer(1, 'c', 'north'), customer(2, 'd', 'south'))
      await run.orders.push(order(3, 'o', 'c', 5), order(4, 'p', 'd', 7), order(5, 'q', 'e', 1))
      await run.customers.push(customer(6, 'c', 'west'), customer(4, 'c', 'east'), customer(7, 'd', 'south', true))
      await run.orders.push(order(8, 'o', 'd', 6), order(9, 'p', 'c', 8), order(7, 'p', 'e', 2))
      await run.customers.end()
      await run.orders.end()
    },
    see: async run => ({
      shipped: run.shipped.rows(),
      amounts: run.amounts.rows(),
      greatest: run.greatest.rows(),
      asOf: run.asOf.values().toSorted(),
    }),
  })
  t.diagnostic(`${count} awaits`)
})
