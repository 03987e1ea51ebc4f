import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { json, milliseconds, pipeline, tumbling } from '../../shared/index.ts'

type Sale = { readonly shop: string; readonly amount: number; readonly at: number }

const sales = pipeline('sales', ({ source }) => {
  const byShop = source('sale', { codec: json<Sale>(), eventTime: sale => sale.at }).keyBy('shop')
  const turnover = byShop.sum('turnover', sale => sale.amount)
  const texts = turnover.mapValues((value, { key }) => `${key} ${value}`)
  const large = turnover.mapValues(value => ({ large: value })).filter(({ value }) => value.large >= 10)
  const negative = turnover.mapValues(value => -value).top('lowest', 1)
  const windows = byShop
    .window(tumbling(milliseconds(10)))
    .count('counted')
    .mapValues((value, { window }) => value * 1_000 + window.end)
  const ranked = turnover.top('highest', 2).mapValues((value, { rank }) => ({ rank, value }))
  const total = large.groupBy('all', () => 'all').sum('total', ({ value }) => value.large)
  return { texts, large, negative, windows, ranked, total }
})

test('mapValues gives the same rows with other values: to views, filters, tops and tables', async () => {
  const run = drive(sales)
  await run.sale.push(
    { shop: 'a', amount: 5, at: 1 },
    { shop: 'b', amount: 12, at: 2 },
    { shop: 'a', amount: 6, at: 3 },
  )
  assert.deepEqual(run.texts.rows(), [
    { key: 'a', value: 'a 11' },
    { key: 'b', value: 'b 12' },
  ])
  assert.deepEqual(run.large.rows(), [
    { key: 'a', value: { large: 11 } },
    { key: 'b', value: { large: 12 } },
  ])
  assert.deepEqual(run.negative.rows(), [{ rank: 1, key: 'a', value: -11 }])
  assert.deepEqual(
    run.ranked.rows().map(row => row.value),
    [
      { rank: 1, value: 12 },
      { rank: 2, value: 11 },
    ],
  )
  assert.deepEqual(run.total.rows(), [{ key: 'all', value: 23 }])
  // A row that no longer passes the filter is taken out, behind mapValues too.
  await run.sale.push({ shop: 'b', amount: -5, at: 4 })
  assert.deepEqual(run.large.rows(), [{ key: 'a', value: { large: 11 } }])
  assert.deepEqual(run.total.rows(), [{ key: 'all', value: 11 }])
  await run.sale.end()
  assert.deepEqual(run.windows.rows(), [
    { key: 'a', window: { start: 0, end: 10 }, value: 2_010 },
    { key: 'b', window: { start: 0, end: 10 }, value: 2_010 },
  ])
})
