import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orders } from '../../functions/orders/pipeline.ts'
import { drive } from '../../local/testing/drive.ts'

test('a driver runs the orders pipeline as its documentation shows', async () => {
  const trade = {
    time: Date.parse('2016-03-22T20:25:28Z'),
    orderId: 1,
    clientId: 80,
    symbol: 'EPE',
    amount: 710,
    price: 51,
    side: 'B',
  } as const
  const run = drive(orders)
  await run.trades.push(trade, trade)
  await run.trades.advanceTo('2016-03-22T20:27:00Z')
  const start = Date.parse('2016-03-22T20:25:00Z')
  assert.deepEqual(run.sides.rows(), [{ key: 'B', window: { start, end: start + 60_000 }, value: 2 }])
  console.log(run.awaits.length)
  await run.trades.end()
  console.log(run.topClients.rows(), run.topSymbols.rows().length, run.awaits.length)
})
