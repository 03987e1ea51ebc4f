import assert from 'node:assert/strict'
import { test } from 'node:test'
import { milliseconds } from '../../shared/model/duration.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import { type Key, keyId } from '../../shared/model/key.ts'
import type { Emission, Origin } from '../../shared/operators/operator.ts'
import { WindowAggregate } from '../../shared/operators/windows/window-aggregate.ts'
import { cumulating } from '../../shared/windows/cumulating.ts'
import { daily } from '../../shared/windows/daily.ts'
import { type FixedWindows, globalWindow, hopping, tumbling, type Window } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { NaiveDays } from '../windows/naive-days.ts'
import { collecting, Harness } from './harness.ts'
import { byWindow, cumulatingBy, hoppingBy, NaiveWindows, type Pane, type WindowSettings } from './naive-windows.ts'

type Row = { readonly key: Key; readonly window: Window; readonly value: string }

function start(windows: FixedWindows, latenessMs: number, emission: Emission) {
  const panes: Pane[] = []
  const side: number[] = []
  const push = (value: unknown, time: number, origin: Origin | undefined) => {
    const row = value as Row
    assert.deepEqual(origin, { key: row.key, id: keyId(row.key), group: 0, window: row.window })
    if (windows.kind !== 'global') assert.equal(time, row.window.end - 1)
    panes.push({ key: keyId(row.key), ...row.window, value: row.value, commit: harness.commits })
  }
  const expired = (value: unknown) => side.push(value as number)
  const harness: Harness<WindowAggregate<number, number[]>> = new Harness(
    context =>
      new WindowAggregate({ name: 'w', aggregator: collecting, windows, emission, latenessMs }, context, push, expired),
  )
  return { harness, panes, side }
}

type Fixture = {
  readonly windows: FixedWindows
  readonly windowsOf: WindowSettings['windowsOf']
  readonly lateness: number
  /** By what all times are multiplied, and where they begin. */
  readonly unit: number
  readonly begin: number
}

function anyFixture(random: Random): Fixture {
  const ms = milliseconds
  const begin = random.pick([-200, 0, 1_458_678_000_000])
  const latenessOf = (step: number) => random.pick([0, 0, step, 2 * step, random.between(1, 30)])
  const size = random.between(1, 24)
  switch (random.below(5)) {
    case 0: {
      const offset = random.below(50) - 25
      const windowsOf = hoppingBy(size, size, offset)
      return { windows: tumbling(ms(size), { offset }), windowsOf, lateness: latenessOf(size), unit: 1, begin }
    }
    case 1:
    case 2: {
      const hop = random.between(1, size)
      const offset = random.below(50) - 25
      const windows = hopping(ms(size), ms(hop), { offset })
      return { windows, windowsOf: hoppingBy(size, hop, offset), lateness: latenessOf(hop), unit: 1, begin }
    }
    case 3: {
      const step = random.between(1, 8)
      const max = step * random.between(1, 5)
      const offset = random.below(50) - 25
      const windows = cumulating(ms(max), ms(step), { offset })
      return { windows, windowsOf: cumulatingBy(max, step, offset), lateness: latenessOf(step), unit: 1, begin }
    }
    default: {
      const zone = random.pick(['Europe/Berlin', 'America/Sao_Paulo', 'Australia/Lord_Howe'])
      const startsAt = random.pick([0, 0, 90]) * 60_000
      const days = new NaiveDays(zone, startsAt)
      const lateness = random.pick([0, 0, 86_400_000, 5_400_000])
      // Clocks change in these.
      const from = random.pick(['2018-02-16T12:00:00Z', '2018-03-30T12:00:00Z', '2018-11-03T12:00:00Z'])
      const windows = daily(zone, { startsAt: ms(startsAt) })
      return { windows, windowsOf: time => [days.dayOf(time)], lateness, unit: 1_800_000, begin: Date.parse(from) }
    }
  }
}

/** Random records, watermarks, commits, cuts and restarts, against every window evaluated on its own. */
function runAgainstNaive(seed: number, emission: Emission): void {
  const random = new Random(seed)
  const settings = anyFixture(random)
  const { unit } = settings
  const kind = emission.kind === 'final' ? 'final' : 'updates'
  const naive = new NaiveWindows(settings, kind)
  const { harness, panes, side } = start(settings.windows, settings.lateness, emission)
  harness.onFired = (at, id) => naive.fire(at, id)
  const afterCommit = () => {
    naive.flush()
    if (random.below(3) === 0) harness.page()
    if (random.below(2) === 0) harness.restart()
  }
  let now = settings.begin
  const processed: number[] = []
  for (let i = 0; i < 120; i++) {
    const dice = random.below(10)
    if (dice < 6) {
      const time = now + random.between(-40, 12) * unit
      const key = random.pick(['a', 'b', 'c'])
      processed.push(i)
      naive.process(keyId(key), i, time)
      harness.process(key, i, time)
    } else if (dice < 8) {
      now = Math.max(now, now + random.between(0, 15) * unit - random.below(2))
      harness.advance(now, () => random.below(4) === 0, afterCommit)
      naive.reach(now)
    } else {
      harness.commit()
      afterCommit()
    }
  }
  harness.advance(endOfTime, () => random.below(4) === 0, afterCommit)
  naive.reach(endOfTime)
  harness.commit()
  naive.flush()
  assert.ok(harness.isEmpty, 'no state is left at the end of time')
  assert.equal(harness.tallies.expired, naive.expired)
  assert.equal(harness.tallies.late, naive.late)
  assert.equal(side.length, naive.expired)
  compare(panes, naive, emission, settings.lateness)
}

function compare(panes: readonly Pane[], naive: NaiveWindows, emission: Emission, lateness: number): void {
  if (emission.kind === 'final' || emission.kind === 'updates') {
    const mine = byWindow(panes)
    // Rows that changed twice in a commit may go out twice; the later one stands.
    if (emission.kind === 'updates') for (const name of Object.keys(mine)) mine[name] = lastOfCommits(mine[name])
    const theirs = byWindow(naive.panes)
    if (emission.kind === 'updates') for (const name of Object.keys(theirs)) theirs[name] = lastOfCommits(theirs[name])
    assert.deepEqual(mine, theirs)
    if (emission.kind === 'final' && lateness === 0)
      for (const list of Object.values(mine)) assert.equal(list.length, 1)
  }
  const latest = new Map(panes.map(pane => [`${pane.key} ${pane.start} ${pane.end}`, pane.value]))
  assert.deepEqual(sorted(latest), sorted(naive.latest))
}

const sorted = (map: ReadonlyMap<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

function lastOfCommits(panes: readonly string[]): string[] {
  const last = new Map(panes.map(pane => [pane.split(':')[0], pane]))
  return [...last.values()]
}

const seeds = Array.from({ length: 300 }, (_, i) => i + 1)
const inTurn = (emission: Emission) => {
  for (const seed of seeds) {
    try {
      runAgainstNaive(seed, emission)
    } catch (thrown) {
      throw new Error(`with seed ${seed}: ${thrown instanceof Error ? thrown.message : thrown}`, { cause: thrown })
    }
  }
}

test('windows emitted "final" give the panes of a naive evaluation, across commits, cuts, restarts and late records', () => {
  inTurn({ kind: 'final' })
})

test('windows emitted by "updates" give each commit the rows that a naive evaluation changes', () => {
  inTurn({ kind: 'updates' })
})

test('windows emitted "complete" leave every window with its newest value', () => {
  inTurn({ kind: 'complete' })
})

test('windows emitted "every" interval leave every window with its newest value', () => {
  inTurn({ kind: 'every', intervalMs: 10 })
})

test('a slice that goes within allowed lateness emits no window of its own', () => {
  const windows = tumbling(milliseconds(10))
  const { harness, panes } = start(windows, 3, { kind: 'final' })
  harness.process('a', 1, 5)
  harness.process('a', 2, 12)
  harness.advance(12)
  assert.deepEqual(
    panes.map(pane => [pane.start, pane.end, pane.value]),
    [[0, 10, '1']],
  )
})

test('a late update goes out although the watermark passes its allowed lateness in the same commit', () => {
  const windows = tumbling(milliseconds(10))
  for (const kind of ['updates', 'complete'] as const) {
    const { harness, panes } = start(windows, 30, { kind })
    harness.process('a', 1, 5)
    harness.advance(20)
    harness.commit()
    harness.process('a', 2, 6)
    harness.advance(100)
    harness.commit()
    assert.deepEqual(panes.at(-1)?.value, '1 2', kind)
  }
})

test('the global window gives one row per key at the end of time and leaves no state', () => {
  const { harness, panes } = start(globalWindow(), 0, { kind: 'final' })
  for (let i = 0; i < 6; i++) harness.process(i % 2 === 0 ? 'a' : 'b', i, i * 1_000 - 2_000)
  harness.advance(1_000_000)
  harness.commit()
  harness.restart()
  assert.equal(panes.length, 0)
  harness.advance(
    endOfTime,
    () => true,
    () => harness.restart(),
  )
  assert.deepEqual(
    panes.map(pane => [pane.key, pane.value]),
    [
      ['sa', '0 2 4'],
      ['sb', '1 3 5'],
    ],
  )
  assert.ok(harness.isEmpty)
})

test('a record at exactly the end of a window belongs to the next one', () => {
  const windows = tumbling(milliseconds(10))
  const { harness, panes } = start(windows, 0, { kind: 'final' })
  harness.process('a', 1, 9)
  harness.process('a', 2, 10)
  harness.advance(8)
  assert.equal(panes.length, 0)
  harness.advance(9)
  harness.advance(19)
  assert.deepEqual(
    panes.map(pane => [pane.start, pane.value]),
    [
      [0, '1'],
      [10, '2'],
    ],
  )
})

test('a cumulating window that its last step brought nothing is left out, also when a late record changes it', () => {
  const windows = cumulating(milliseconds(30), milliseconds(10), { unchanged: 'skip' })
  const { harness, panes } = start(windows, 100, { kind: 'final' })
  harness.process('a', 1, 5)
  harness.process('a', 2, 25)
  harness.advance(40)
  const rows = () => panes.map(pane => [pane.start, pane.end, pane.value])
  assert.deepEqual(rows(), [
    [0, 10, '1'],
    [0, 30, '1 2'],
  ])
  harness.process('a', 3, 6)
  harness.commit()
  assert.deepEqual(rows().slice(2), [
    [0, 10, '1 3'],
    [0, 30, '1 2 3'],
  ])
  harness.process('a', 4, 15)
  harness.commit()
  assert.deepEqual(rows().slice(4), [
    [0, 20, '1 3 4'],
    [0, 30, '1 2 3 4'],
  ])
})

test('a record that is too late for its own step of a cumulating window shows in the next one, which is not left out', () => {
  const windows = cumulating(milliseconds(40), milliseconds(10), { unchanged: 'skip' })
  for (const latenessMs of [0, 5]) {
    const { harness, panes } = start(windows, latenessMs, { kind: 'final' })
    harness.process('a', 1, 0)
    harness.advance(19 + latenessMs)
    harness.process('a', 2, 3)
    harness.commit()
    harness.restart()
    harness.advance(100)
    harness.commit()
    assert.deepEqual(
      panes.map(pane => [pane.start, pane.end, pane.value]),
      [
        [0, 10, '1'],
        [0, 30, '1 2'],
      ],
    )
    assert.deepEqual(harness.tallies, { late: 1, expired: 0 })
    assert.ok(harness.isEmpty)
  }
})
