import assert from 'node:assert/strict'
import { test } from 'node:test'
import { milliseconds } from '../../shared/model/duration.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import { deviating } from '../../shared/operators/aggregates/moments.ts'
import { several } from '../../shared/operators/aggregates/several.ts'
import { type Aggregator, counting } from '../../shared/operators/aggregator.ts'
import { averaging, summing } from '../../shared/operators/exact-sum.ts'
import { WindowAggregate } from '../../shared/operators/windows/window-aggregate.ts'
import { hopping } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'
import { Harness } from './harness.ts'

type Any = Aggregator<unknown, unknown, unknown>

/** Of random records, some late, with commits cut anywhere and restarts: all panes, and what was merged and taken out. */
function run(seed: number, aggregator: Any, latenessMs: number) {
  const random = new Random(seed)
  const calls = { merged: 0, subtracted: 0 }
  const { merge, subtract } = aggregator
  const counted: Any = {
    ...aggregator,
    merge: (a, b) => {
      calls.merged++
      return merge(a, b)
    },
    ...(subtract && {
      subtract: (a: unknown, b: unknown) => {
        calls.subtracted++
        return subtract(a, b)
      },
    }),
  }
  const hopMs = random.between(1, 3)
  const sizeMs = hopMs * random.between(8, 30) + random.below(2)
  const windows = hopping(milliseconds(sizeMs), milliseconds(hopMs), { offset: random.below(5) })
  const panes: unknown[] = []
  const harness = new Harness(
    context =>
      new WindowAggregate(
        { name: 'w', aggregator: counted, windows, emission: { kind: 'final' }, latenessMs },
        context,
        (row, time) => panes.push([row, time]),
        undefined,
      ),
  )
  let now = 0
  const draw = random.pick([() => random.between(-9, 9), () => random.between(-9, 9) / 7])
  for (let i = 0; i < 300; i++) {
    now += random.pick([0, 0, 1, 2, 3, random.below(40) === 0 ? 80 : 0])
    const value = random.below(100) === 0 ? random.pick([Number.POSITIVE_INFINITY, 1e300, -1e300]) : draw()
    harness.process(random.pick(['a', 'b']), value, now - random.below(12))
    if (random.below(6) === 0) {
      harness.advance(Math.max(harness.watermark, now - random.between(3, 8)), () => random.below(4) === 0)
    }
    if (random.below(10) > 0) continue
    harness.commit()
    if (random.below(4) > 0) continue
    harness.page()
    harness.restart()
  }
  harness.commit()
  harness.advance(endOfTime, () => random.below(8) === 0)
  harness.commit()
  return { panes, calls, tallies: harness.tallies, isEmpty: harness.isEmpty }
}

const withoutInverse = ({ subtract: _, ...aggregator }: Any): Any => aggregator

const aggregators: Readonly<Record<string, Any>> = {
  count: counting,
  sum: summing,
  average: averaging,
  'standard deviation': deviating('sample'),
  'several in one': several([
    { name: 'n', aggregator: counting },
    { name: 'sum', aggregator: summing },
  ]),
}

for (const [name, aggregator] of Object.entries(aggregators)) {
  const isSeveral = name === 'several in one'
  const whole: Any = isSeveral
    ? { ...aggregator, add: (held, value, time) => aggregator.add(held, [0, value], time) }
    : aggregator
  test(`hopping windows that take out what went have the same panes as merged ones: ${name}`, () => {
    const total = { merged: 0, subtracted: 0, without: 0, late: 0 }
    for (let seed = 1; seed <= 10; seed++) {
      for (const latenessMs of [0, 9]) {
        const [running, merged] = [run(seed, whole, latenessMs), run(seed, withoutInverse(whole), latenessMs)]
        assert.deepEqual(running.panes, merged.panes, `seed ${seed} lateness ${latenessMs}`)
        assert.ok(running.panes.length > 0 && running.isEmpty && merged.isEmpty)
        total.merged += running.calls.merged
        total.subtracted += running.calls.subtracted
        total.without += merged.calls.merged
        total.late += running.tallies.late
      }
    }
    assert.ok(total.subtracted > 300 && total.late > 100, JSON.stringify(total))
    assert.ok(total.merged < total.without / 2, JSON.stringify(total))
  })
}
