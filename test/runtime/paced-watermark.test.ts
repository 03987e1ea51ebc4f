import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { every, json, minutes, pipeline, seconds, tumbling } from '../../shared/index.ts'
import { crashEverywhere } from './crash-everywhere.ts'

type Click = { readonly user: string; readonly at: number }

const paced = pipeline(
  'paced',
  ({ source }) => {
    const clicks = source('clicks', { codec: json<Click>(), eventTime: click => click.at }).keyBy('user')
    const rows = clicks.count('clicks-so-far', { emit: every(minutes(10)) })
    const told = rows.map(({ key, value }) => ({ key, value })).keyBy('teller', () => 'all')
    return { perSecond: told.window(tumbling(seconds(1))).count('rows-per-second') }
  },
  { keyGroups: 2 },
)

test('rows that wait under "every" are in time for what is behind them, however far event time has gone meanwhile', async () => {
  const run = drive(paced)
  await run.clicks.push({ user: 'a', at: 1_000 }, { user: 'b', at: 1_500 })
  // Event time passes for an hour while the rows wait for arrival time.
  await run.clicks.push({ user: 'c', at: 3_600_000 })
  await run.clicks.advanceTo(3_700_000)
  assert.deepEqual(run.perSecond.rows(), [], 'nothing has gone out')
  await run.tick(11 * 60_000)
  await run.clicks.advanceTo(3_800_000)
  await run.clicks.end()
  const counts = run.perSecond.rows().map(({ window, value }) => [window.start, value])
  assert.deepEqual(counts, [
    [1_000, 2],
    [3_600_000, 1],
  ])
  const { log } = await run.stageTotals('teller')
  assert.deepEqual([log.late, log.expired], [0, 0])
})

test('the watermark that is held back is the same whatever await the runtime dies at', async () => {
  await crashEverywhere({
    pipeline: paced,
    options: { batchSize: 2 },
    play: async run => {
      await run.clicks.push({ user: 'a', at: 1_000 }, { user: 'b', at: 1_500 }, { user: 'c', at: 3_600_000 })
      await run.clicks.advanceTo(3_700_000)
      await run.split('user')
      await run.tick(11 * 60_000)
      await run.clicks.end()
    },
    see: async run => run.perSecond.rows(),
  })
})
