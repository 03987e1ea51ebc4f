import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import {
  json,
  list,
  map,
  milliseconds,
  pipeline,
  reducing,
  type Stream,
  sideOutput,
  value,
} from '../../shared/index.ts'

type Hit = { readonly at: number; readonly user: string; readonly page: string }

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const isSame = <Holds extends true>(): Holds | undefined => undefined
type Of<S> = S extends Stream<infer T, infer _Origin, infer _Sides> ? T : never

test('process() infers its results, state and sides', async () => {
  const visits = pipeline('visits', ({ source }) => {
    const hits = source('hits', { codec: json<Hit>(), eventTime: hit => hit.at })
    const stays = hits.keyBy('user').process('stays', {
      state: {
        last: value<Hit>(),
        pages: map<string, number>(),
        trail: list<string>(),
        total: reducing((a: number, b: number) => a + b),
      },
      sides: { first: sideOutput<string>() },
      *onRecord({ key, state, timers, time, sides }, hit) {
        isSame<Same<typeof key, string>>()
        isSame<Same<typeof hit, Hit>>()
        const before = state.last.get()
        if (before === undefined) sides.first(hit.page)
        else yield { user: key, stayed: time - before.at }
        const seen = state.pages.update(hit.page, (n = 0) => n + 1)
        isSame<Same<typeof seen, number>>()
        state.trail.add(hit.page)
        state.total.add(1)
        state.last.set(hit)
        timers.event(time + 10)
      },
      onTimer: ({ state }, timer) => [`${timer.at}: ${state.trail.get().join(' ')} ${state.total.get()}`],
      onEnd: ({ state }) => [state.pages.size],
    })
    isSame<Same<Of<typeof stays>, { user: string; stayed: number } | string | number>>()
    return {
      out: stays.forEach(() => {}),
      first: stays
        .side('first')
        .keyBy('page', page => page)
        .count('firsts'),
    }
  })
  const run = drive(visits)
  await run.hits.push(
    { at: 1, user: 'a', page: 'x' },
    { at: 3, user: 'a', page: 'y' },
    { at: 30, user: 'b', page: 'x' },
  )
  await run.hits.end()
  const out = run.out
    .values()
    .map(each => (typeof each === 'object' ? `${each.user} stayed ${each.stayed}` : `${each}`))
  assert.deepEqual(out.sort(), ['1', '11: x y 2', '13: x y 2', '2', '40: x 1', 'a stayed 2'])
  assert.deepEqual(run.first.rows(), [{ key: 'x', value: 2 }])
})

test('a function that gives nothing has no results', () => {
  pipeline('p', ({ source }) => {
    const hits = source('hits', { codec: json<Hit>(), eventTime: hit => hit.at, outOfOrder: milliseconds(1) })
    const none = hits.keyBy('user').process('none', {
      state: { total: reducing((a: number, b: number) => a + b) },
      onRecord({ state }) {
        state.total.add(1)
      },
    })
    isSame<Same<Of<typeof none>, never>>()
    const few = hits.keyBy('user').process('few', { onRecord: (_, hit) => (hit.at > 0 ? [hit.page] : undefined) })
    isSame<Same<Of<typeof few>, string>>()
    return { none: none.forEach(() => {}), few: few.forEach(() => {}) }
  })
})
