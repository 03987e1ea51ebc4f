import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import {
  json,
  list,
  map,
  milliseconds,
  minutes,
  pipeline,
  reducing,
  seconds,
  sideOutput,
  value,
} from '../../shared/index.ts'
import { shapeOf } from '../../shared/plan/shape.ts'
import { crashEverywhere } from './crash-everywhere.ts'

type Click = { readonly at: number; readonly user: string; readonly page: string }
type Rule = { readonly at: number; readonly page: string; readonly points: number }

const sorted = (values: readonly unknown[]): unknown[] => values.map(each => JSON.stringify(each)).sort()

/** All kinds of state and timers, a side output, a broadcast, and another stage behind it. */
const points = pipeline(
  'points',
  ({ source }) => {
    const clicks = source('clicks', { codec: json<Click>(), eventTime: click => click.at, outOfOrder: milliseconds(5) })
    const rules = source('rules', { codec: json<Rule>(), eventTime: rule => rule.at })
    const visits = clicks.keyBy('user').process('visits', {
      state: {
        last: value<Click>({ ttl: milliseconds(20) }),
        trail: list<string>(),
        pages: map<string, number>({ ttl: milliseconds(30) }),
        total: reducing((a: number, b: number) => a + b),
      },
      sides: { first: sideOutput<Click>() },
      timersWithin: milliseconds(1),
      *onRecord({ state, sides, timers }, click) {
        const last = state.last.get()
        if (last === undefined) sides.first(click)
        else if (last.page === click.page) yield { user: click.user, page: click.page, again: true }
        state.last.set(click)
        state.trail.add(click.page)
        state.pages.update(click.page, (n = 0) => n + 1)
        state.total.add(1)
        timers.event(Math.ceil((click.at + 1) / 10) * 10, 'look')
      },
      onTimer: ({ key, state }, { at, name }) => [
        { user: key, page: `${name} ${at} ${state.pages.keys()} ${state.trail.get()}`, again: false },
      ],
      onEnd: ({ key, state }) => [{ user: key, page: `end ${state.total.get()}`, again: false }],
    })
    const perUser = visits.keyBy('visitor', ({ user }) => user).count('visits-per-user')
    const pointed = clicks.keyBy('page').processWith('pointed', rules.broadcast('page'), {
      broadcastState: { points: map<string, number>() },
      onBroadcast: ({ broadcast }, { page, points }) => broadcast.points.set(page, points),
      onRecord: ({ broadcast }, click) => [`${click.at} ${click.page} ${broadcast.points.get(click.page) ?? 0}`],
    })
    return {
      perUser,
      visits: visits.forEach(() => {}),
      first: visits.side('first').forEach(() => {}),
      pointed: pointed.forEach(() => {}),
    }
  },
  { keyGroups: 2 },
)

const clicksOf = (from: number): Click[] =>
  [0, 2, 1, 9, 14, 40, 41].map((at, i) => ({ at: from + at, user: `u${i % 2}`, page: `p${i % 3}` }))

test('a process function comes out the same whatever await the runtime dies at, with a split in the middle', async t => {
  const count = await crashEverywhere({
    pipeline: points,
    play: async run => {
      await run.rules.push({ at: 0, page: 'p0', points: 5 }, { at: 1, page: 'p1', points: 7 })
      await run.rules.end()
      await run.clicks.push(...clicksOf(0).slice(0, 5))
      await run.split('user')
      await run.clicks.push(...clicksOf(0).slice(5))
      await run.clicks.end()
    },
    see: async run => ({
      perUser: run.perUser.rows(),
      visits: sorted(run.visits.values()),
      first: sorted(run.first.values()),
      pointed: sorted(run.pointed.values()),
      letters: run.deadLetters(),
    }),
  })
  t.diagnostic(`${count} awaits`)
})

test('records and timers give what their state and time say', async () => {
  const run = drive(points, { shards: { clicks: 1, user: 2 } })
  await run.rules.push({ at: 0, page: 'p0', points: 5 }, { at: 1, page: 'p1', points: 7 })
  await run.clicks.push(...clicksOf(0))
  await run.clicks.end()
  await run.rules.end()
  assert.deepEqual(sorted(run.first.values().map(({ at }) => at)), ['0', '2', '40', '41'])
  const said = run.visits.values().map(({ user, page, again }) => `${user} ${page} ${again}`)
  assert.deepEqual(said.sort(), [
    'u0 end 4 false',
    'u0 look 10 p0,p1,p2 p0,p2,p1 false',
    'u0 look 20 p0,p1,p2 p0,p2,p1 false',
    'u0 look 50 p0 p0,p2,p1,p0 false',
    'u1 end 3 false',
    'u1 look 10 p0,p1,p2 p1,p0,p2 false',
    'u1 look 50 p2 p1,p0,p2 false',
  ])
  assert.deepEqual(sorted(run.pointed.values()).slice(0, 3), ['"0 p0 5"', '"1 p2 0"', '"14 p1 7"'])
  assert.deepEqual(run.perUser.rows(), [
    { key: 'u0', value: 4 },
    { key: 'u1', value: 3 },
  ])
})

type Job = { readonly at: number; readonly id: string }

test('timers of arrival time fire with ticks, and are dropped at the end of input', async () => {
  const run = drive(
    pipeline(
      'jobs',
      ({ source }) => {
        const jobs = source('jobs', { codec: json<Job>(), eventTime: job => job.at, outOfOrder: seconds(1) })
        const slow = jobs.keyBy('id').process('slow', {
          state: { since: value<number>({ ttl: minutes(5), by: 'arrival' }) },
          onRecord({ state, timers, arrivalTime }) {
            state.since.update((since = arrivalTime) => since)
            timers.arrival(arrivalTime + minutes(2))
          },
          onTimer: ({ key, state, arrivalTime }) => [`${key} ${arrivalTime - (state.since.get() ?? 0)}`],
        })
        return { slow: slow.forEach(() => {}) }
      },
      { keyGroups: 2 },
    ),
  )
  await run.jobs.push({ at: 0, id: 'a' })
  await run.tick(minutes(1))
  assert.deepEqual(run.slow.values(), [])
  await run.tick(minutes(1))
  assert.deepEqual(run.slow.values(), ['a 120000'])
  await run.jobs.push({ at: 1, id: 'b' })
  await run.jobs.end()
  await run.tick(minutes(5))
  assert.deepEqual(run.slow.values(), ['a 120000'])
})

test('a timer that sets itself again fires while there is input, in silent key groups too, and stops at its end', async () => {
  const run = drive(
    pipeline('beats', ({ source }) => {
      const jobs = source('jobs', { codec: json<Job>(), eventTime: job => job.at })
      const beats = jobs.keyBy('id').process('beats', {
        onRecord: ({ timers }, { at }) => timers.event(at + seconds(1)),
        onTimer({ key, timers, isEnding }, { at }) {
          if (!isEnding) timers.event(at + seconds(1))
          return [`${key} ${at}`]
        },
      })
      return { beats: beats.forEach(() => {}) }
    }),
  )
  await run.jobs.push({ at: 0, id: 'a' }, { at: 3_500, id: 'b' })
  await run.jobs.advanceTo(4_999)
  assert.deepEqual(sorted(run.beats.values()), sorted(['a 1000', 'a 2000', 'a 3000', 'a 4000', 'b 4500']))
  await run.jobs.end()
  assert.deepEqual(run.beats.values().slice(5).toSorted(), ['a 5000', 'b 5500'])
})

const failing = pipeline(
  'failing',
  ({ source }) => {
    const jobs = source('jobs', { codec: json<Job>(), eventTime: job => job.at })
    const done = jobs.keyBy('id').process('work', {
      state: { seen: list<string>(), wrong: value<boolean>() },
      *onRecord({ state, timers }, job) {
        state.seen.add(job.id)
        if (job.id === 'bad') throw new Error('no such job')
        timers.event(job.at + 10, 'good')
        if (job.id === 'x') timers.event(job.at + 10, 'bad')
        yield `record ${job.id}`
      },
      *onTimer({ key, state }, { name }) {
        if (name === 'bad') {
          state.seen.add('lost')
          throw new Error('no such timer')
        }
        yield `timer ${key} ${state.seen.get()}`
      },
      onEnd({ key, state }) {
        if (key === 'y') throw new Error('no end')
        return [`end ${key} ${state.seen.get()}`]
      },
    })
    return { done: done.forEach(() => {}) }
  },
  { keyGroups: 1 },
)

test('a record, a timer or an end that throws is let go alone, with a dead letter, and leaves no trace in state', async () => {
  const run = drive(failing)
  await run.jobs.push(...['x', 'bad', 'y', 'z'].map(id => ({ at: 1, id })))
  await run.jobs.end()
  assert.deepEqual(run.done.values(), [
    'record x',
    'record y',
    'record z',
    'timer x x',
    'timer y y',
    'timer z z',
    'end x x',
    'end z z',
  ])
  assert.deepEqual(
    run.deadLetters().map(({ reason }) => reason),
    [
      'Cannot run operator "work": no such job',
      'Cannot run operator "work": no such timer',
      'Cannot run operator "work": no end',
    ],
  )
})

test('an edit may add and drop state, but not change what some means', () => {
  const withState = (state: Parameters<typeof shapes>[0]) => shapes(state)
  assert.deepEqual(withState({ a: value<number>() }), { work: 'process function', 'work.a': 'state, a value' })
  assert.deepEqual(withState({ a: list<number>({ ttl: seconds(1), by: 'arrival' }) }), {
    work: 'process function',
    'work.a': 'state, a list that expires by arrival time',
  })
})

function shapes(state: Readonly<Record<string, ReturnType<typeof value<number>> | ReturnType<typeof list<number>>>>) {
  const { plan } = pipeline('shapes', ({ source }) => {
    const jobs = source('jobs', { codec: json<Job>() })
    return {
      out: jobs
        .keyBy('id')
        .process('work', { state, onRecord: () => {} })
        .forEach(() => {}),
    }
  })
  const stage = plan.stages.find(({ name }) => name === 'id')
  return stage && JSON.parse(shapeOf(stage)).operators
}
