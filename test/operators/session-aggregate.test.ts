import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import { type Key, keyId } from '../../shared/model/key.ts'
import { SessionAggregate, type SessionEmission } from '../../shared/operators/windows/session-aggregate.ts'
import type { Window } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { collecting, Harness } from './harness.ts'

type Row = { readonly key: Key; readonly window: Window; readonly value: string }
type Settings = {
  readonly gap: number
  readonly lateness: number
  readonly kind: SessionEmission['kind']
  /** Records one gap apart are together. */
  readonly joins?: boolean
}
type Accepted = { readonly key: string; readonly time: number; readonly value: number }

/** Sessions of one key's records, by sorting them all: records at most a gap apart are together, or less where they part. */
function sessionsOf(records: readonly Accepted[], gap: number, joins = true): Accepted[][] {
  const sessions: Accepted[][] = []
  for (const record of [...records].sort((a, b) => a.time - b.time)) {
    const last = sessions.at(-1)
    if (last !== undefined && record.time - (last.at(-1)?.time ?? 0) <= (joins ? gap : gap - 1)) last.push(record)
    else sessions.push([record])
  }
  return sessions
}

const endOf = (session: readonly Accepted[], gap: number): number => (session.at(-1)?.time ?? 0) + gap

const rowOf = (session: readonly Accepted[], gap: number): [name: string, values: string] => {
  const values = session.map(record => record.value).sort((a, b) => a - b)
  return [`${session[0].key} ${session[0].time} ${endOf(session, gap)}`, values.join(' ')]
}

const sorted = (rows: ReadonlyMap<string, string>) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1))

class NaiveSessions {
  watermark = beginningOfTime
  expired = 0
  open: Accepted[] = []
  readonly #gone = new Map<string, string>()
  readonly #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /** When the session that ends at `end` is due. */
  readonly #dueAt = (end: number): number => (this.#settings.joins === false ? end - 1 : end)

  #sessions(): Accepted[][] {
    const keys = [...new Set(this.open.map(record => record.key))]
    return keys.flatMap(key =>
      sessionsOf(
        this.open.filter(record => record.key === key),
        this.#settings.gap,
        this.#settings.joins,
      ),
    )
  }

  process(key: string, value: number, time: number): void {
    const { gap, lateness, joins } = this.#settings
    const record = { key, time, value }
    const mine = sessionsOf([...this.open.filter(other => other.key === key), record], gap, joins)
    const session = mine.find(others => others.includes(record)) ?? []
    if (this.#dueAt(endOf(session, gap)) + lateness <= this.watermark) this.expired++
    else this.open.push(record)
  }

  reach(watermark: number): void {
    const { gap, lateness } = this.#settings
    this.watermark = watermark
    for (const session of this.#sessions()) {
      if (this.#dueAt(endOf(session, gap)) + lateness > watermark) continue
      this.#gone.set(...rowOf(session, gap))
      this.open = this.open.filter(record => !session.includes(record))
    }
  }

  /** What a reader sees after a commit. */
  view(): Map<string, string> {
    const { gap, kind } = this.#settings
    const view = new Map(this.#gone)
    for (const session of this.#sessions()) {
      if (kind === 'updates' || this.#dueAt(endOf(session, gap)) <= this.watermark) view.set(...rowOf(session, gap))
    }
    return view
  }
}

function start({ gap, lateness, kind, joins = true }: Settings) {
  const view = new Map<string, string>()
  const panes: string[] = []
  const side: number[] = []
  const harness = new Harness(
    context =>
      new SessionAggregate<number, number[]>(
        { name: 's', aggregator: collecting, gapMs: gap, joinsAtGap: joins, emission: { kind }, latenessMs: lateness },
        context,
        (value, time, origin) => {
          assert.ok(origin?.window !== undefined)
          assert.equal(time, joins ? origin.window.end : origin.window.end - 1)
          const name = `${origin.id} ${origin.window.start} ${origin.window.end}`
          if (value === undefined) {
            assert.ok(view.delete(name), 'only a row that is out is taken back')
            return
          }
          assert.deepEqual((value as Row).window, origin.window)
          panes.push(name)
          view.set(name, (value as Row).value)
        },
        value => side.push(value as number),
      ),
  )
  return { harness, view, panes, side }
}

function runAgainstNaive(seed: number, kind: SessionEmission['kind']): void {
  const random = new Random(seed)
  const lateness = random.pick([0, 0, random.between(1, 25)])
  const settings = { gap: random.between(1, 12), lateness, kind, joins: seed % 3 !== 0 }
  const naive = new NaiveSessions(settings)
  const { harness, view, panes, side } = start(settings)
  const afterCommit = () => {
    if (random.below(3) === 0) harness.page()
    if (random.below(2) === 0) harness.restart()
  }
  let now = random.pick([-200, 0, 1_458_678_000_000])
  for (let i = 0; i < 150; i++) {
    const dice = random.below(10)
    if (dice < 6) {
      const time = now + random.between(-25, 12)
      const key = random.pick(['a', 'b'])
      naive.process(keyId(key), i, time)
      harness.process(key, i, time)
    } else if (dice < 8) {
      now += random.between(0, 12)
      harness.advance(now, () => random.below(4) === 0, afterCommit)
      naive.reach(now)
    } else {
      harness.commit()
      afterCommit()
      assert.deepEqual(sorted(view), sorted(naive.view()))
    }
  }
  harness.advance(endOfTime, () => random.below(4) === 0, afterCommit)
  naive.reach(endOfTime)
  harness.commit()
  assert.deepEqual(sorted(view), sorted(naive.view()))
  assert.ok(harness.isEmpty, 'no state is left at the end of time')
  assert.equal(harness.tallies.expired, naive.expired)
  assert.equal(side.length, naive.expired)
  if (kind === 'final' && settings.lateness === 0)
    assert.equal(new Set(panes).size, panes.length, 'each row goes out once')
}

for (const kind of ['final', 'updates'] as const) {
  test(`sessions emitted by "${kind}" give readers what a naive evaluation gives, at each commit`, () => {
    for (let seed = 1; seed <= 500; seed++) {
      try {
        runAgainstNaive(seed, kind)
      } catch (thrown) {
        throw new Error(`with seed ${seed}: ${thrown instanceof Error ? thrown.message : thrown}`, { cause: thrown })
      }
    }
  })
}

test('records in time come into the same sessions whatever order they come in', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = new Random(seed)
    const gap = random.between(1, 12)
    const bound = random.between(0, 15)
    const records = Array.from({ length: 40 }, (_, value) => {
      const record = { key: keyId(random.pick(['a', 'b'])), time: random.between(-100, 100), value }
      // None comes after one that is more than the bound ahead of it.
      return { record, comes: record.time + random.between(0, bound) }
    })
    const { harness, view, panes } = start({ gap, lateness: 0, kind: 'final' })
    let greatest = beginningOfTime
    for (const { record } of records.toSorted((a, b) => a.comes - b.comes)) {
      harness.process(record.key === keyId('a') ? 'a' : 'b', record.value, record.time)
      greatest = Math.max(greatest, record.time)
      harness.advance(greatest - bound - 1)
    }
    harness.advance(endOfTime)
    const byKey = Map.groupBy(
      records.map(each => each.record),
      record => record.key,
    )
    const expected = [...byKey.values()].flatMap(own => sessionsOf(own, gap)).map(own => rowOf(own, gap))
    assert.deepEqual(sorted(view), sorted(new Map(expected)), `seed ${seed}`)
    assert.equal(panes.length, view.size, `seed ${seed}: each row goes out once`)
    assert.deepEqual(harness.tallies, { late: 0, expired: 0 }, `seed ${seed}`)
  }
})

test('a session waits for the record at its end, and takes it as long as that is in time or lateness allows it', () => {
  for (const lateness of [0, 7]) {
    const { harness, view, panes } = start({ gap: 10, lateness, kind: 'final' })
    harness.process('a', 1, 0)
    harness.process('b', 2, 0)
    harness.advance(9)
    assert.equal(panes.length, 0)
    harness.process('a', 3, 10)
    harness.advance(10)
    assert.deepEqual([...view], [['sb 0 10', '2']])
    harness.advance(19 + lateness)
    harness.process('a', 4, 0)
    harness.advance(20 + lateness)
    harness.process('a', 5, 10)
    harness.commit()
    assert.deepEqual(
      [...view],
      [
        ['sb 0 10', '2'],
        ['sa 0 20', '1 3 4'],
      ],
    )
    assert.deepEqual(harness.tallies, { late: 1, expired: 1 })
  }
})

test('records exactly one gap apart share a session, one millisecond more parts them', () => {
  const { harness, view } = start({ gap: 10, lateness: 0, kind: 'final' })
  harness.process('a', 1, 0)
  harness.process('a', 2, 10)
  harness.process('a', 3, 21)
  harness.advance(endOfTime)
  assert.deepEqual(
    [...view],
    [
      ['sa 0 20', '1 2'],
      ['sa 21 31', '3'],
    ],
  )
})

test('records exactly one gap apart have sessions of their own where they part', () => {
  const { harness, view } = start({ gap: 10, lateness: 0, kind: 'final', joins: false })
  harness.process('a', 1, 0)
  harness.process('a', 2, 10)
  harness.process('a', 3, 19)
  harness.advance(8)
  assert.equal(view.size, 0)
  harness.advance(9)
  assert.deepEqual([...view], [['sa 0 10', '1']])
  harness.advance(endOfTime)
  assert.deepEqual(
    [...view],
    [
      ['sa 0 10', '1'],
      ['sa 10 29', '2 3'],
    ],
  )
})

test('a record between two sessions that went out takes both rows back and puts out one', () => {
  const { harness, view, panes } = start({ gap: 10, lateness: 100, kind: 'final' })
  harness.process('a', 1, 0)
  harness.process('a', 2, 20)
  harness.advance(40)
  assert.deepEqual([...view.keys()], ['sa 0 10', 'sa 20 30'])
  harness.process('a', 3, 10)
  harness.commit()
  assert.deepEqual([...view], [['sa 0 30', '1 2 3']])
  assert.equal(panes.length, 3)
})
