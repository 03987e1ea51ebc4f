import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endOfTime } from '../../shared/model/event-time.ts'
import { type Key, keyId } from '../../shared/model/key.ts'
import { Distinct } from '../../shared/operators/distinct.ts'
import type { Emission } from '../../shared/operators/operator.ts'
import { RunningAggregate } from '../../shared/operators/running-aggregate.ts'
import { Random } from '../codecs/random.ts'
import { collecting, Harness } from './harness.ts'

type Pane = {
  readonly key: Key
  readonly value: string
  readonly time: number
  readonly commit: number
  readonly arrivalMs: number
}

function start(emission: Emission) {
  const panes: Pane[] = []
  let arrivalMs = 0
  const harness: Harness<RunningAggregate<number, number[]>> = new Harness(
    context =>
      new RunningAggregate({ name: 'r', aggregator: collecting, emission }, context, (row, time, origin) => {
        const { key, value } = row as { key: Key; value: string }
        assert.deepEqual(origin, { key, id: keyId(key), group: 0 })
        panes.push({ key, value, time, commit: harness.commits, arrivalMs })
      }),
  )
  const arrive = (ms: number) => {
    arrivalMs = ms
    harness.arrive(ms)
  }
  return { harness, panes, arrive }
}

/** Random records, arrivals, commits and restarts. Answers the panes, and each key's values as of each commit. */
function run(seed: number, emission: Emission) {
  const random = new Random(seed)
  const { harness, panes, arrive } = start(emission)
  const all = new Map<string, number[]>()
  const byCommit: { readonly changed: Set<string>; readonly values: Map<string, string> }[] = []
  let changed = new Set<string>()
  let now = 1_000
  const commit = () => {
    byCommit.push({ changed, values: new Map([...all].map(([key, values]) => [key, values.join(' ')])) })
    changed = new Set()
    harness.commit()
    if (random.below(3) === 0) harness.page()
    if (random.below(2) === 0) harness.restart()
  }
  for (let i = 0; i < 100; i++) {
    now += random.below(8)
    arrive(now)
    if (random.below(4) === 0) {
      commit()
      continue
    }
    const key = random.pick(['a', 'b', 'c', 'd'])
    all.set(key, [...(all.get(key) ?? []), i])
    changed.add(key)
    harness.process(key, i, random.below(1_000))
    if (random.below(5) === 0) harness.advance(harness.watermark < 0 ? 0 : harness.watermark + random.below(100))
  }
  commit()
  harness.advance(
    endOfTime,
    () => random.below(2) === 0,
    () => harness.restart(),
  )
  commit()
  return { harness, panes, byCommit, all }
}

const seeds = Array.from({ length: 150 }, (_, i) => i + 1)
const latestOf = (panes: readonly Pane[]) => new Map(panes.map(pane => [pane.key, pane.value]))
const expectedOf = (all: ReadonlyMap<string, number[]>) =>
  new Map([...all].map(([key, values]) => [key, values.join(' ')]))
const sorted = (map: ReadonlyMap<Key, string>) => [...map].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))

test('by "updates" each commit gives exactly the rows that changed since the last one', () => {
  for (const seed of seeds) {
    const { panes, byCommit } = run(seed, { kind: 'updates' })
    for (const [commit, { changed, values }] of byCommit.entries()) {
      const mine = panes.filter(pane => pane.commit === commit)
      assert.deepEqual(mine.map(pane => pane.key).sort(), [...changed].sort(), `seed ${seed} commit ${commit}`)
      for (const { key, value } of mine) assert.equal(value, values.get(String(key)))
    }
  }
})

test('by "complete" each commit with a change gives all rows of the key group', () => {
  for (const seed of seeds) {
    const { panes, byCommit } = run(seed, { kind: 'complete' })
    for (const [commit, { changed, values }] of byCommit.entries()) {
      const mine = panes.filter(pane => pane.commit === commit)
      assert.deepEqual(mine.map(pane => pane.key).sort(), changed.size === 0 ? [] : [...values.keys()].sort())
      for (const { key, value } of mine) assert.equal(value, values.get(String(key)))
    }
  }
})

test('by "final" each key gives one row, at the end of time, and leaves no state', () => {
  for (const seed of seeds) {
    const { harness, panes, all } = run(seed, { kind: 'final' })
    assert.equal(panes.length, all.size)
    assert.deepEqual(sorted(latestOf(panes)), sorted(expectedOf(all)))
    assert.ok(harness.isEmpty)
  }
})

test('at the end of input what changed since the last commit goes out once, and all accumulators go, wherever commits are cut', () => {
  const emissions: readonly Emission[] = [
    { kind: 'final' },
    { kind: 'updates' },
    { kind: 'complete' },
    { kind: 'every', intervalMs: 1_000 },
  ]
  for (const emission of emissions) {
    for (const seed of seeds) {
      const random = new Random(seed)
      const { harness, panes, arrive } = start(emission)
      const all = new Map<string, number[]>()
      const put = (key: string, value: number) => {
        all.set(key, [...(all.get(key) ?? []), value])
        harness.process(key, value, value)
      }
      arrive(1)
      for (let i = 0; i < 8; i++) put(random.pick(['a', 'b', 'c', 'd']), i)
      harness.commit()
      const before = panes.length
      const last = new Set(Array.from({ length: random.below(3) }, () => random.pick(['a', 'c', 'e'])))
      for (const key of last) put(key, 9)
      harness.advance(
        endOfTime,
        () => random.below(2) === 0,
        () => random.below(2) === 0 && harness.restart(),
      )
      harness.commit()
      assert.ok(harness.isEmpty, `seed ${seed} ${emission.kind}`)
      assert.deepEqual(sorted(latestOf(panes)), sorted(expectedOf(all)), `seed ${seed} ${emission.kind}`)
      const told = panes.slice(before).map(pane => String(pane.key))
      const expected = {
        final: [...all.keys()],
        updates: [...last],
        complete: last.size === 0 ? [] : [...all.keys()],
        every: [...all.keys()],
        panes: [],
      }
      assert.deepEqual(told.sort(), expected[emission.kind].sort(), `seed ${seed} ${emission.kind}`)
    }
  }
})

test('a record behind the end of input begins anew', () => {
  for (const kind of ['updates', 'complete'] as const) {
    const { harness, panes } = start({ kind })
    harness.process('a', 1, 1)
    harness.process('b', 2, 1)
    harness.advance(endOfTime)
    harness.commit()
    harness.process('a', 3, 1)
    harness.commit()
    assert.deepEqual(
      panes.map(({ key, value }) => [key, value]),
      [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ],
    )
  }
})

test('the event time of a final row does not depend on where the watermark stood or commits were cut', () => {
  const timesOf = (watermarks: readonly number[], cuts: boolean) => {
    const { harness, panes } = start({ kind: 'final' })
    for (const key of ['a', 'b', 'c']) harness.process(key, 1, 50)
    for (const watermark of watermarks) harness.advance(watermark)
    harness.advance(endOfTime, () => cuts)
    return panes.map(pane => pane.time)
  }
  assert.deepEqual(timesOf([], false), timesOf([10, 49], true))
})

test('by "every" a row goes out at most once an interval, and its newest state goes out in the end', () => {
  for (const seed of seeds) {
    const { panes, all } = run(seed, { kind: 'every', intervalMs: 20 })
    assert.deepEqual(sorted(latestOf(panes)), sorted(expectedOf(all)), `seed ${seed}`)
    for (const key of all.keys()) {
      const arrivals = panes.filter(pane => pane.key === key).map(pane => pane.arrivalMs)
      for (let i = 1; i < arrivals.length - 1; i++) assert.ok(arrivals[i] - arrivals[i - 1] >= 20, `seed ${seed}`)
    }
  }
})

test('distinct lets the first value of each key through once, across restarts', () => {
  for (const seed of seeds) {
    const random = new Random(seed)
    const out: unknown[] = []
    const harness = new Harness(context => new Distinct('d', context, value => out.push(value)))
    const expected: number[] = []
    const seen = new Set<number>()
    for (let i = 0; i < 100; i++) {
      const key = random.below(20)
      if (!seen.has(key)) expected.push(i)
      seen.add(key)
      harness.process(key, i, i)
      if (random.below(5) > 0) continue
      harness.commit()
      if (random.below(2) === 0) harness.page()
      harness.restart()
    }
    assert.deepEqual(out, expected)
  }
})
