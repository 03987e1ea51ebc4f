import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStepCrossed } from '../../shared/emit/shuffle-writer.ts'
import {
  countWindow,
  cumulating,
  daily,
  globalWindow,
  hopping,
  json,
  milliseconds,
  minutes,
  panes,
  pipeline,
  session,
  sliding,
  tumbling,
} from '../../shared/index.ts'
import { type Plan, stageNamed } from '../../shared/plan/plan.ts'
import { fingerprintOf, misreading, shapeOf } from '../../shared/plan/shape.ts'
import { windowsHolding } from '../../shared/windows/assign.ts'
import type { WindowAssigner } from '../../shared/windows/window.ts'
import { Random } from '../codecs/random.ts'

const codec = json<{ readonly k: string; readonly n: number }>()
const ms = milliseconds

function stepsInto(plan: Plan, stage: string) {
  const { input } = stageNamed(plan, stage)
  return input.kind === 'shuffle' ? input.steps : assert.fail()
}

test('every watermark at which a window of the stage or of one behind it fires or closes is a step', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const windows = Array.from({ length: random.between(1, 3) }, () => {
      const size = random.between(1, 40)
      const hop = random.below(2) === 0 ? size : random.between(1, size)
      return { size, hop, offset: random.below(hop), lateness: random.pick([0, random.below(50)]) }
    })
    const { plan } = pipeline('p', ({ source }) => {
      const keyed = source('s', { codec }).keyBy('k')
      const results = windows.map(({ size, hop, offset, lateness }, i) =>
        keyed
          .window(hopping(ms(size), ms(hop), { offset: ms(offset) }))
          .allowedLateness(ms(lateness))
          .count(`w${i}`),
      )
      return Object.fromEntries(results.map((rows, i) => [`v${i}`, i === 0 ? rows.top('t', 1) : rows]))
    })
    const steps = stepsInto(plan, 'k')
    for (const { size, hop, offset, lateness } of windows) {
      for (let i = -5; i < 5; i++) {
        const end = offset + i * hop + size
        for (const due of [end - 1, end - 1 + lateness]) {
          assert.ok(isStepCrossed(steps, due - 1, due), `seed ${seed}: ${due}`)
          assert.ok(isStepCrossed({ ...steps, coarse: steps.fine }, due - 1, due), `seed ${seed}: ${due}`)
        }
      }
    }
  }
})

test('every watermark at which a growing or a daily window fires or closes is a step', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed)
    const lateness = random.pick([0, random.below(50)])
    const from = Date.parse('2018-02-01') + random.below(365) * 86_400_000
    const step = random.between(1, 20)
    const offset = random.below(200) - 100
    const windows =
      random.below(2) === 0
        ? cumulating(ms(step * random.between(1, 5)), ms(step), { offset })
        : daily(random.pick(['Europe/Berlin', 'America/Sao_Paulo', 'Asia/Kathmandu']), {
            startsAt: minutes(random.below(600)),
          })
    const { plan } = pipeline('p', ({ source }) => ({
      n: source('s', { codec }).keyBy('k').window(windows).allowedLateness(ms(lateness)).count('n'),
    }))
    const steps = stepsInto(plan, 'k')
    for (const { end } of windowsHolding(windows, from)) {
      for (const due of [end - 1, end - 1 + lateness]) {
        assert.ok(isStepCrossed(steps, due - 1, due), `seed ${seed}: ${due}`)
      }
    }
  }
})

test('a stage that does not look at event time, nor any behind it, has no steps', () => {
  const { plan } = pipeline('p', ({ source }) => ({ top: source('s', { codec }).keyBy('k').count('n').top('t', 1) }))
  assert.equal(stepsInto(plan, 'k').fine, Number.POSITIVE_INFINITY)
  assert.equal(stepsInto(plan, 't').fine, Number.POSITIVE_INFINITY)
})

test('each millisecond matters to sessions', () => {
  const { plan } = pipeline('p', ({ source }) => ({
    n: source('s', { codec })
      .keyBy('k')
      .window(session(ms(1_000)))
      .count('n'),
  }))
  assert.deepEqual(stepsInto(plan, 'k'), { fine: 1, coarse: 100, offset: 0 })
})

test('each millisecond matters to sliding windows, none to count windows', () => {
  const stepsOf = (windows: WindowAssigner) =>
    stepsInto(
      pipeline('p', ({ source }) => ({ n: source('s', { codec }).keyBy('k').window(windows).count('n') })).plan,
      'k',
    )
  assert.deepEqual(stepsOf(sliding(ms(1_000))), { fine: 1, coarse: 100, offset: 0 })
  assert.equal(stepsOf(countWindow(3)).fine, Number.POSITIVE_INFINITY)
})

const planWith = (size: number, name = 'n', keyGroups = 32, fn: 'count' | 'sum' = 'count') =>
  pipeline(
    'p',
    ({ source }) => {
      const windowed = source('s', { codec })
        .keyBy('k')
        .window(tumbling(ms(size)))
      return { n: fn === 'count' ? windowed.count(name) : windowed.sum(name, value => value.n) }
    },
    { keyGroups },
  ).plan

test('panes of the global window by event time, at times of their own, ask for each step of the watermark', () => {
  const timed = pipeline('timed', ({ source }) => {
    const records = source('records', { codec }).keyBy('k')
    const emit = panes({ early: { eventTime: ms(7) }, time: 'earliest' })
    return { counts: records.window(globalWindow()).count('counts', { emit }) }
  })
  assert.deepEqual(stepsInto(timed.plan, 'k'), { fine: 1, coarse: 7, offset: 0 })
})

test('an edit that would misread state is named, one that would not is let through', () => {
  const before = shapeOf(stageNamed(planWith(1_000), 'k'))
  const after = (plan: Plan) => misreading(before, shapeOf(stageNamed(plan, 'k')))
  assert.equal(after(planWith(1_000)), undefined)
  assert.equal(after(planWith(2_000, 'other')), undefined)
  assert.match(after(planWith(2_000)) ?? '', /operator "n" kept state of "count, tumbling 1000 ms"/)
  assert.match(after(planWith(1_000, 'n', 32, 'sum')) ?? '', /operator "n" kept state/)
  assert.match(after(planWith(1_000, 'n', 16)) ?? '', /32 key groups, the program asks for 16/)
})

test('the fingerprint is stable, and changes with what state means', () => {
  assert.equal(fingerprintOf(planWith(1_000)), fingerprintOf(planWith(1_000)))
  const others = [planWith(2_000), planWith(1_000, 'm'), planWith(1_000, 'n', 16), planWith(1_000, 'n', 32, 'sum')]
  assert.equal(new Set([planWith(1_000), ...others].map(fingerprintOf)).size, 5)
})
