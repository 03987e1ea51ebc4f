import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import { type Key, keyId } from '../../shared/model/key.ts'
import { SlidingAggregate, type SlidingEmission } from '../../shared/operators/windows/sliding-aggregate.ts'
import type { Window } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { collecting, Harness } from './harness.ts'

type Row = { readonly key: Key; readonly window: Window; readonly value: string }
type Settings = {
  readonly difference: number
  readonly lateness: number
  readonly kind: SlidingEmission['kind']
}
type Accepted = { readonly key: string; readonly time: number; readonly value: number }

const sorted = (rows: ReadonlyMap<string, string>) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1))

/** Every window of every record, looked for anew each time. */
class NaiveSliding {
  watermark = beginningOfTime
  expired = 0
  late = 0
  readonly #accepted: Accepted[] = []
  readonly #closed = new Map<string, string>()
  readonly #settings: Settings

  constructor(settings: Settings) {
    this.#settings = settings
  }

  process(key: string, value: number, time: number): void {
    const { difference, lateness } = this.#settings
    if (time + difference + lateness <= this.watermark) {
      this.expired++
      return
    }
    if (time <= this.watermark) this.late++
    this.#accepted.push({ key, time, value })
  }

  /** Windows that may still change, with their records: the one that ends with each record, and the one that begins after it. */
  #open(): { readonly name: string; readonly due: number; readonly text: string }[] {
    const { difference, lateness } = this.#settings
    const windows = new Map<string, { name: string; due: number; text: string }>()
    for (const { key, time } of this.#accepted) {
      for (const start of [time - difference, time + 1]) {
        const due = start + difference
        const values = this.#accepted.filter(other => other.key === key && other.time >= start && other.time <= due)
        if (values.length === 0 || due + lateness <= this.watermark) continue
        const name = `${key} ${start} ${due + 1}`
        const numbers = values.map(other => other.value).sort((a, b) => a - b)
        windows.set(name, { name, due, text: numbers.join(' ') })
      }
    }
    return [...windows.values()]
  }

  reach(watermark: number): void {
    const open = this.#open()
    this.watermark = watermark
    for (const { name, due, text } of open) {
      if (due + this.#settings.lateness <= watermark) this.#closed.set(name, text)
    }
  }

  /** What a reader sees after a commit. */
  view(): Map<string, string> {
    const view = new Map(this.#closed)
    for (const { name, due, text } of this.#open()) {
      if (this.#settings.kind === 'updates' || due <= this.watermark) view.set(name, text)
    }
    return view
  }
}

function start({ difference, lateness, kind }: Settings) {
  const view = new Map<string, string>()
  const panes: string[] = []
  const side: number[] = []
  const spec = {
    name: 's',
    aggregator: collecting,
    differenceMs: difference,
    emission: { kind },
    latenessMs: lateness,
  }
  const harness = new Harness(
    context =>
      new SlidingAggregate<number, number[]>(
        spec,
        context,
        (value, time, origin) => {
          assert.ok(origin?.window !== undefined)
          assert.equal(time, origin.window.end - 1)
          assert.deepEqual((value as Row).window, origin.window)
          const name = `${origin.id} ${origin.window.start} ${origin.window.end}`
          panes.push(name)
          view.set(name, (value as Row).value)
        },
        value => side.push(value as number),
      ),
  )
  return { harness, view, panes, side }
}

function runAgainstNaive(seed: number, kind: SlidingEmission['kind']): void {
  const random = new Random(seed)
  const settings = {
    difference: random.between(0, 15),
    lateness: random.pick([0, 0, random.between(1, 25)]),
    kind,
  }
  const naive = new NaiveSliding(settings)
  const { harness, view, panes, side } = start(settings)
  const afterCommit = () => {
    if (random.below(3) === 0) harness.page()
    if (random.below(2) === 0) harness.restart()
  }
  let now = random.pick([-200, 0, 1_458_678_000_000])
  for (let i = 0; i < 80; i++) {
    const dice = random.below(10)
    if (dice < 6) {
      const time = now + random.between(-30, 12)
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
  assert.deepEqual(harness.tallies, { late: naive.late, expired: naive.expired })
  assert.equal(side.length, naive.expired)
  if (kind === 'final' && settings.lateness === 0)
    assert.equal(new Set(panes).size, panes.length, 'each row goes out once')
}

for (const kind of ['final', 'updates'] as const) {
  test(`sliding windows emitted by "${kind}" give readers what a naive evaluation gives, at each commit`, () => {
    for (let seed = 1; seed <= 200; seed++) {
      try {
        runAgainstNaive(seed, kind)
      } catch (thrown) {
        throw new Error(`with seed ${seed}: ${thrown instanceof Error ? thrown.message : thrown}`, { cause: thrown })
      }
    }
  })
}

test('a record has the window that ends with it, and the one that begins after it if records came', () => {
  const { harness, view } = start({ difference: 10, lateness: 0, kind: 'final' })
  harness.process('a', 1, 0)
  harness.process('a', 2, 10)
  harness.process('a', 3, 21)
  harness.advance(endOfTime)
  assert.deepEqual(
    [...view],
    [
      ['sa -10 1', '1'],
      ['sa 0 11', '1 2'],
      ['sa 1 12', '2'],
      ['sa 11 22', '3'],
    ],
  )
})

test('a late record counts in the windows that are still open, and is refused when none could hold it', () => {
  const { harness, view, side } = start({ difference: 5, lateness: 0, kind: 'final' })
  harness.process('a', 1, 10)
  harness.advance(9)
  harness.process('a', 2, 5)
  harness.process('a', 3, 4)
  harness.advance(endOfTime)
  assert.deepEqual(
    [...view],
    [
      ['sa 5 11', '1 2'],
      ['sa 6 12', '1'],
    ],
  )
  assert.deepEqual(side, [3])
  assert.deepEqual(harness.tallies, { late: 1, expired: 1 })
})
