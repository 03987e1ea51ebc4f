import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DistinctOptions, milliseconds } from '../../shared/index.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import { Distinct } from '../../shared/operators/distinct.ts'
import { Random } from '../codecs/random.ts'
import { Harness } from './harness.ts'
import { underHarness } from './processing.ts'

const distinct = (options: DistinctOptions) => underHarness<number>(keyed => keyed.distinct('d', options))

test('repeats within the time are dropped, counted from the value that went out', () => {
  const { harness, take } = distinct({ within: milliseconds(10) })
  for (const time of [100, 105, 109, 110, 112, 91, 90, 119, 120]) harness.process('a', time, time)
  harness.process('b', 105, 105)
  assert.deepEqual(
    take(),
    [100, 110, 90, 120, 105].map(time => ({ value: time, time })),
  )
})

test('since the last, repeats keep a key silent while they go on, in whatever order they come', () => {
  const { harness, values } = distinct({ within: milliseconds(10), since: 'last' })
  for (const time of [100, 109, 118, 130, 124, 139, 150]) harness.process('a', time, time)
  // 124 is near to 118 and to 130: from then on they are one.
  assert.deepEqual(values(), [100, 130, 150])
  harness.advance(148)
  assert.equal(harness.isEmpty, false)
  harness.advance(159)
  assert.equal(harness.isEmpty, true)
})

test('what is known of a key goes when the watermark has passed the time, and late records are dropped', () => {
  const { harness, values } = distinct({ within: milliseconds(10) })
  harness.process('a', 1, 100)
  harness.advance(108)
  harness.commit()
  harness.restart()
  assert.equal(harness.isEmpty, false)
  harness.process('a', 2, 109)
  harness.advance(109)
  assert.equal(harness.isEmpty, true)
  harness.process('a', 3, 109)
  harness.process('b', 4, 50)
  harness.process('a', 5, 110)
  assert.deepEqual(values(), [1, 5])
  assert.deepEqual(harness.tallies, { late: 0, expired: 2 })
  harness.advance(endOfTime)
  assert.equal(harness.isEmpty, true)
})

test('within the allowed lateness a late record is told from a repeat', () => {
  const { harness, values } = distinct({ within: milliseconds(10), allowedLateness: milliseconds(20) })
  harness.process('a', 1, 100)
  harness.advance(119)
  harness.process('a', 2, 109)
  harness.process('a', 3, 110)
  harness.process('a', 4, 99)
  assert.deepEqual(values(), [1, 3])
  assert.deepEqual(harness.tallies, { late: 2, expired: 1 })
})

test('options that say nothing are refused', () => {
  assert.throws(() => distinct({ since: 'last' }), /Cannot build "d": since and allowedLateness belong to within/)
  assert.throws(() => distinct({ within: milliseconds(0) }), /Cannot build "d": within is 0/)
})

test('distinct without a time keeps nothing after the end of input', () => {
  const out: unknown[] = []
  const harness = new Harness(context => new Distinct('d', context, value => out.push(value)))
  for (let i = 0; i < 100; i++) harness.process(`k${i % 70}`, i, i)
  harness.commit()
  harness.restart()
  assert.equal(out.length, 70)
  harness.advance(
    endOfTime,
    () => true,
    () => harness.restart(),
  )
  assert.equal(harness.isEmpty, true)
})

type Seen = { readonly key: string; readonly time: number }

/** Of what is in time, the records with no value that went out near to them: looked up in all of them. */
function naive(steps: readonly (Seen | number)[], withinMs: number): Seen[] {
  const out: Seen[] = []
  let watermark = Number.NEGATIVE_INFINITY
  for (const step of steps) {
    if (typeof step === 'number') watermark = Math.max(watermark, step)
    else if (
      step.time > watermark &&
      !out.some(({ key, time }) => key === step.key && Math.abs(time - step.time) < withinMs)
    )
      out.push(step)
  }
  return out
}

test('what comes out is what a look at everything says, whatever is cut and restarted', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed)
    const steps: (Seen | number)[] = []
    let time = 0
    for (let i = 0; i < 150; i++) {
      time += random.below(5)
      if (random.below(6) === 0) steps.push(time - 20)
      else steps.push({ key: `k${random.below(4)}`, time: time - random.below(25) })
    }
    const withinMs = random.between(1, 30)
    const { harness, values } = underHarness<Seen>(keyed => keyed.distinct('d', { within: milliseconds(withinMs) }))
    for (const step of [...steps, endOfTime]) {
      if (typeof step === 'number') harness.advance(step)
      else harness.process(step.key, step, step.time)
      if (random.below(4) > 0) continue
      harness.commit()
      if (random.below(2) === 0) harness.page()
      if (random.below(2) === 0) harness.restart()
    }
    assert.deepEqual(values(), naive(steps, withinMs), `seed ${seed}`)
    assert.equal(harness.isEmpty, true)
  }
})
