import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endOfTime } from '../../shared/model/event-time.ts'
import type { Key } from '../../shared/model/key.ts'
import { Top, type TopEmission, type TopRow, type TopSpec } from '../../shared/operators/top.ts'
import type { WindowKind } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { Harness } from './harness.ts'

type Ranking = { readonly rows: readonly TopRow[]; readonly time: number; readonly id: string; readonly commit: number }

function start(spec: Omit<TopSpec, 'name' | 'windowKind'> & { readonly windowKind?: WindowKind }) {
  const rankings: Ranking[] = []
  const harness: Harness<Top> = new Harness(
    context =>
      new Top({ name: 't', windowKind: 'hopping', ...spec }, context, (rows, time, { id }) => {
        rankings.push({ rows, time, id, commit: harness.commits })
      }),
  )
  return { harness, rankings }
}

/** All rows sorted: greatest value first, then the lower key. */
function ranked(rows: ReadonlyMap<Key, number>, count: number): [Key, number][] {
  return [...rows].sort(([a, x], [b, y]) => y - x || Number(a) - Number(b)).slice(0, count)
}

const simple = (rows: readonly TopRow[]): [Key, unknown][] => {
  rows.forEach((row, i) => {
    assert.equal(row.rank, i + 1)
  })
  return rows.map(({ key, value }) => [key, value])
}

function runAgainstNaive(seed: number, kind: TopEmission['kind'], lateness: number): void {
  const random = new Random(seed)
  const count = random.between(1, 6)
  const { harness, rankings } = start({ count, emission: { kind }, latenessMs: lateness })
  const hop = 10
  const boards = new Map<string, Map<Key, number>>()
  let now = 0
  let end = hop
  const afterCommit = () => {
    if (random.below(3) === 0) harness.page()
    if (random.below(2) === 0) harness.restart()
  }
  const check = () => {
    const latest = new Map(rankings.map(ranking => [ranking.id, ranking.rows]))
    for (const [id, rows] of boards) {
      const last = Number(id.split(':')[1])
      if (kind === 'final' && last - 1 > harness.watermark) continue
      assert.deepEqual(simple(latest.get(id) ?? []), ranked(rows, count), `ranking ${id}`)
    }
  }
  for (let i = 0; i < 200; i++) {
    const dice = random.below(12)
    if (dice < 9) {
      const last = end + hop * random.between(-2, 1)
      const window = { start: last - 20, end: last }
      if (last - 1 + lateness <= harness.watermark) continue
      const key = random.below(12)
      const id = `${window.start}:${window.end}`
      const rows = boards.get(id) ?? new Map<Key, number>()
      boards.set(id, rows)
      const value = random.below(9)
      const isGone = random.below(6) === 0 && rows.has(key)
      if (isGone) rows.delete(key)
      else rows.set(key, value)
      harness.process('', [key, isGone ? undefined : value, window.start, window.end], last - 1)
    } else if (dice < 10) {
      now += random.between(0, 12)
      end = Math.max(end, Math.floor(now / hop) * hop + hop)
      harness.advance(now, () => random.below(3) === 0, afterCommit)
    } else {
      harness.commit()
      afterCommit()
      check()
    }
  }
  harness.advance(endOfTime, () => random.below(3) === 0, afterCommit)
  harness.commit()
  check()
  assert.ok(harness.isEmpty, 'no state is left at the end of time')
  if (kind === 'final' && lateness === 0) {
    const ids = rankings.map(ranking => ranking.id)
    assert.equal(new Set(ids).size, ids.length, 'each ranking goes out once')
  }
}

for (const kind of ['final', 'updates'] as const) {
  for (const lateness of [0, 7, 20]) {
    test(`rankings of windows by "${kind}" with ${lateness} ms of lateness are those of a sort of all rows`, () => {
      for (let seed = 1; seed <= 200; seed++) {
        try {
          runAgainstNaive(seed, kind, lateness)
        } catch (thrown) {
          throw new Error(`with seed ${seed}: ${thrown instanceof Error ? thrown.message : thrown}`, { cause: thrown })
        }
      }
    })
  }
}

test('a ranking over all rows is that of a sort at each commit, while values fall, rise and go', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed)
    const count = random.between(1, 6)
    const { harness, rankings } = start({ count, emission: { kind: 'updates' }, latenessMs: 0 })
    const rows = new Map<Key, number>()
    for (let i = 0; i < 300; i++) {
      if (random.below(8) === 0) {
        harness.commit()
        if (random.below(3) === 0) harness.page()
        if (random.below(3) === 0) harness.restart()
        if (rows.size > 0) assert.deepEqual(simple(rankings.at(-1)?.rows ?? []), ranked(rows, count), `seed ${seed}`)
        continue
      }
      const key = random.below(15)
      const value = random.below(10)
      if (random.below(5) === 0) {
        rows.delete(key)
        harness.process('', [key, undefined], i)
      } else {
        rows.set(key, value)
        harness.process('', [key, value], i)
      }
    }
  }
})

test('a commit without a change of the ranking puts none out', () => {
  const { harness, rankings } = start({ count: 1, emission: { kind: 'updates' }, latenessMs: 0 })
  harness.process('', ['a', 5], 0)
  harness.commit()
  harness.process('', ['b', 3], 1)
  harness.commit()
  harness.restart()
  harness.commit()
  assert.equal(rankings.length, 1)
})

test('a final ranking goes out once where nothing changes within the allowed lateness', () => {
  const { harness, rankings } = start({ count: 2, emission: { kind: 'final' }, latenessMs: 50 })
  harness.process('', ['a', 5, 0, 10], 9)
  harness.advance(20)
  harness.commit()
  harness.restart()
  harness.advance(endOfTime)
  assert.equal(rankings.length, 1)
})

test('a ranking of sessions takes rows until the end of their window, others until its last millisecond', () => {
  for (const windowKind of ['session', 'tumbling'] as const) {
    const due = windowKind === 'session' ? 10 : 9
    const { harness, rankings } = start({ count: 2, emission: { kind: 'final' }, latenessMs: 5, windowKind })
    harness.advance(due - 1)
    harness.process('', ['a', 5, 0, 10], due)
    harness.commit()
    assert.equal(rankings.length, 0)
    harness.advance(due)
    assert.deepEqual(
      rankings.map(({ rows, time }) => [simple(rows), time]),
      [[[['a', 5]], due]],
    )
    harness.advance(due + 4)
    harness.process('', ['b', 6, 0, 10], due)
    harness.commit()
    harness.advance(due + 5)
    harness.process('', ['c', 7, 0, 10], due)
    harness.commit()
    assert.equal(rankings.length, 2)
    assert.deepEqual(harness.tallies, { late: 1, expired: 1 })
    assert.ok(harness.isEmpty)
  }
})

test('rows that are no number rank last and by key, whatever order they come in', () => {
  const entries: [Key, number][] = [
    ['c', Number.NaN],
    ['b', 1],
    ['a', Number.NaN],
    ['d', Number.NEGATIVE_INFINITY],
    ['e', 2],
  ]
  for (const order of [entries, [...entries].reverse(), [entries[2], entries[4], entries[0], entries[3], entries[1]]]) {
    const { harness, rankings } = start({ count: 5, emission: { kind: 'updates' }, latenessMs: 0 })
    for (const [i, entry] of order.entries()) {
      harness.process('', entry, i)
      harness.commit()
    }
    assert.deepEqual(
      rankings.at(-1)?.rows.map(row => row.key),
      ['e', 'b', 'd', 'a', 'c'],
    )
  }
})

test('the event time of a ranking is that of its latest change, the same after a restart', () => {
  const timesOf = (restarts: boolean) => {
    const { harness, rankings } = start({ count: 5, emission: { kind: 'updates' }, latenessMs: 0 })
    for (const [i, time] of [100, 40, 70].entries()) {
      harness.process('', [i, i], time)
      harness.commit()
      if (restarts) harness.restart()
    }
    return rankings.map(ranking => ranking.time)
  }
  assert.deepEqual(timesOf(false), timesOf(true))
})

test('a ranking whose rows have all gone is the same after a restart', () => {
  const rankingsOf = (restarts: boolean) => {
    const { harness, rankings } = start({ count: 5, emission: { kind: 'final' }, latenessMs: 0 })
    harness.process('', ['a', 1, 0, 10], 9)
    harness.process('', ['a', undefined, 0, 10], 9)
    harness.commit()
    if (restarts) harness.restart()
    harness.advance(endOfTime)
    return rankings.map(ranking => ranking.rows)
  }
  assert.deepEqual(rankingsOf(false), rankingsOf(true))
})

test('a ranking over all rows goes out whole at the end of input, then its rows go, wherever commits are cut', () => {
  for (const kind of ['final', 'updates'] as const) {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const random = new Random(seed)
      const { harness, rankings } = start({ count: 3, emission: { kind }, latenessMs: 0, windowKind: 'global' })
      const rows = new Map<Key, number>()
      for (let i = 0; i < 2_500; i++) {
        rows.set(i, random.below(1_000))
        harness.process('', [i, rows.get(i)], i)
      }
      if (random.below(2) === 0) harness.commit()
      harness.advance(
        endOfTime,
        () => random.below(2) === 0,
        () => random.below(2) === 0 && harness.restart(),
      )
      harness.commit()
      assert.ok(harness.isEmpty, `seed ${seed} ${kind}`)
      assert.equal(rankings.length, 1)
      assert.deepEqual(simple(rankings[0].rows), ranked(rows, 3))
    }
  }
})
