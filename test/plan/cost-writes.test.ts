import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeUnits } from '../../bench/write-units.ts'
import { writeOrders } from '../../functions/orders/generate.ts'
import { orders } from '../../functions/orders/pipeline.ts'
import { costOf, monthSeconds } from '../../shared/plan/cost.ts'
import { temporaryFolder } from '../cloud/clouds.ts'

/** Trades a second of event time, as the generator makes them. */
const rate = 500
/** Two rounds of a ring of commits. */
const count = 128_000

test('the write units that cost foretells for orders are those that the engine writes, within a factor of 1.5', async t => {
  const file = join(temporaryFolder(), 'trades.csv')
  await writeOrders(file, { count, seed: 7 })
  const written = await writeUnits(file, count, true)
  const keys: Readonly<Record<string, number>> = { side: 2, clientId: 100, symbol: 100 }
  const traffic = {
    rate: () => rate,
    eventBytes: 46,
    aggregated: 1,
    shards: () => 1,
    batchSize: () => 1_000,
    // Every stage commits after each 1,000 trades.
    batchWindow: 1_000 / rate,
    keys: (stage: string) => keys[stage] ?? 1,
    selectivity: () => 1,
  }
  const { lines, eventsPerMonth } = costOf(orders.plan, traffic, { onDemand: false, memoryMiB: 1024 })
  assert.equal(eventsPerMonth, rate * monthSeconds)
  const foretold = (part: string): number => {
    const line = lines.find(each => each.service === 'DynamoDB' && each.part === part)
    return ((line?.quantity ?? 0) * 1e12) / eventsPerMonth
  }
  const parts = [
    ['commits', foretold('commits'), written.commitUnits],
    ['pages', foretold('pages'), written.pageUnits],
    ['rows of views', foretold('rows of views'), written.viewUnits],
  ] as const
  for (const [part, units, found] of parts) {
    t.diagnostic(`${part}: ${Math.round(units)} foretold, ${found} written for a million trades`)
    assert.ok(units < found * 2 && found < units * 2, `${part}: ${Math.round(units)} foretold, ${found} written`)
  }
  const all = parts.reduce((sum, [, units]) => sum + units, 0)
  assert.ok(
    all < written.units * 1.5 && written.units < all * 1.5,
    `${Math.round(all)} foretold, ${written.units} written`,
  )
})
