import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import { type Key, keyId } from '../../shared/model/key.ts'
import { SessionAggregate, type SessionEmission } from '../../shared/operators/session-aggregate.ts'
import type { Window } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { collecting, Harness } from './harness.ts'

type Row = { readonly key: Key; readonly window: Window; readonly value: string }
type Settings = { readonly gap: number; readonly lateness: number; readonly kind: SessionEmission['kind'] }
type Accepted = { readonly key: string; readonly time: number; readonly value: number }

/** Sessions of one key's records, by sorting them all: records at most a gap apart are together. */
function sessionsOf(records: readonly Accepted[], gap: number): Accepted[][] {
  const sessions: Accepted[][] = []
  for (const record of [...records].sort((a, b) => a.time - b.time)) {
    const last = sessions.at(-1)
    if (last !== undefined && record.time - (last.at(-1)?.time ?? 0) <= gap) last.push(record)
    else sessions.push([record])
  }
  return sessions
}

const endOf = (session: readonly Accepted[], gap: number): number => (session.at(-1)?.time ?? 0) + gap

class NaiveSessions {
  watermark = beginningOfTime
  expired = 0
  open: Accepted[] = []
  readonly #gone = new Map<string, string>()
  readonly #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
  }

  #sessions(): Accepted[][] {
    const keys = [...new Set(this.open.map(record => record.key))]
    return keys.flatMap(key =>
      sessionsOf(
        this.open.filter(record => record.key === key),
        this.#settings.gap,
      ),
    )
  }

  process(key: string, value: number, time: number): void {
    const { gap, lateness } = this.#settings
    const record = { key, time, value }
    const mine = sessionsOf([...this.open.filter(other => other.key === key), record], gap)
    const session = mine.find(others => others.includes(record)) ?? []
    if (endOf(session, gap) - 1 + lateness <= this.watermark) this.expired++
    else this.open.push(record)
  }

  reach(watermark: number): void {
    const { gap, lateness } = this.#settings
    this.watermark = watermark
    for (const session of this.#sessions()) {
      if (endOf(session, gap) - 1 + lateness > watermark) continue
      this.#gone.set(...this.#row(session))
      this.open = this.open.filter(record => !session.includes(record))
    }
  }

  /** What a reader sees after a commit. */
  view(): Map<string, string> {
    const view = new Map(this.#gone)
    for (const session of this.#sessions()) {
      if (this.#settings.kind === 'updates' || endOf(session, this.#settings.gap) - 1 <= this.watermark)
        view.set(...this.#row(session))
    }
    return view
  }

  #row(session: readonly Accepted[]): [string, string] {
    const values = session.map(record => record.value).sort((a, b) => a - b)
    return [`${session[0].key} ${session[0].time} ${endOf(session, this.#settings.gap)}`, values.join(' ')]
  }
}

function start({ gap, lateness, kind }: Settings) {
  const view = new Map<string, string>()
  const panes: string[] = []
  const side: number[] = []
  const harness = new Harness(
    context =>
      new SessionAggregate<number, number[]>(
        { name: 's', aggregator: collecting, gapMs: gap, emission: { kind }, latenessMs: lateness },
        context,
        (value, time, origin) => {
          assert.ok(origin?.window !== undefined)
          assert.equal(time, origin.window.end - 1)
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
  const settings = { gap: random.between(1, 12), lateness: random.pick([0, 0, random.between(1, 25)]), kind }
  const naive = new NaiveSessions(settings)
  const { harness, view, panes, side } = start(settings)
  const afterCommit = () => {
    if (random.below(3) === 0) harness.page()
    if (random.below(2) === 0) harness.restart()
  }
  const sorted = (rows: ReadonlyMap<string, string>) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
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
