import assert from 'node:assert/strict'
import { test } from 'node:test'
import { milliseconds } from '../../shared/model/duration.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import type { Aggregator } from '../../shared/operators/aggregator.ts'
import { PaneAggregate } from '../../shared/operators/panes/pane-aggregate.ts'
import type { PaneEmission, PaneTime, PaneTrigger } from '../../shared/operators/panes/pane-emission.ts'
import { cumulating } from '../../shared/windows/cumulating.ts'
import {
  closedAt,
  dueAt,
  type FixedWindows,
  globalWindow,
  hopping,
  kindOf,
  rowTime,
  type SessionWindows,
  session,
  tumbling,
} from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { Harness } from './harness.ts'
import { NaivePanes, type NaiveSettings } from './naive-panes.ts'

type Row = {
  readonly key: string
  readonly window: { readonly start: number; readonly end: number }
  readonly value: readonly number[]
  readonly pane: { readonly timing: string; readonly index: number; readonly isRetraction?: boolean }
}
type Pushed = {
  readonly value: unknown
  readonly time: number
  readonly key: string
  readonly window: string
  readonly end: number
}
type Settings = {
  readonly windows: FixedWindows | SessionWindows
  readonly emission: PaneEmission
  readonly lateness: number
}

/** Gives its accumulator itself, which goes on changing: a row that was not taken apart from it shows. */
const listing: Aggregator<number, number[], readonly number[]> = {
  create: () => [],
  add: (list, value) => {
    list.push(value)
    return list
  },
  merge: (list, other) => {
    list.push(...other)
    return list
  },
  result: list => list,
}

function start({ windows, emission, lateness }: Settings) {
  const pushed: Pushed[] = []
  const side: number[] = []
  const harness = new Harness(
    context =>
      new PaneAggregate<number, number[]>(
        { name: 'panes', aggregator: listing, windows, emission, latenessMs: lateness },
        context,
        (value, time, origin) => {
          assert.ok(origin?.window !== undefined)
          const window = `${origin.window.start}-${origin.window.end}`
          pushed.push({ value, time, key: String(origin.key), window, end: origin.window.end })
        },
        value => side.push(Number(value)),
      ),
  )
  const lines = () => {
    const byKey = new Map<string, string[]>()
    for (const { key, value, window, time } of pushed) {
      const line = value === undefined ? `gone ${window}` : lineOf(value as Row)
      byKey.set(key, [...(byKey.get(key) ?? []), `at ${time}: ${line}`])
    }
    return byKey
  }
  return { harness, lines, side, pushed }
}

const lineOf = ({ window, value, pane }: Row): string =>
  `${pane.isRetraction ? 'not ' : ''}${window.start}-${window.end} ${pane.timing} ${pane.index}: ${value.join(' ')}`

function naiveOf({ windows, emission, lateness }: Settings): NaiveSettings {
  const kind = kindOf(windows)
  const dueOf = (end: number) => dueAt(kind, end)
  const rowTimeOf = (end: number) => rowTime(kind, end)
  if (windows.kind === 'session') {
    return { emission, lateness, dueOf, rowTimeOf, windows: { gap: windows.gapMs, joins: windows.joinsAtGap } }
  }
  return { emission, lateness, dueOf, rowTimeOf, windows: time => boundsOf(windows, time) }
}

/** By trying all that could be. */
function boundsOf(windows: FixedWindows, time: number): [number, number][] {
  const held: [number, number][] = []
  switch (windows.kind) {
    case 'global':
      return [[globalWindow().offsetMs, endOfTime]]
    case 'cumulating': {
      const start = Math.floor(time / windows.sizeMs) * windows.sizeMs
      for (let end = start + windows.stepMs; end <= start + windows.sizeMs; end += windows.stepMs) {
        if (end > time) held.push([start, end])
      }
      return held
    }
    case 'daily':
      throw new Error('Cannot try daily windows here')
    default:
      for (let start = time - windows.sizeMs + 1; start <= time; start++) {
        if ((start - windows.offsetMs) % windows.hopMs === 0) held.push([start, start + windows.sizeMs])
      }
      return held
  }
}

function randomTrigger(random: Random): PaneTrigger {
  const parts = {
    ...(random.below(2) === 0 && { records: 1 + random.below(4) }),
    ...(random.below(3) === 0 && { eventTimeMs: 1 + random.below(12) }),
    ...(random.below(3) === 0 && { arrivalTimeMs: 1 + random.below(20) }),
  }
  const trigger = Object.keys(parts).length === 0 ? { records: 2 } : parts
  return {
    ...trigger,
    when: random.pick(['any', 'all']),
    ...(random.below(4) === 0 && { atMost: 1 + random.below(2) }),
  }
}

function randomSettings(random: Random): Settings {
  const ms = milliseconds
  const windows = random.pick([
    tumbling(ms(10)),
    hopping(ms(12), ms(4)),
    hopping(ms(10), ms(4)),
    cumulating(ms(20), ms(5)),
    session(ms(6)),
    session(ms(6), { atGap: 'part' }),
    globalWindow(),
  ])
  const emission: PaneEmission = {
    kind: 'panes',
    early: random.below(5) === 0 ? undefined : randomTrigger(random),
    onTime: random.pick(['always', 'changed']),
    late: randomTrigger(random),
    accumulation: random.pick(['accumulating', 'discarding', 'retracting']),
    grown: random.pick(['continue', 'restart']),
    time: random.pick<PaneTime>(['end', 'end', 'earliest', 'latest', (time, { start }) => Math.max(time, start) + 5]),
  }
  return { windows, emission, lateness: random.pick([0, 7, 30]) }
}

test('panes equal those of every window on its own, wherever commits are cut and environments begin anew', () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new Random(seed)
    const settings = randomSettings(random)
    const naive = new NaivePanes(naiveOf(settings))
    const { harness, lines, side, pushed } = start(settings)
    let told = Number.NEGATIVE_INFINITY
    let seen = 0
    const commit = () => {
      harness.commit()
      // What goes out is above the watermark that was told before, but for late panes of records that were behind it.
      for (const { value, time, window, end } of pushed.slice(seen)) {
        const isLate = value === undefined || (value as Row).pane.timing === 'late' || (value as Row).pane.isRetraction
        assert.ok(time > told || isLate, `seed ${seed}: a row of ${time} after watermark ${told}`)
        // A ranking of a session that grew is open still as its row goes.
        const closed = closedAt(kindOf(settings.windows), end, settings.lateness)
        assert.ok(closed > told || value !== undefined, `seed ${seed}: ${window} goes after watermark ${told}`)
      }
      seen = pushed.length
      const tells = Math.min(harness.watermark, harness.operator.hold(0) - 1)
      assert.ok(tells >= told, `seed ${seed}: the watermark goes back from ${told} to ${tells}`)
      told = tells
      if (random.below(4) === 0) harness.page()
      if (random.below(2) === 0) harness.restart()
    }
    let [base, arrival] = [0, 0]
    for (let i = 0; i < 80; i++) {
      switch (random.below(5)) {
        case 0:
          base += random.below(8)
          naive.advance(base)
          harness.advance(base, () => random.below(3) === 0, commit)
          break
        case 1:
          arrival += random.below(15)
          naive.arrive(arrival)
          harness.arrive(arrival)
          break
        default: {
          const key = random.pick(['a', 'b'])
          const time = base - 25 + random.below(45)
          if (random.below(4) === 0) {
            arrival += random.below(5)
            naive.arrival = arrival
            harness.setArrival(arrival)
          }
          naive.process(key, i, time)
          harness.process(key, i, time)
        }
      }
      if (random.below(6) === 0) commit()
    }
    naive.advance(endOfTime)
    harness.advance(endOfTime, () => random.below(3) === 0, commit)
    commit()
    const label = `seed ${seed}: ${JSON.stringify(settings)}`
    assert.deepEqual(new Map([...lines()].sort()), new Map([...naive.lines].sort()), label)
    assert.deepEqual(harness.tallies, { late: naive.late, expired: naive.expired }, label)
    assert.equal(side.length, naive.expired, label)
    assert.ok(harness.isEmpty, label)
  }
})
