import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DriverOf, drive } from 'millrace/testing'
import { days, json, milliseconds, minutes, panes, pipeline, session, tumbling } from '../../shared/index.ts'
import { keyGroupOf, keyId } from '../../shared/model/key.ts'
import { crashEverywhere } from './crash-everywhere.ts'

type Hit = { readonly at: number; readonly page: string; readonly cost: number }

const hit = (at: number, cost = 1, page = 'a'): Hit => ({ at, page, cost })
/** Time moves by `advanceTo` alone. */
const hits = { codec: json<Hit>(), eventTime: (each: Hit) => each.at, outOfOrder: days(1_000) }

test('rows at the time of their first record are not late behind, whoever goes on without having loaded them', async () => {
  const [one, other] = ['a', 'b']
  assert.notEqual(keyGroupOf(keyId(one), 2), keyGroupOf(keyId(other), 2))
  const begun = pipeline(
    'p',
    ({ source }) => {
      const visits = source('hits', hits)
        .keyBy('page')
        .window(session(milliseconds(20)))
        .count('visits', { emit: panes({ time: 'earliest' }) })
      const perTen = visits
        .map(({ key, window }) => `${key}${window.start}`)
        .keyBy('all', (): string => 'all')
        .window(tumbling(milliseconds(10)))
      return {
        begun: perTen.aggregate('begun', {
          create: () => [] as string[],
          add: (all, visit) => [...all, visit].sort(),
          merge: (all, more) => [...all, ...more].sort(),
        }),
      }
    },
    { keyGroups: 2 },
  )
  const play = async (run: DriverOf<typeof begun>, pause = async () => {}) => {
    await run.hits.push(hit(5, 1, one), hit(12, 1, one))
    await run.hits.advanceTo(24)
    run.evict()
    // Only the other key's group is loaded now.
    await run.hits.push(hit(26, 1, other))
    await pause()
    await run.hits.push(hit(27, 1, one), hit(33, 1, other))
    await run.hits.end()
  }
  const see = async (run: DriverOf<typeof begun>) => {
    const rows = run.begun.rows().map(({ window, value }) => ({ start: window.start, value }))
    assert.deepEqual(rows, [
      { start: 0, value: ['a5'] },
      { start: 20, value: ['b26'] },
    ])
    assert.equal((await run.stageTotals('all')).log.late, 0)
  }
  const split = drive(begun)
  await play(split, async () => void (await split.split('page')))
  await see(split)
  await crashEverywhere({ pipeline: begun, play: run => play(run), see })
})

test('panes come out the same whatever await the runtime dies at', async () => {
  const triggers = {
    early: { records: 2, arrivalTime: minutes(2), eventTime: milliseconds(7) },
    late: { records: 2 },
  }
  const counted = pipeline(
    'p',
    ({ source }) => {
      const byPage = source('hits', hits).keyBy('page')
      const sums = byPage
        .window(tumbling(milliseconds(10)))
        .allowedLateness(milliseconds(20))
        .sum('cost', each => each.cost, { emit: panes({ ...triggers, accumulation: 'retracting' }) })
      const visits = byPage
        .window(session(milliseconds(5)))
        .count('visits', { emit: panes({ ...triggers, accumulation: 'discarding' }) })
      return { sums, all: sums.toStream('all', json()), allVisits: visits.toStream('all-visits', json()) }
    },
    { keyGroups: 2 },
  )
  await crashEverywhere({
    pipeline: counted,
    options: { batchSize: 3 },
    play: async run => {
      await run.hits.push(hit(1), hit(2, 2, 'b'), hit(11, 4), hit(3, 8), hit(4, 16))
      await run.tick(120_000)
      await run.hits.advanceTo(12)
      await run.hits.push(hit(5, 32), hit(6, 64), hit(14, 128, 'b'), hit(7, 256))
      await run.hits.end()
    },
    see: async run => ({ sums: run.sums.rows(), all: run.all.values(), visits: run.allVisits.values() }),
  })
})
