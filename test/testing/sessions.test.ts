import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { json, milliseconds, pipeline, session, tumbling } from '../../shared/index.ts'

type Hit = { readonly at: number; readonly page: string; readonly cost: number }

const hit = (at: number, page: string, cost = 1): Hit => ({ at, page, cost })
const hits = { codec: json<Hit>(), eventTime: (each: Hit) => each.at }

test('sessions that a record merges leave one row in the view', async () => {
  const run = drive(
    pipeline('p', ({ source }) => ({
      sessions: source('hits', hits)
        .keyBy('page')
        .window(session(milliseconds(10)))
        .allowedLateness(milliseconds(1_000))
        .sum('cost', each => each.cost),
    })),
  )
  await run.hits.push(hit(0, 'a', 1), hit(20, 'a', 2))
  await run.hits.advanceTo(30)
  assert.deepEqual(run.sessions.rows(), [
    { key: 'a', window: { start: 0, end: 10 }, value: 1 },
    { key: 'a', window: { start: 20, end: 30 }, value: 2 },
  ])
  await run.hits.push(hit(10, 'a', 4))
  assert.deepEqual(run.sessions.rows(), [{ key: 'a', window: { start: 0, end: 30 }, value: 7 }])
  run.evict()
  await run.hits.push(hit(30, 'a', 8))
  assert.deepEqual(run.sessions.rows(), [], 'the session goes on: its row is taken back until it ends again')
  await run.hits.advanceTo(39)
  assert.deepEqual(run.sessions.rows(), [], 'a record at 40 would still join it')
  await run.hits.advanceTo(40)
  assert.deepEqual(run.sessions.rows(), [{ key: 'a', window: { start: 0, end: 40 }, value: 15 }])
})

test('sessions and their rankings are the same whatever order records in time come in', async () => {
  const seen = await Promise.all(
    [
      [100, 110, 115],
      [100, 115, 110],
    ].map(async times => {
      const run = drive(
        pipeline('p', ({ source }) => {
          const sessions = source('hits', { ...hits, outOfOrder: milliseconds(5) })
            .keyBy('page')
            .window(session(milliseconds(10)))
            .count('sessions')
          const starts = sessions.keyBy('start', each => each.window.start)
          const perStart = starts.window(tumbling(milliseconds(10))).count('per-start')
          return { sessions, best: sessions.top('best', 1), perStart }
        }),
      )
      for (const at of times) await run.hits.push(hit(at, 'a'), hit(at, 'b'))
      await run.hits.advanceTo(124)
      assert.deepEqual(run.best.rows(), [])
      await run.hits.advanceTo(125)
      const atEnd = run.best.rows()
      await run.hits.end()
      assert.deepEqual(run.best.rows(), atEnd, 'rows come at the end of their session')
      return [run.sessions.rows(), run.best.rows(), run.perStart.rows()]
    }),
  )
  const window = { start: 100, end: 125 }
  const rows = [
    { key: 'a', window, value: 3 },
    { key: 'b', window, value: 3 },
  ]
  // A session's row has the time of its end.
  const next = { key: 100, window: { start: 120, end: 130 }, value: 2 }
  const expected = [rows, [{ ...rows[0], rank: 1 }], [next]]
  assert.deepEqual(seen, [expected, expected])
})
