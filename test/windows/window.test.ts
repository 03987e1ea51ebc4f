import assert from 'node:assert/strict'
import { test } from 'node:test'
import { milliseconds } from '../../shared/model/duration.ts'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import { limits } from '../../shared/model/limits.ts'
import {
  firstEnd,
  gridOf,
  isWindowEnd,
  lastEnd,
  sliceEnd,
  sliceStart,
  windowStart,
  windowsHolding,
} from '../../shared/windows/assign.ts'
import { countWindow } from '../../shared/windows/count.ts'
import { cumulating } from '../../shared/windows/cumulating.ts'
import { daily } from '../../shared/windows/daily.ts'
import { sliding } from '../../shared/windows/sliding.ts'
import {
  closedAt,
  describeWindows,
  dueAt,
  type FixedWindows,
  globalWindow,
  hopping,
  rowTime,
  session,
  tumbling,
  type Window,
} from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { cumulatingBy, hoppingBy } from '../operators/naive-windows.ts'

const ms = milliseconds

/** Windows, and those that hold a time by trying every one near it. */
function anyWindows(random: Random): [windows: FixedWindows, naive: (time: number) => readonly Window[]] {
  const size = random.between(1, 60)
  const offset = random.below(400) - 200
  switch (random.below(3)) {
    case 0:
      return [tumbling(ms(size), { offset }), hoppingBy(size, size, offset)]
    case 1: {
      const hop = random.between(1, size)
      return [hopping(ms(size), ms(hop), { offset }), hoppingBy(size, hop, offset)]
    }
    default: {
      const step = random.between(1, 12)
      const max = step * random.between(1, 6)
      return [cumulating(ms(max), ms(step), { offset }), cumulatingBy(max, step, offset)]
    }
  }
}

const byEnd = (windows: readonly Window[]) => windows.toSorted((a, b) => a.end - b.end)

test('a time’s slice knows the windows that hold the time', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = new Random(seed)
    const [windows, naive] = anyWindows(random)
    for (const base of [0, -1_000, 1_458_678_000_000, -limits.eventTimeMs, limits.eventTimeMs - 200]) {
      const time = base + random.below(200)
      const place = `seed ${seed} at ${time}`
      const slice = sliceStart(windows, time)
      assert.ok(slice <= time && time < sliceEnd(windows, slice), place)
      const expected = byEnd(naive(time))
      assert.deepEqual(windowsHolding(windows, time), expected, place)
      assert.equal(firstEnd(windows, slice), expected[0].end, place)
      assert.equal(lastEnd(windows, slice), expected.at(-1)?.end, place)
      for (const { start, end } of expected) {
        assert.equal(windowStart(windows, end), start, place)
        assert.ok(isWindowEnd(windows, end), place)
      }
    }
  }
})

test('no window cuts a slice: all times of a slice are in the same windows', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const [windows, naive] = anyWindows(random)
    const slice = sliceStart(windows, random.between(-500, 500))
    const expected = naive(slice)
    const grid = gridOf(windows)
    assert.ok(grid !== undefined)
    for (let time = slice; time < sliceEnd(windows, slice); time++) {
      assert.equal(sliceStart(windows, time), slice)
      assert.deepEqual(naive(time), expected)
      assert.equal(Math.floor((time - grid.offsetMs) / grid.sizeMs), Math.floor((slice - grid.offsetMs) / grid.sizeMs))
    }
  }
})

test('slices and windows are exact at all event times, however large they are', () => {
  const greatest = 300_000_000_000_000
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = new Random(seed)
    const size = random.pick([1, 7, 86_400_000, greatest, 1 + Math.floor(random.fraction() * greatest)])
    const offset = Math.floor((random.fraction() * 2 - 1) * greatest)
    const windows = tumbling(ms(size), { offset })
    const far = limits.eventTimeMs - random.below(3)
    for (const time of [far, -far, Math.floor((random.fraction() * 2 - 1) * far)]) {
      const since = (BigInt(time) - BigInt(windows.offsetMs)) % BigInt(size)
      const start = Number(BigInt(time) - (since < 0n ? since + BigInt(size) : since))
      assert.deepEqual(windowsHolding(windows, time), [{ start, end: start + size }], `seed ${seed} at ${time}`)
    }
  }
})

test('an end is one only where a window ends', () => {
  const ends = (windows: FixedWindows) => Array.from({ length: 61 }, (_, i) => i).filter(i => isWindowEnd(windows, i))
  assert.deepEqual(ends(tumbling(ms(20), { offset: -5 })), [15, 35, 55])
  assert.deepEqual(ends(hopping(ms(30), ms(20), { offset: 1 })), [11, 31, 51])
  assert.deepEqual(ends(cumulating(ms(40), ms(20), { offset: 43 })), [3, 23, 43])
})

test('windows that are shifted by whole periods are the same windows', () => {
  assert.deepEqual(tumbling(ms(60), { offset: -16 }), tumbling(ms(60), { offset: 44 }))
  assert.deepEqual(tumbling(ms(60), { offset: -60 }), tumbling(ms(60)))
  assert.deepEqual(hopping(ms(60), ms(7), { offset: 15 }), hopping(ms(60), ms(7), { offset: 1 }))
  assert.deepEqual(cumulating(ms(60), ms(20), { offset: -50 }), cumulating(ms(60), ms(20), { offset: 70 }))
})

test('a tumbling window takes its start and not its end', () => {
  const windows = tumbling(milliseconds(60_000))
  assert.equal(sliceStart(windows, 119_999), 60_000)
  assert.equal(sliceStart(windows, 120_000), 120_000)
  assert.equal(sliceStart(windows, -1), -60_000)
})

test('the global window holds all of time in one slice', () => {
  const windows = globalWindow()
  for (const time of [-limits.eventTimeMs, -1, 0, limits.eventTimeMs]) {
    assert.equal(sliceStart(windows, time), beginningOfTime)
    assert.equal(firstEnd(windows, beginningOfTime), endOfTime)
    assert.equal(lastEnd(windows, beginningOfTime), endOfTime)
  }
})

test('windows that cannot be are refused with a sentence', () => {
  const bad = [
    () => tumbling(ms(0)),
    () => hopping(ms(10), ms(0)),
    () => hopping(ms(10), ms(11)),
    () => tumbling(ms(10 ** 15)),
    () => session(ms(0)),
    () => session(ms(10 ** 15)),
    () => tumbling(ms(10), { offset: 0.5 }),
    () => hopping(ms(10), ms(5), { offset: Number.NaN }),
    () => cumulating(ms(10), ms(3)),
    () => cumulating(ms(0), ms(1)),
    () => cumulating(ms(10), ms(0)),
    () => cumulating(ms(10), ms(20)),
    () => cumulating(ms(10 ** 15), ms(10 ** 14)),
    () => sliding(ms(10 ** 15)),
    () => countWindow(0),
    () => countWindow(1.5),
    () => countWindow(3, { every: 4 }),
    () => countWindow(3, { every: 0 }),
    () => countWindow(1_000_000, { every: 1 }),
  ]
  for (const make of bad)
    assert.throws(make, { name: 'ConfigurationError', message: /^Cannot make \w+ windows: .*expected/ })
})

test('a row is due at the last millisecond of its window, of a session at the end', () => {
  for (const kind of ['tumbling', 'hopping', 'cumulating', 'daily', 'sliding'] as const) {
    assert.deepEqual([dueAt(kind, 100), closedAt(kind, 100, 7), rowTime(kind, 100)], [99, 106, 99])
  }
  assert.deepEqual([dueAt('partingSession', 100), closedAt('partingSession', 100, 7)], [99, 106])
  assert.deepEqual([dueAt('count', 100), closedAt('count', 100, 7)], [endOfTime, endOfTime])
  assert.deepEqual([dueAt('session', 100), closedAt('session', 100, 7), rowTime('session', 100)], [100, 107, 100])
  const global = [dueAt('global', endOfTime), closedAt('global', endOfTime, 7), rowTime('global', endOfTime)]
  assert.deepEqual(global, [endOfTime, endOfTime, limits.eventTimeMs])
})

test('windows describe themselves with all that their state depends on', () => {
  const minute = milliseconds(60_000)
  assert.equal(describeWindows(tumbling(minute)), 'tumbling 60000 ms')
  assert.equal(describeWindows(tumbling(minute, { offset: milliseconds(60_007) })), 'tumbling 60000 ms offset 7 ms')
  assert.equal(describeWindows(hopping(minute, milliseconds(5_000))), 'hopping 60000 ms every 5000 ms')
  assert.equal(describeWindows(session(minute)), 'session gap 60000 ms')
  assert.equal(describeWindows(session(minute, { atGap: 'part' })), 'session gap 60000 ms parting')
  assert.equal(
    describeWindows(cumulating(minute, milliseconds(5_000), { offset: -1 })),
    'cumulating to 60000 ms by 5000 ms offset 59999 ms',
  )
  assert.equal(describeWindows(daily('Europe/Berlin')), 'daily in Europe/Berlin')
  assert.equal(describeWindows(daily('Europe/Berlin', { startsAt: minute })), 'daily in Europe/Berlin from 60000 ms')
  assert.equal(describeWindows(sliding(minute)), 'sliding 60000 ms')
  assert.equal(describeWindows(countWindow(3)), 'count 3 every 3')
  assert.equal(describeWindows(countWindow(3, { every: 2, leftover: 'emit' })), 'count 3 every 2')
  assert.equal(describeWindows(globalWindow()), 'global')
})
