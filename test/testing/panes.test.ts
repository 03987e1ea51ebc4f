import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import {
  type Accumulation,
  ConfigurationError,
  countWindow,
  daily,
  days,
  json,
  milliseconds,
  minutes,
  type PaneTime,
  panes,
  pipeline,
  seconds,
  session,
  type Trigger,
  tumbling,
} from '../../shared/index.ts'
import { describe } from '../../shared/plan/describe.ts'

type Hit = { readonly at: number; readonly page: string; readonly cost: number }

const hit = (at: number, cost = 1, page = 'a'): Hit => ({ at, page, cost })
/** Time moves by `advanceTo` alone. */
const hits = { codec: json<Hit>(), eventTime: (each: Hit) => each.at, outOfOrder: days(1_000) }

type Told = {
  readonly window: { start: number; end: number }
  readonly value: unknown
  readonly pane: { index: number }
}

const told = <Row extends Told>(rows: readonly Row[]) =>
  rows.map(({ window, value, pane }) => ({ window: `${window.start}-${window.end}`, value, ...pane }))

const costs = <A extends Accumulation>(accumulation: A, early?: Trigger) =>
  drive(
    pipeline('p', ({ source }) => {
      const sums = source('hits', hits)
        .keyBy('page')
        .window(tumbling(milliseconds(10)))
        .allowedLateness(milliseconds(100))
        .lateTo('late')
        .sum('cost', each => each.cost, { emit: panes({ accumulation, ...(early && { early }) }) })
      return { sums, all: sums.toStream('all', json()), late: sums.side('late').toStream('late', json()) }
    }),
  )

test('a commit with several panes of a window sends each, and the view has the newest', async () => {
  const run = costs('accumulating', { records: 1 })
  await run.hits.push(hit(1, 1), hit(2, 2), hit(3, 4))
  assert.deepEqual(told(run.all.values()), [
    { window: '0-10', value: 1, timing: 'early', index: 0 },
    { window: '0-10', value: 3, timing: 'early', index: 1 },
    { window: '0-10', value: 7, timing: 'early', index: 2 },
  ])
  assert.deepEqual(told(run.sums.rows()), [{ window: '0-10', value: 7, timing: 'early', index: 2 }])
})

test('the pane on time comes with nothing new too, and not for a window without records', async () => {
  const run = costs('discarding', { records: 1 })
  await run.hits.push(hit(1, 5))
  await run.hits.advanceTo(8)
  assert.equal(run.all.values().length, 1)
  await run.hits.advanceTo(50)
  assert.deepEqual(told(run.all.values()), [
    { window: '0-10', value: 5, timing: 'early', index: 0 },
    { window: '0-10', value: 0, timing: 'onTime', index: 1 },
  ])
})

test('a pane says nothing where nothing can be said of no records', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const windowed = source('hits', hits)
        .keyBy('page')
        .window(tumbling(milliseconds(10)))
      const emit = panes({ early: { records: 1 }, accumulation: 'discarding' })
      const least = windowed.min('least', each => each.cost, { emit })
      const mean = windowed.average('mean', each => each.cost, { emit })
      return { least: least.toStream('least', json()), mean: mean.toStream('mean', json()) }
    }),
  )
  await run.hits.push(hit(1, 5))
  await run.hits.end()
  const expected = [{ window: '0-10', value: 5, timing: 'early', index: 0 }]
  assert.deepEqual(told(run.least.values()), expected)
  assert.deepEqual(told(run.mean.values()), expected)
})

test('a retraction says again what the pane before said, right before the pane that takes its place', async () => {
  const run = costs('retracting')
  await run.hits.push(hit(1, 1))
  await run.hits.advanceTo(9)
  await run.hits.push(hit(2, 2))
  assert.deepEqual(told(run.all.values()), [
    { window: '0-10', value: 1, timing: 'onTime', index: 0, isRetraction: false },
    { window: '0-10', value: 1, timing: 'onTime', index: 0, isRetraction: true },
    { window: '0-10', value: 3, timing: 'late', index: 1, isRetraction: false },
  ])
  assert.deepEqual(told(run.sums.rows()), [{ window: '0-10', value: 3, timing: 'late', index: 1, isRetraction: false }])
})

test('a record beyond the allowed lateness is in no pane, is counted and goes to the side output as it came', async () => {
  const run = costs('accumulating')
  await run.hits.push(hit(1, 1))
  await run.hits.advanceTo(108)
  await run.hits.push(hit(2, 2))
  await run.hits.advanceTo(109)
  await run.hits.push(hit(3, 4))
  assert.deepEqual(
    told(run.all.values()).map(({ value }) => value),
    [1, 3],
  )
  assert.deepEqual(run.late.values(), [hit(3, 4)])
  const { late, expired } = (await run.stageTotals('page')).log
  assert.deepEqual({ late, expired }, { late: 1, expired: 1 })
})

test('what is untold when a window closes goes out as its last pane', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const counts = source('hits', hits)
        .keyBy('page')
        .window(tumbling(milliseconds(10)))
        .allowedLateness(milliseconds(100))
        .count('counts', { emit: panes({ late: { records: 3 } }) })
      return { counts, all: counts.toStream('all', json()) }
    }),
  )
  await run.hits.push(hit(1))
  await run.hits.advanceTo(50)
  await run.hits.push(hit(2), hit(3))
  assert.equal(run.all.values().length, 1)
  await run.hits.advanceTo(109)
  assert.deepEqual(told(run.all.values()), [
    { window: '0-10', value: 1, timing: 'onTime', index: 0 },
    { window: '0-10', value: 3, timing: 'late', index: 1 },
  ])
})

test('panes by event time come as the watermark passes multiples of it, where something is new', async () => {
  const run = costs('accumulating', { eventTime: milliseconds(4) })
  await run.hits.push(hit(0, 1))
  await run.hits.advanceTo(2)
  assert.deepEqual(run.all.values(), [])
  await run.hits.advanceTo(3)
  assert.deepEqual(
    told(run.all.values()).map(({ value }) => value),
    [1],
  )
  await run.hits.advanceTo(7)
  assert.equal(run.all.values().length, 1, 'nothing was new')
  await run.hits.push(hit(9, 2))
  await run.hits.advanceTo(9)
  assert.deepEqual(told(run.all.values()), [
    { window: '0-10', value: 1, timing: 'early', index: 0 },
    { window: '0-10', value: 3, timing: 'onTime', index: 1 },
  ])
})

test('panes by arrival time come with the tick after it has passed since the first record that is new', async () => {
  const run = costs('accumulating', { arrivalTime: minutes(2) })
  await run.hits.push(hit(0, 1))
  await run.tick(60_000)
  await run.hits.push(hit(1, 2))
  assert.deepEqual(run.all.values(), [])
  await run.tick(60_000)
  assert.deepEqual(told(run.all.values()), [{ window: '0-10', value: 3, timing: 'early', index: 0 }])
  await run.tick(300_000)
  assert.equal(run.all.values().length, 1)
})

test('a pane whose arrival time has passed does not take the record that shows it', async () => {
  const run = costs('accumulating', { arrivalTime: seconds(1) })
  await run.hits.push(hit(0, 1))
  run.advanceClock(5_000)
  await run.hits.push(hit(1, 2))
  assert.deepEqual(
    told(run.all.values()).map(({ value }) => value),
    [1],
  )
})

test('a session that grew takes the rows of what it was out of the view with its next pane', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const sums = source('hits', hits)
        .keyBy('page')
        .window(session(milliseconds(10)))
        .allowedLateness(milliseconds(100))
        .sum('cost', each => each.cost, { emit: panes({ early: { records: 2 }, accumulation: 'retracting' }) })
      return { sums, all: sums.toStream('all', json()), best: sums.top('best', 3) }
    }),
  )
  await run.hits.push(hit(0, 1), hit(1, 2), hit(30, 4))
  await run.hits.advanceTo(11)
  await run.hits.push(hit(20, 8))
  assert.deepEqual(told(run.sums.rows()), [
    { window: '0-11', value: 3, timing: 'onTime', index: 1, isRetraction: false },
    { window: '20-40', value: 12, timing: 'early', index: 0, isRetraction: false },
  ])
  await run.hits.push(hit(10, 16), hit(35, 32))
  assert.deepEqual(told(run.sums.rows()), [
    { window: '0-45', value: 63, timing: 'early', index: 3, isRetraction: false },
  ])
  assert.deepEqual(
    run.best.rows().map(({ value, rank }) => ({ value, rank })),
    [{ value: 63, rank: 1 }],
  )
  const left = new Map<string, number>()
  for (const { window, value, pane } of run.all.values()) {
    const row = `${window.start}-${window.end}: ${value}`
    left.set(row, (left.get(row) ?? 0) + (pane.isRetraction ? -1 : 1))
  }
  assert.deepEqual(
    [...left].filter(([, count]) => count !== 0),
    [['0-45: 63', 1]],
  )
})

test('a pane whose result cannot be made is a dead letter; nothing takes back what it would have said', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const sums = source('hits', { ...hits, onError: 'deadLetter' })
        .keyBy('page')
        .window(tumbling(milliseconds(10)))
        .allowedLateness(milliseconds(100))
        .aggregate(
          'sums',
          {
            create: () => 0,
            add: (sum, { cost }) => sum + cost,
            merge: (sum, other) => sum + other,
            result: sum => {
              if (sum === 13) throw new RangeError('unlucky')
              return sum
            },
          },
          { emit: panes({ late: { records: 2 }, accumulation: 'retracting' }) },
        )
      return { all: sums.toStream('all', json()) }
    }),
  )
  await run.hits.push(hit(1, 13))
  await run.hits.advanceTo(9)
  assert.deepEqual(run.all.values(), [])
  assert.deepEqual(
    run.deadLetters().map(({ kind, reason }) => ({ kind, reason })),
    [{ kind: 'timer', reason: 'Cannot run operator "sums": unlucky' }],
  )
  await run.hits.push(hit(2, 1), hit(3, 1))
  assert.deepEqual(told(run.all.values()), [
    { window: '0-10', value: 15, timing: 'late', index: 1, isRetraction: false },
  ])
})

test('an aggregate with panes takes single records: nothing is combined before the shuffle', () => {
  const described = (emit: ReturnType<typeof panes> | 'final') =>
    describe(
      pipeline('p', ({ source }) => ({
        counts: source('hits', hits)
          .keyBy('page')
          .window(tumbling(milliseconds(10)))
          .count('counts', { emit }),
      })).plan,
    ).stages[1]
  const shipped = (emit: ReturnType<typeof panes> | 'final') => {
    const { reads } = described(emit)
    return reads.kind === 'shuffle' ? reads.edges[0].ships : ''
  }
  assert.match(shipped('final'), /combined/)
  assert.equal(shipped(panes()), 'nothing but the key')
  const early = { records: 100, arrivalTime: seconds(10) }
  assert.equal(
    described(panes({ early, accumulation: 'discarding' })).operators[0].emits,
    'discarding panes: early every 100 records or every 10000 ms of arrival time, on time, late each record',
  )
})

test('explain says at what time rows are that are not at the end of their window', () => {
  const emits = (time: PaneTime) =>
    describe(
      pipeline('p', ({ source }) => ({
        counts: source('hits', hits)
          .keyBy('page')
          .window(tumbling(milliseconds(10)))
          .count('counts', { emit: panes({ time }) }),
      })).plan,
    ).stages[1].operators[0].emits
  assert.equal(emits('earliest'), 'accumulating panes: on time, late each record, at the earliest time')
  assert.equal(
    emits(time => time + 1),
    'accumulating panes: on time, late each record, at a time of their own',
  )
})

test('triggers that would never fire are refused', () => {
  const refused: readonly [Trigger, RegExp][] = [
    [{}, /^ConfigurationError: Cannot emit early panes: the trigger says nothing, expected "records"/],
    [{ records: 0 }, /"records" is 0, expected a whole number of 1 or more$/],
    [{ records: 1.5 }, /"records" is 1.5/],
    [{ records: 1, atMost: 0 }, /"atMost" is 0, expected a whole number of 1 or more$/],
    [{ eventTime: milliseconds(0) }, /"eventTime" is 0 ms, expected more than 0$/],
    [{ arrivalTime: milliseconds(0) }, /"arrivalTime" is 0 ms, expected more than 0$/],
  ]
  for (const [early, message] of refused) assert.throws(() => panes({ early }), message)
  assert.throws(
    () =>
      pipeline('p', ({ source }) => ({
        counts: source('hits', hits).keyBy('page').window(countWindow(3)).count('counts', { emit: panes() }),
      })),
    ConfigurationError,
  )
})

test('panes of days come on time at the end of the day', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const counts = source('hits', hits)
        .keyBy('page')
        .window(daily('Europe/Berlin'))
        .count('counts', { emit: panes({ early: { records: 2 } }) })
      return { all: counts.toStream('all', json()) }
    }),
  )
  const start = Date.parse('2024-03-31T00:00:00+01:00')
  const end = Date.parse('2024-04-01T00:00:00+02:00')
  await run.hits.push(hit(start), hit(start + 1), hit(end - 1), hit(end))
  await run.hits.advanceTo(end - 1)
  assert.deepEqual(told(run.all.values()), [
    { window: `${start}-${end}`, value: 2, timing: 'early', index: 0 },
    { window: `${start}-${end}`, value: 3, timing: 'onTime', index: 1 },
  ])
})
