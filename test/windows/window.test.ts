import assert from 'node:assert/strict'
import { test } from 'node:test'
import { milliseconds } from '../../shared/model/duration.ts'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import { limits } from '../../shared/model/limits.ts'
import {
  closedAt,
  describeWindows,
  dueAt,
  firstEnd,
  globalWindow,
  hopping,
  lastEnd,
  rowTime,
  type SlicedWindows,
  session,
  sliceStart,
  tumbling,
} from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'

/** Starts of the windows that hold a time, by trying every one near it. */
function startsOf({ sizeMs, hopMs, offsetMs }: SlicedWindows, time: number): number[] {
  const starts: number[] = []
  for (let start = time - sizeMs + 1; start <= time; start++) if ((start - offsetMs) % hopMs === 0) starts.push(start)
  return starts
}

function randomWindows(random: Random): SlicedWindows {
  const size = random.between(1, 60)
  const offset = milliseconds(random.below(200))
  if (random.below(3) === 0) return tumbling(milliseconds(size), { offset })
  return hopping(milliseconds(size), milliseconds(random.between(1, size)), { offset })
}

test('a time’s slice knows the first and the last end of the windows that hold the time', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = new Random(seed)
    const windows = randomWindows(random)
    for (const base of [0, -1_000, 1_458_678_000_000, -limits.eventTimeMs, limits.eventTimeMs - 200]) {
      const time = base + random.below(200)
      const slice = sliceStart(windows, time)
      assert.ok(slice <= time && time < slice + windows.sliceMs, `seed ${seed} at ${time}`)
      const starts = startsOf(windows, time)
      assert.equal(firstEnd(windows, slice), starts[0] + windows.sizeMs, `seed ${seed} at ${time}`)
      assert.equal(lastEnd(windows, slice), (starts.at(-1) ?? 0) + windows.sizeMs, `seed ${seed} at ${time}`)
    }
  }
})

test('no window cuts a slice: all times of a slice are in the same windows', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const windows = randomWindows(random)
    const slice = sliceStart(windows, random.between(-500, 500))
    const expected = startsOf(windows, slice)
    for (let time = slice; time < slice + windows.sliceMs; time++) {
      assert.equal(sliceStart(windows, time), slice)
      assert.deepEqual(startsOf(windows, time), expected)
    }
  }
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
  const ms = milliseconds
  const bad = [
    () => tumbling(ms(0)),
    () => hopping(ms(10), ms(0)),
    () => hopping(ms(10), ms(11)),
    () => tumbling(ms(10 ** 15)),
    () => session(ms(0)),
    () => session(ms(10 ** 15)),
  ]
  for (const make of bad)
    assert.throws(make, { name: 'ConfigurationError', message: /^Cannot make \w+ windows: .*expected/ })
})

test('a row is due at the last millisecond of its window, of a session at the end', () => {
  for (const kind of ['tumbling', 'hopping'] as const) {
    assert.deepEqual([dueAt(kind, 100), closedAt(kind, 100, 7), rowTime(kind, 100)], [99, 106, 99])
  }
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
  assert.equal(describeWindows(globalWindow()), 'global')
})
