import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cumulating, daily, days, hopping, json, milliseconds, pipeline, tumbling } from '../../shared/index.ts'
import { keyId } from '../../shared/model/key.ts'
import type { FixedWindows } from '../../shared/windows/window.ts'
import { Random } from '../cloud/random.ts'
import { forEachVariant } from '../conformance/vectors/variants.ts'
import { cumulatingBy, hoppingBy, NaiveWindows, type WindowSettings } from '../operators/naive-windows.ts'
import { NaiveDays } from '../windows/naive-days.ts'

type Hit = { readonly at: number; readonly key: string; readonly number: number }

const berlin = new NaiveDays('Europe/Berlin')
const beforeClocksChange = Date.parse('2024-03-30T20:00:00Z')
const halfHour = 1_800_000

const cases: readonly {
  readonly windows: FixedWindows
  readonly windowsOf: WindowSettings['windowsOf']
  readonly lateness: number
  readonly from: number
  readonly unit: number
}[] = [
  {
    windows: tumbling(milliseconds(10), { offset: -3 }),
    windowsOf: hoppingBy(10, 10, -3),
    lateness: 7,
    from: 0,
    unit: 1,
  },
  {
    windows: hopping(milliseconds(12), milliseconds(5)),
    windowsOf: hoppingBy(12, 5, 0),
    lateness: 0,
    from: 0,
    unit: 1,
  },
  {
    windows: cumulating(milliseconds(20), milliseconds(4), { offset: 6 }),
    windowsOf: cumulatingBy(20, 4, 6),
    lateness: 9,
    from: -40,
    unit: 1,
  },
  {
    windows: daily('Europe/Berlin'),
    windowsOf: time => [berlin.dayOf(time)],
    lateness: 3 * halfHour,
    from: beforeClocksChange,
    unit: halfHour,
  },
]

for (const { windows, windowsOf, lateness, from, unit } of cases) {
  test(`late records come into ${windows.kind} windows, or to the side output, by their watermark alone`, async () => {
    const random = new Random(7)
    const steps = Array.from({ length: 16 }, (_, number) => ({
      hit: { at: from + (number * 2 - random.below(30)) * unit, key: random.pick(['a', 'b']), number },
      watermark: from + (number * 2 - random.below(6)) * unit - random.below(2),
    }))
    const naive = new NaiveWindows({ windowsOf, lateness }, 'updates')
    const expired: Hit[] = []
    for (const { hit, watermark } of steps) {
      const before = naive.expired
      naive.process(keyId(hit.key), hit.number, hit.at)
      if (naive.expired > before) expired.push(hit)
      naive.watermark = Math.max(naive.watermark, watermark)
    }
    assert.ok(expired.length > 0 && naive.late > 0)
    await forEachVariant(windows.kind, {
      pipeline: pipeline(
        'late',
        ({ source }) => {
          const hits = source('hits', { codec: json<Hit>(), eventTime: hit => hit.at, outOfOrder: days(1_000) })
          const lists = hits
            .keyBy('key')
            .window(windows)
            .allowedLateness(milliseconds(lateness))
            .lateTo('late')
            .aggregate('lists', {
              create: (): number[] => [],
              add: (list, hit: Hit) => [...list, hit.number],
              merge: (a, b) => [...a, ...b],
              result: list => list.toSorted((a, b) => a - b).join(' '),
            })
          return { lists, late: lists.side('late').forEach(() => {}) }
        },
        { keyGroups: 2 },
      ),
      play: async (run, pause) => {
        for (const { hit, watermark } of steps) {
          await run.hits.push(hit)
          await run.hits.advanceTo(watermark)
          await pause()
        }
        await run.hits.end()
        const rows = run.lists.rows().map(({ key, window, value }) => [`s${key} ${window.start} ${window.end}`, value])
        assert.deepEqual(rows.sort(), [...naive.latest].sort())
        assert.deepEqual(
          run.late.values().toSorted((a, b) => a.number - b.number),
          expired,
        )
      },
    })
  })
}
