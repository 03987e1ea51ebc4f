import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  aggregating,
  type Frozen,
  list,
  map,
  milliseconds,
  reducing,
  type ValueState,
  value,
} from '../../shared/index.ts'
import { underHarness } from './processing.ts'

test('a read sees what was written before it in the same call, and state survives a restart', () => {
  const { harness, values } = underHarness<number>(keyed =>
    keyed.process('p', {
      state: {
        last: value<number>(),
        seen: list<number>(),
        byWord: map<string | number, number>(),
        total: reducing((a: number, b: number) => a + b),
        mean: aggregating({
          create: () => ({ n: 0, sum: 0 }),
          add: (accumulator, each: number) => {
            accumulator.n++
            accumulator.sum += each
            return accumulator
          },
          result: ({ n, sum }) => sum / n,
        }),
      },
      *onRecord({ state: { last, seen, byWord, total, mean } }, each) {
        yield last.get()
        last.set(each)
        seen.add(each)
        byWord.update(`w${each % 2}`, (n = 0) => n + 1)
        byWord.set(each, 0)
        total.add(each)
        mean.add(each)
        yield [last.get(), seen.get(), seen.size, byWord.entries(), byWord.size, total.get(), mean.get()]
      },
    }),
  )
  harness.process('a', 10, 1)
  harness.commit()
  harness.page()
  harness.process('a', 9, 1)
  harness.commit()
  harness.restart()
  values()
  harness.process('a', 2, 1)
  const entries = [
    [2, 0],
    [9, 0],
    [10, 0],
    ['w0', 2],
    ['w1', 1],
  ]
  assert.deepEqual(values(), [9, [2, [10, 9, 2], 3, entries, 5, 21, 7]])
  harness.process('b', 1, 1)
  const first = [
    [1, 0],
    ['w1', 1],
  ]
  assert.deepEqual(values(), [undefined, [1, [1], 1, first, 2, 1, 1]])
})

test('a list is shifted, replaced and cleared, and goes on after a restart', () => {
  type Change = readonly ['shift' | 'add' | 'set' | 'clear', ...words: string[]]
  const { harness, values } = underHarness<Change>(keyed =>
    keyed.process('p', {
      state: { queue: list<string>() },
      *onRecord({ state: { queue } }, [what, ...words]) {
        if (what === 'shift') yield queue.shift()
        else if (what === 'add') queue.add(...words)
        else if (what === 'set') queue.set(words)
        else queue.clear()
        yield* queue
      },
    }),
  )
  const step = (...change: Change) => {
    harness.process('a', change, 1)
    harness.commit()
    harness.restart()
    return values()
  }
  assert.deepEqual(step('add', 'a', 'b', 'c'), ['a', 'b', 'c'])
  assert.deepEqual(step('shift'), ['a', 'b', 'c'])
  assert.deepEqual(step('add', 'd'), ['b', 'c', 'd'])
  assert.deepEqual(step('set', 'x', 'y'), ['x', 'y'])
  const many = Array.from({ length: 40 }, (_, i) => `${i}`)
  assert.deepEqual(step('add', ...many), ['x', 'y', ...many])
  assert.deepEqual(step('clear'), [])
  assert.deepEqual(step('shift'), [undefined])
  assert.equal(harness.isEmpty, true)
})

test('an addition to a long list or map writes what is new only', () => {
  const { harness } = underHarness<number>(keyed =>
    keyed.process('p', {
      state: { seen: list<number>(), byKey: map<number, number>() },
      onRecord({ state }, each) {
        state.seen.add(each)
        state.byKey.set(each, 1)
      },
    }),
  )
  for (let i = 0; i < 100; i++) harness.process('a', i, 1)
  harness.commit()
  harness.process('a', 100, 1)
  assert.deepEqual(
    harness.operator.stores.map(store => store.dirtyCount),
    [1, 1, 0],
  )
})

test('what state hands out cannot be changed in place', () => {
  type Held = { n: number[]; by: Map<string, number>; at: Date }
  type Change = (held: Held, last: ValueState<Held>) => void
  const { harness } = underHarness<Change>(keyed =>
    keyed.process('p', {
      state: { last: value<Held>() },
      onRecord({ state: { last } }, change) {
        const held: Frozen<Held> | undefined = last.get()
        // As a user does who casts the type away.
        if (held !== undefined) change(held as unknown as Held, last)
        last.set({ n: [1], by: new Map(), at: new Date(1) })
      },
    }),
  )
  harness.process('a', () => {}, 1)
  const refused = (change: Change) =>
    assert.throws(() => harness.process('a', change, 1), /Cannot run operator "p": Cannot (add|assign|set)/)
  const all = () => {
    refused(held => held.n.push(2))
    refused(held => {
      held.n = []
    })
    refused(held => held.by.set('a', 1))
    refused(held => held.at.setTime(5))
    refused((_, last) => {
      last.update(held => Object.assign(held as unknown as Held, { n: [] }))
    })
  }
  all()
  harness.commit()
  harness.restart()
  all()
})

test('what state cannot hold is refused with a sentence', () => {
  const { harness } = underHarness<unknown>(keyed =>
    keyed.process('p', { state: { last: value<unknown>() }, onRecord: ({ state }, each) => state.last.set(each) }),
  )
  class Point {}
  const keep = (each: unknown) => () => harness.process('a', each, 1)
  assert.throws(keep(new Point()), /Cannot keep an instance of Point in state: expected plain data/)
  assert.throws(keep({ f: () => {} }), /Cannot keep a function in state/)
  assert.throws(keep(undefined), /Cannot keep undefined in state/)
  keep({ a: undefined, b: null, c: 1n, d: new Date(1), e: new Uint8Array(1), f: new Set([1]) })()
})

for (const by of ['event', 'arrival'] as const) {
  test(`what expires by ${by} time is invisible at once, and removed when that time is reached`, () => {
    const ttl = { ttl: milliseconds(10), by }
    const { harness, values } = underHarness<string | undefined>(keyed =>
      keyed.process('p', {
        state: { last: value<string>(ttl), seen: list<string>(ttl), byWord: map<string, string>(ttl) },
        onRecord({ state: { last, seen, byWord } }, word) {
          if (word !== undefined) {
            last.set(word)
            seen.add(word)
            byWord.set(word, word)
          }
          return [[last.get(), seen.get(), byWord.keys(), seen.size, byWord.has('a')]]
        },
      }),
    )
    const at = (time: number, word?: string) => {
      if (by === 'arrival') harness.setArrival(time)
      harness.process('k', word, by === 'event' ? time : 1)
      return values()[0]
    }
    const pass = (time: number) => (by === 'event' ? harness.advance(time) : harness.arrive(time))
    assert.deepEqual(at(0, 'a'), ['a', ['a'], ['a'], 1, true])
    assert.deepEqual(at(5, 'b'), ['b', ['a', 'b'], ['a', 'b'], 2, true])
    assert.deepEqual(at(9), ['b', ['a', 'b'], ['a', 'b'], 2, true])
    assert.deepEqual(at(10), ['b', ['b'], ['b'], 1, false])
    harness.commit()
    harness.restart()
    assert.deepEqual(at(14), ['b', ['b'], ['b'], 1, false])
    assert.deepEqual(at(15), [undefined, [], [], 0, false])
    assert.deepEqual(at(12, 'c'), ['c', ['b', 'c'], ['b', 'c'], 2, false])
    pass(21)
    assert.equal(harness.isEmpty, false)
    pass(22)
    assert.equal(harness.isEmpty, true)
  })
}

test('reading renews what lives from its last use', () => {
  const ttl = milliseconds(10)
  const { harness, values } = underHarness<'put' | 'look'>(keyed =>
    keyed.process('p', {
      state: {
        read: value<number>({ ttl, renewOn: 'read' }),
        written: value<number>({ ttl }),
        entries: map<string, number>({ ttl, renewOn: 'read' }),
      },
      onRecord({ state: { read, written, entries } }, what) {
        if (what === 'put') {
          read.set(1)
          written.set(1)
          entries.set('a', 1)
          entries.set('b', 1)
        }
        return [[read.get(), written.get(), entries.get('a')]]
      },
    }),
  )
  harness.process('k', 'put', 0)
  for (const time of [8, 16, 24]) {
    harness.advance(time - 1)
    harness.commit()
    harness.restart()
    harness.process('k', 'look', time)
  }
  assert.deepEqual(values(), [
    [1, 1, 1],
    [1, 1, 1],
    [1, undefined, 1],
    [1, undefined, 1],
  ])
  harness.advance(33)
  assert.equal(harness.isEmpty, false)
  harness.advance(34)
  assert.equal(harness.isEmpty, true)
})

test('an entry that was written again goes at its new time', () => {
  const { harness } = underHarness<number>(keyed =>
    keyed.process('p', {
      state: { last: value<number>({ ttl: milliseconds(10) }), byKey: map<number, number>({ ttl: milliseconds(10) }) },
      onRecord({ state }, each) {
        state.last.set(each)
        state.byKey.set(each, each)
      },
    }),
  )
  const entries = () => harness.operator.stores.map(store => store.entries(0)?.ids.length ?? 0)
  harness.process('a', 1, 0)
  harness.process('b', 2, 3)
  harness.advance(1)
  harness.process('a', 1, 5)
  harness.process('a', 3, 8)
  harness.advance(12)
  assert.deepEqual(entries(), [2, 3, 0])
  harness.advance(13)
  assert.deepEqual(entries(), [1, 2, 0])
  harness.advance(15)
  assert.deepEqual(entries(), [1, 1, 0])
  harness.advance(18)
  assert.deepEqual(entries(), [0, 0, 0])
  harness.process('b', 2, 22)
  harness.advance(19)
  harness.process('c', 3, 20)
  harness.advance(30)
  assert.deepEqual(entries(), [1, 1, 0])
  harness.advance(32)
  assert.deepEqual(entries(), [0, 0, 0])
})

test('a late record does not write what is over already', () => {
  const { harness } = underHarness<number>(keyed =>
    keyed.process('p', {
      state: { last: value<number>({ ttl: milliseconds(10) }) },
      onRecord: ({ state }, each) => state.last.set(each),
    }),
  )
  harness.advance(100)
  harness.process('k', 1, 5)
  assert.equal(harness.tallies.late, 1)
  harness.advance(109)
  assert.equal(harness.isEmpty, false)
  harness.advance(110)
  assert.equal(harness.isEmpty, true)
})
