import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { json, milliseconds, pipeline, type Results, type Stream, session, tumbling } from '../../shared/index.ts'
import { crashEverywhere } from './crash-everywhere.ts'

type Click = { readonly at: number; readonly user: string; readonly cost: number }
type User = { readonly at: number; readonly user: string; readonly country: string }

const clickSource = { codec: json<Click>(), eventTime: (click: Click) => click.at, outOfOrder: milliseconds(10) }
const sorted = (values: readonly unknown[]): unknown[] => values.map(each => JSON.stringify(each)).sort()

/** Every way in which records may be distributed, with counts that a repeat or a loss would change. */
const spread = pipeline(
  'spread',
  ({ source }) => {
    const clicks = source('clicks', clickSource)
    const users = source('users', { codec: json<User>(), eventTime: user => user.at })
    const rebalanced = clicks.rebalance('any').map(click => click.cost)
    const all = clicks.global('one').sum('cost-of-all', click => click.cost)
    const hot = clicks.keyBy('user').spread('parts', 3, keyed =>
      keyed.window(tumbling(milliseconds(20))).aggregate('costs', {
        create: () => ({ sum: 0, most: 0 }),
        add: (costs, { cost }) => ({ sum: costs.sum + cost, most: Math.max(costs.most, cost) }),
        merge: (a, b) => ({ sum: a.sum + b.sum, most: Math.max(a.most, b.most) }),
        result: ({ sum, most }) => `${sum} ${most}`,
      }),
    )
    const joined = clicks
      .keyBy('id', click => click.user)
      .joinBroadcast('with-country', users.broadcast('id'), { rowKey: user => user.user }, (click, { country }) => ({
        country,
        cost: click.cost,
      }))
    const near = clicks.keyBy('id', click => click.user).distinct('near', { within: milliseconds(8) })
    return {
      rebalanced: rebalanced.forEach(() => {}),
      all,
      hot,
      joined: joined.forEach(() => {}),
      near: near.forEach(() => {}),
    }
  },
  { keyGroups: 2 },
)

const clicksOf = (count: number): Click[] =>
  Array.from({ length: count }, (_, i) => ({ at: i * 3 + (i % 4), user: i % 3 === 0 ? 'b' : 'a', cost: 2 ** i }))

/** Per user and window of 20 ms the sum and the most, by looking at all clicks. */
function costsOf(clicks: readonly Click[]) {
  const windows = Object.groupBy(clicks, ({ at, user }) => `${user} ${Math.floor(at / 20) * 20}`)
  return Object.entries(windows).map(([place, own = []]) => {
    const [key, start] = place.split(' ')
    const costs = own.map(({ cost }) => cost)
    const value = `${costs.reduce((a, b) => a + b)} ${Math.max(...costs)}`
    return { key, window: { start: Number(start), end: Number(start) + 20 }, value }
  })
}

test('distributed records come out once each, whatever await the runtime dies at', async t => {
  const clicks = clicksOf(9)
  const count = await crashEverywhere({
    pipeline: spread,
    play: async run => {
      await run.users.push({ at: 0, user: 'a', country: 'DE' }, { at: 5, user: 'b', country: 'FR' })
      await run.users.end()
      await run.clicks.push(...clicks.slice(0, 5))
      await run.split('any')
      await run.clicks.push(...clicks.slice(5))
      await run.clicks.end()
    },
    see: async run => ({
      rebalanced: sorted(run.rebalanced.values()),
      all: run.all.rows(),
      hot: run.hot.rows(),
      joined: sorted(run.joined.values()),
      near: sorted(run.near.values()),
      letters: run.deadLetters(),
    }),
  })
  t.diagnostic(`${count} awaits`)
})

test('what is distributed comes to what a look at all records says', async () => {
  const clicks = clicksOf(40)
  const run = drive(spread, { shards: { parts: 2 } })
  await run.users.push({ at: 0, user: 'a', country: 'DE' }, { at: 60, user: 'b', country: 'FR' })
  await run.users.end()
  await run.clicks.push(...clicks)
  await run.split('user')
  await run.clicks.end()
  const costs = clicks.map(({ cost }) => cost)
  assert.deepEqual(sorted(run.rebalanced.values()), sorted(costs))
  assert.deepEqual(run.all.rows(), [{ key: 'all', value: costs.reduce((a, b) => a + b) }])
  assert.deepEqual(sorted(run.hot.rows()), sorted(costsOf(clicks)))
  const near: Click[] = []
  for (const click of clicks) {
    if (!near.some(({ at, user }) => user === click.user && Math.abs(at - click.at) < 8)) near.push(click)
  }
  assert.deepEqual(sorted(run.near.values()), sorted(near))
  const met = clicks.filter(({ at, user }) => user === 'a' || at >= 60)
  assert.deepEqual(
    sorted(run.joined.values()),
    sorted(met.map(({ user, cost }) => ({ country: user === 'a' ? 'DE' : 'FR', cost }))),
  )
})

test('rebalance gives every key group about as much, and retries agree', async () => {
  const groups = 8
  const balanced = pipeline(
    'balanced',
    ({ source }) => {
      const clicks = source('clicks', clickSource)
      return {
        out: clicks
          .rebalance('any')
          .map(({ cost }) => cost)
          .forEach(() => {}),
      }
    },
    { keyGroups: groups },
  )
  const run = drive(balanced, { shards: { any: groups } })
  const clicks = Array.from({ length: 800 }, (_, i) => ({ at: i, user: 'hot', cost: i }))
  await run.clicks.push(...clicks)
  await run.redeliver('clicks')
  await run.clicks.end()
  assert.equal(new Set(run.out.values()).size, 800)
  assert.equal(run.out.values().length, 800)
  const seen = Map.groupBy(run.out.batches(), ({ id }) => id.split('/')[1])
  assert.equal(seen.size, groups)
  for (const [shard, batches] of seen) {
    const count = batches.flatMap(({ values }) => values).length
    assert.ok(count > 60 && count < 140, `${shard} has ${count}`)
  }
})

test('an aggregate that cannot be spread is refused with a sentence', () => {
  const build =
    (describe: (clicks: Stream<Click, Record<never, never>>) => Results<unknown, Record<never, never>>) => () =>
      pipeline('refused', ({ source }) => ({ out: describe(source('clicks', clickSource)) }))
  assert.throws(
    build(clicks => clicks.keyBy('user').spread('parts', 1, user => user.count('n'))),
    /Cannot spread the keys of "user" in "parts": 1 parts were asked for, expected 2 to 1024/,
  )
  assert.throws(
    build(clicks => clicks.keyBy('user').spread('parts', 2, user => user.window(session(milliseconds(5))).count('n'))),
    /session windows need each record/,
  )
  assert.throws(
    build(clicks => clicks.keyBy('user').spread('parts', 2, user => user.count('n').filter(() => true))),
    /expected one aggregate of the keyed stream/,
  )
})
