import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  type Accumulation,
  days,
  globalWindow,
  json,
  map,
  milliseconds,
  type PaneRow,
  panes,
  pipeline,
  session,
  type Trigger,
  tumbling,
  value,
} from '../../../shared/index.ts'
import { unmet } from './unmet.ts'
import { forEachVariant } from './variants.ts'

type Delay = { readonly type: 'processingTimeDelay'; readonly afterFirstElementInPaneMs: number }
type Count = { readonly type: 'elementCount'; readonly atLeast: number }
type BookTrigger =
  | { readonly type: 'default' }
  | Delay
  | Count
  | { readonly type: 'afterWatermark'; readonly early: Delay; readonly late: Count }
  | { readonly type: 'processingTimeAligned' }

type Windowing =
  | { readonly type: 'global' }
  | { readonly type: 'fixed'; readonly sizeMs: number }
  | { readonly type: 'session'; readonly gapMs: number }
  | { readonly type: 'validity' }

type ExpectedPane = {
  readonly window: 'global' | readonly [start: string, end: string]
  readonly sum: number
  readonly timing: 'early' | 'onTime' | 'late'
  readonly index: number
  readonly onTimeIndex?: number
}

type Example = {
  readonly name: string
  readonly input: 'stream' | 'batch'
  readonly run: 'none' | 'heuristic' | 'perfect'
  readonly extraSix: boolean
  readonly windowing: Windowing
  readonly trigger: BookTrigger
  readonly accumulation: Accumulation
  readonly allowedLatenessMs: number
  readonly expectedPanes: readonly ExpectedPane[]
}

type Step = { readonly at: string; readonly only?: 'extraSix' } & (
  | { readonly value: number; readonly eventTime: string }
  | { readonly watermark: string; readonly run: 'all' | 'heuristic' | 'perfect' }
)

type Element = { readonly value: number; readonly eventTime: string }

const file = 'streaming-systems.json'
const vectors: {
  readonly inputs: { readonly stream: readonly Step[]; readonly batch: readonly Element[] }
  readonly examples: readonly Example[]
} = JSON.parse(readFileSync(new URL(`../../vectors/${file}`, import.meta.url), 'utf8'))

const startsAt = '2024-01-01T12:00:00.000Z'

function windowsOf(windowing: Windowing) {
  switch (windowing.type) {
    case 'global':
      return globalWindow()
    case 'fixed':
      return tumbling(milliseconds(windowing.sizeMs))
    case 'session':
      return session(milliseconds(windowing.gapMs))
    case 'validity':
      throw new Error('Cannot cut validity windows: they are a program of their own')
  }
}

const triggerOf = (trigger: Delay | Count): Trigger =>
  trigger.type === 'elementCount'
    ? { records: trigger.atLeast }
    : { arrivalTime: milliseconds(trigger.afterFirstElementInPaneMs) }

/** In the book a session that grew counts its panes from 0 again. */
function panesOf({ trigger, accumulation }: Example) {
  const each = { accumulation, grown: 'restart' } as const
  switch (trigger.type) {
    case 'default':
      return panes(each)
    case 'elementCount':
      // It knows no watermark: at the end of the window nothing is due but what is untold.
      return panes({ ...each, early: triggerOf(trigger), late: triggerOf(trigger), onTime: 'changed' })
    case 'processingTimeDelay':
      return panes({ ...each, early: triggerOf(trigger), late: triggerOf(trigger) })
    case 'afterWatermark':
      return panes({ ...each, early: triggerOf(trigger.early), late: triggerOf(trigger.late) })
    case 'processingTimeAligned':
      throw new Error('Cannot emit panes at aligned arrival times')
  }
}

const pipelineOf = (example: Example) =>
  pipeline(
    'scores',
    ({ source }) => {
      const scores = source('scores', {
        codec: json<Element>(),
        eventTime: score => Date.parse(score.eventTime),
        outOfOrder: days(100_000),
      })
      const totals = scores
        .keyBy('team', (): string => 'TeamX')
        .window(windowsOf(example.windowing))
        .allowedLateness(milliseconds(example.allowedLatenessMs))
        .sum('total', score => score.value, { emit: panesOf(example) })
      return { totals: totals.toStream('totals', json<PaneRow<string, number>>()) }
    },
    { keyGroups: 2 },
  )

const isoOf = (ms: number): string => new Date(ms).toISOString()

/** As the vectors write them, with how many panes that were not early their window had before. */
function seenPanes(rows: readonly PaneRow<string, number>[], { windowing }: Example): ExpectedPane[] {
  return rows.map(({ window, value, pane }) => {
    const before = rows.filter(
      other => other.window.start === window.start && other.window.end === window.end && other.pane.index < pane.index,
    )
    return {
      window: windowing.type === 'global' ? ('global' as const) : ([isoOf(window.start), isoOf(window.end)] as const),
      sum: value,
      ...pane,
      ...(pane.timing !== 'early' && { onTimeIndex: before.filter(other => other.pane.timing !== 'early').length }),
    }
  })
}

const sorted = (rows: readonly ExpectedPane[]) =>
  rows
    .map(({ window, sum, timing, index, onTimeIndex }) => JSON.stringify({ window, sum, timing, index, onTimeIndex }))
    .sort()

const isMet = ({ name }: Example): boolean => !unmet.some(entry => entry.file === file && entry.case === name)

type Scores = {
  readonly scores: {
    push(element: Element): Promise<void>
    advanceTo(time: number): Promise<void>
    end(): Promise<void>
  }
  readonly now: number
  tick(durationMs: number): Promise<void>
}

/** Takes an example's input, step by step. */
async function playInput(example: Example, run: Scores, pause: () => Promise<void>): Promise<void> {
  if (example.input === 'batch') {
    for (const element of vectors.inputs.batch) {
      await run.scores.push(element)
      await pause()
    }
    return run.scores.end()
  }
  for (const step of vectors.inputs.stream) {
    if (step.only === 'extraSix' && !example.extraSix) continue
    await run.tick(Date.parse(step.at) - run.now)
    if ('value' in step) await run.scores.push({ value: step.value, eventTime: step.eventTime })
    else if (step.watermark === 'end') await run.scores.end()
    else if (step.run === 'all' || step.run === example.run) {
      // There a watermark says that nothing before it is to come, here nothing at it either.
      await run.scores.advanceTo(Date.parse(step.watermark) - 1)
    }
    await pause()
  }
}

for (const example of vectors.examples.filter(({ windowing }) => windowing.type !== 'validity').filter(isMet)) {
  test(`example ${example.name} gives the panes of the book`, () =>
    forEachVariant(example.name, {
      pipeline: pipelineOf(example),
      options: { now: startsAt },
      play: async (run, pause) => {
        await playInput(example, run, pause)
        assert.deepEqual(sorted(seenPanes(run.totals.values(), example)), sorted(example.expectedPanes))
      },
    }))
}

/** Windows of one's own are a process function: each score holds until the next one in event time. */
const validity = pipeline(
  'scores',
  ({ source }) => {
    const scores = source('scores', {
      codec: json<Element>(),
      eventTime: score => Date.parse(score.eventTime),
      outOfOrder: days(100_000),
    })
    const valid = scores
      .keyBy('team', () => 'TeamX')
      .process('valid', {
        state: { waiting: map<number, number>(), current: value<{ readonly from: number; readonly score: number }>() },
        onRecord({ state, timers, time }, { value: score }) {
          state.waiting.set(time, score)
          timers.event(time)
        },
        *onTimer({ state }, { at }) {
          const before = state.current.get()
          const score = state.waiting.get(at)
          if (score === undefined) return
          state.waiting.delete(at)
          state.current.set({ from: at, score })
          if (before !== undefined) yield { window: [isoOf(before.from), isoOf(at)] as const, sum: before.score }
        },
        *onEnd({ state }) {
          const last = state.current.get()
          if (last !== undefined) yield { window: [isoOf(last.from), 'end'] as const, sum: last.score }
        },
      })
    return { valid: valid.toStream('valid', json()) }
  },
  { keyGroups: 2 },
)

for (const example of vectors.examples.filter(({ windowing }) => windowing.type === 'validity').filter(isMet)) {
  test(`example ${example.name} gives the panes of the book`, () =>
    forEachVariant(example.name, {
      pipeline: validity,
      options: { now: startsAt },
      play: async (run, pause) => {
        await playInput(example, run, pause)
        const panes = run.valid.values().map(each => ({ ...each, timing: 'onTime' as const, index: 0, onTimeIndex: 0 }))
        assert.deepEqual(sorted(panes), sorted(example.expectedPanes))
      },
    }))
}

test('every example is played, or says why not', () => {
  const unplayed = vectors.examples.filter(example => !isMet(example)).map(({ name }) => name)
  assert.deepEqual(unplayed, ['2-4'])
})
