import assert from 'node:assert/strict'
import { test } from 'node:test'
import { list, map, value } from '../../shared/index.ts'
import { endOfTime, lastEventTime } from '../../shared/model/event-time.ts'
import { underHarness } from './processing.ts'

test('timers of event time fire in the order of time when the watermark reaches them, one per time and name', () => {
  const { harness, take, values } = underHarness<number>(keyed =>
    keyed.process('p', {
      onRecord({ timers }, at) {
        timers.event(at, 'x')
      },
      onTimer: ({ key, time, watermark }, { kind, name, at }) => [
        `${key} ${kind} ${name} ${at} ${time} ${watermark < time}`,
      ],
    }),
  )
  harness.process('a', 30, 1)
  harness.process('a', 10, 1)
  harness.process('b', 20, 1)
  harness.process('a', 10, 2)
  harness.process('a', 40, 2)
  assert.deepEqual(take(), [])
  harness.advance(9)
  assert.deepEqual(take(), [])
  harness.advance(30)
  assert.deepEqual(values(), ['a event x 10 10 true', 'b event x 20 20 true', 'a event x 30 30 true'])
  harness.advance(39)
  assert.deepEqual(take(), [])
  assert.equal(harness.isEmpty, false)
  harness.advance(40)
  assert.deepEqual(take(), [{ value: 'a event x 40 40 true', time: 40 }])
  assert.equal(harness.isEmpty, true)
})

test('a timer that is set at or before the watermark fires right after the record, at its event time', () => {
  const { harness, take } = underHarness<number>(keyed =>
    keyed.process('p', {
      *onRecord({ timers }) {
        timers.event(7, 'late')
        timers.event(5, 'later')
        timers.event(5, 'later')
        timers.event(10, 'now')
        timers.event(6, 'not')
        timers.cancel({ kind: 'event', at: 6, name: 'not' })
        yield 'record'
      },
      onTimer: (_, { name, at }) => [`${name} ${at}`],
    }),
  )
  harness.advance(10)
  harness.process('a', 0, 12)
  assert.deepEqual(take(), [
    { value: 'record', time: 12 },
    { value: 'later 5', time: 12 },
    { value: 'late 7', time: 12 },
    { value: 'now 10', time: 12 },
  ])
  assert.equal(harness.isEmpty, true)
})

test('timers that are always due are an error, not a loop', () => {
  const loop = underHarness<number>(keyed =>
    keyed.process('p', {
      onRecord: ({ timers }, at) => timers.event(at),
      onTimer: ({ timers }, { at }) => timers.event(at),
    }),
  )
  loop.harness.advance(5)
  assert.throws(() => loop.harness.process('a', 1, 6), /Cannot run operator "p": Cannot fire 1000 timers at once/)
  loop.harness.process('a', 8, 6)
  assert.throws(() => loop.harness.advance(8), /Cannot fire 1000 timers at once/)
})

test('a timer outside of time is refused with a sentence', () => {
  const { harness } = underHarness<number>(keyed =>
    keyed.process('p', { onRecord: ({ timers }, at) => timers.event(at) }),
  )
  for (const at of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, endOfTime]) {
    assert.throws(() => harness.process('a', at, 6), /Cannot set a timer at .*: expected whole epoch milliseconds/)
  }
})

test('a timer that was cancelled does not fire, and can be set again', () => {
  const { harness, values } = underHarness<'set' | 'cancel'>(keyed =>
    keyed.process('p', {
      onRecord({ timers }, what) {
        if (what === 'set') timers.event(10)
        else timers.cancel({ kind: 'event', at: 10 })
      },
      onTimer: ({ key }) => [`fired ${key}`],
    }),
  )
  harness.process('a', 'set', 1)
  harness.commit()
  harness.restart()
  harness.process('a', 'cancel', 1)
  harness.process('b', 'set', 1)
  harness.process('b', 'cancel', 1)
  harness.process('b', 'set', 1)
  harness.process('c', 'set', 1)
  harness.process('c', 'cancel', 1)
  harness.advance(20)
  assert.deepEqual(values(), ['fired b'])
  assert.equal(harness.isEmpty, true)
})

test('timers of arrival time fire with what arrives, above the watermark', () => {
  const { harness, take } = underHarness<number>(keyed =>
    keyed.process('p', {
      onRecord({ timers, arrivalTime }) {
        timers.arrival(arrivalTime + 10)
        timers.arrival(arrivalTime)
      },
      onTimer: (_, { kind, at }) => [`${kind} ${at}`],
    }),
  )
  harness.arrive(100)
  harness.process('a', 0, 5)
  assert.deepEqual(take(), [{ value: 'arrival 100', time: 5 }])
  harness.commit()
  harness.restart()
  harness.arrive(109)
  assert.deepEqual(take(), [])
  harness.advance(50)
  harness.arrive(110)
  assert.deepEqual(take(), [{ value: 'arrival 110', time: 51 }])
  assert.equal(harness.isEmpty, true)
})

test('at the end of input timers fire, onEnd is called by key, and nothing is kept', () => {
  const { harness, values } = underHarness<string>(keyed =>
    keyed.process('p', {
      state: { last: value<string>(), words: list<string>() },
      onRecord({ state, timers }, word) {
        state.last.set(word)
        state.words.add(word)
        timers.event(1_000_000)
        timers.arrival(5_000)
      },
      onTimer: ({ key }, { kind }) => [`${kind} ${key}`],
      *onEnd({ key, state, timers, time }) {
        timers.event(5)
        timers.arrival(9_000)
        state.words.add('x')
        yield `end ${key} ${state.last.get()} ${time === lastEventTime}`
      },
    }),
  )
  for (const key of ['b', 'a', 'c']) harness.process(key, `of ${key}`, 1)
  let fired = 0
  harness.advance(
    endOfTime,
    () => ++fired % 2 === 0,
    () => harness.restart(),
  )
  assert.deepEqual(values(), ['event a', 'event b', 'event c', 'end a of a true', 'end b of b true', 'end c of c true'])
  assert.equal(harness.isEmpty, true)
})

test('broadcast state is kept once for the key group, written by onBroadcast, and dropped at the end', () => {
  type Limit = { readonly name: string; readonly limit: number }
  const { harness, values, broadcast } = underHarness<string, Limit>((keyed, limits) =>
    keyed.processWith('p', limits, {
      state: { count: value<number>() },
      broadcastState: { limits: map<string, number>() },
      onBroadcast({ broadcast: { limits } }, { name, limit }) {
        limits.set(name, limit)
      },
      onRecord({ key, state, broadcast: { limits } }, name) {
        // @ts-expect-error broadcast state is read only here
        assert.notEqual(limits.set, limits.delete)
        const count = state.count.update((n = 0) => n + 1)
        return count > (limits.get(name) ?? 0) ? [`${key} over ${name}`] : []
      },
      onEnd: ({ key, broadcast: { limits } }) => [`end ${key} ${limits.get('x')}`],
    }),
  )
  broadcast({ name: 'x', limit: 1 }, 1)
  harness.process('a', 'x', 2)
  harness.process('b', 'x', 2)
  harness.commit()
  harness.restart()
  harness.process('a', 'x', 2)
  broadcast({ name: 'x', limit: 5 }, 1)
  harness.process('b', 'x', 2)
  assert.deepEqual(values(), ['a over x'])
  harness.advance(endOfTime)
  assert.deepEqual(values(), ['end a 5', 'end b 5'])
  assert.equal(harness.isEmpty, true)
})

test('a timer that sets itself again can tell the end of input', () => {
  const { harness, values } = underHarness<number>(keyed =>
    keyed.process('p', {
      onRecord({ timers, isEnding }) {
        assert.equal(isEnding, false)
        timers.event(10)
      },
      onTimer({ timers, isEnding }, { at }) {
        if (!isEnding) timers.event(at + 10)
        return [at]
      },
      onEnd: ({ isEnding }) => [isEnding],
    }),
  )
  harness.process('a', 0, 5)
  harness.advance(35)
  assert.deepEqual(values(), [10, 20, 30])
  harness.advance(endOfTime)
  assert.deepEqual(values(), [40])
  assert.equal(harness.isEmpty, true)
})
