import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endOfTime, lastEventTime } from '../../shared/model/event-time.ts'
import { type Key, keyId } from '../../shared/model/key.ts'
import { CountAggregate } from '../../shared/operators/windows/count-aggregate.ts'
import { type CountWindows, countWindow } from '../../shared/windows/count.ts'
import type { Window } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { collecting, Harness } from './harness.ts'

type Row = { readonly key: Key; readonly window: Window; readonly value: string }

function start(windows: CountWindows) {
  const rows: [...(string | number)[]][] = []
  const harness = new Harness(
    context =>
      new CountAggregate<number, number[]>(
        { name: 'c', aggregator: collecting, windows },
        context,
        (value, time, origin) => {
          const { key, window, value: text } = value as Row
          assert.deepEqual(origin, { key, id: keyId(key), group: 0, window })
          rows.push([keyId(key), window.start, window.end, text, time])
        },
      ),
  )
  return { harness, rows }
}

test('a window ends with every so many records of its key, whatever their times', () => {
  const { harness, rows } = start(countWindow(2))
  for (const [key, value, time] of [
    ['a', 1, 50],
    ['b', 2, 60],
    ['a', 3, 10],
    ['a', 4, 20],
  ] as const) {
    harness.process(key, value, time)
  }
  assert.deepEqual(rows, [['sa', 0, 2, '1 3', 10]])
  harness.advance(100)
  harness.process('b', 5, 30)
  assert.deepEqual(rows[1], ['sb', 0, 2, '2 5', 30])
  assert.deepEqual(harness.tallies, { late: 1, expired: 0 })
  harness.advance(endOfTime)
  harness.commit()
  assert.equal(rows.length, 2)
  assert.ok(harness.isEmpty)
})

test('what is left over gives a last row where it is asked for', () => {
  const { harness, rows } = start(countWindow(4, { every: 2, leftover: 'emit' }))
  for (let i = 0; i < 5; i++) harness.process('a', i, i)
  harness.process('b', 9, 9)
  harness.advance(endOfTime)
  assert.deepEqual(rows, [
    ['sa', 0, 2, '0 1', 1],
    ['sa', 0, 4, '0 1 2 3', 3],
    ['sa', 2, 5, '2 3 4', lastEventTime],
    ['sb', 0, 1, '9', lastEventTime],
  ])
})

/** Rows of a key's values, by slicing the list of them. */
function naiveRows(key: string, values: readonly number[], { size, every, emitsLeftover }: CountWindows) {
  const rows: [...(string | number)[]][] = []
  for (let end = every; end < values.length + every; end += every) {
    if (end > values.length && !emitsLeftover) break
    const held = values.slice(Math.max(0, end - size), end)
    const window = [Math.max(0, end - size), Math.min(end, values.length)]
    rows.push([key, ...window, held.toSorted((a, b) => a - b).join(' ')])
  }
  return rows
}

test('count windows are those that a naive evaluation gives, across commits, cuts and restarts', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const size = random.between(1, 12)
    const every = random.pick([size, random.between(1, size)])
    const windows = countWindow(size, { every, leftover: random.pick(['drop', 'emit'] as const) })
    const { harness, rows } = start(windows)
    const values = new Map<string, number[]>()
    const afterCommit = () => {
      if (random.below(3) === 0) harness.page()
      if (random.below(2) === 0) harness.restart()
    }
    for (let i = 0; i < 100; i++) {
      if (random.below(8) === 0) {
        harness.commit()
        afterCommit()
      }
      const key = random.pick(['a', 'b', 'c'])
      values.set(keyId(key), [...(values.get(keyId(key)) ?? []), i])
      harness.process(key, i, random.below(100))
    }
    harness.advance(endOfTime, () => random.below(2) === 0, afterCommit)
    harness.commit()
    const expected = [...values].flatMap(([key, own]) => naiveRows(key, own, windows))
    const byText = (all: unknown[][]) => all.map(row => JSON.stringify(row.slice(0, 4))).sort()
    assert.deepEqual(byText(rows), byText(expected), `seed ${seed}`)
    assert.ok(harness.isEmpty, `seed ${seed}`)
  }
})
