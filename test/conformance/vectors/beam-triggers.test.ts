import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  type Accumulation,
  days,
  globalWindow,
  json,
  milliseconds,
  type PaneRow,
  type PaneTime,
  panes,
  pipeline,
  seconds,
  session,
  type Trigger,
  tumbling,
} from '../../../shared/index.ts'
import { greatestSizeMs } from '../../../shared/windows/window.ts'
import { unmet } from './unmet.ts'
import { forEachVariant } from './variants.ts'

type Count = { readonly type: 'elementCount'; readonly atLeast: number; readonly repeat: boolean }

type ExpectedPane = {
  /** First and last second, both in it. */
  readonly window: readonly [first: number, last: number]
  readonly values?: readonly number[]
  readonly timestamp?: number
  readonly early?: boolean
  readonly late?: boolean
  readonly index?: number
  readonly nonspeculativeIndex?: number
}

type Step = {
  readonly input?: readonly number[]
  readonly watermark?: number
  readonly expect?: readonly ExpectedPane[]
  /** Looks inside the engine: the source's own checker skips it too. */
  readonly state?: unknown
}

type Transcript = {
  readonly name: string
  readonly windowing:
    | { readonly type: 'global' }
    | { readonly type: 'fixed'; readonly size: number; readonly earliestTransformedPlus?: number }
    | { readonly type: 'session'; readonly gap: number }
  readonly trigger:
    | { readonly type: 'default' }
    | Count
    | { readonly type: 'afterWatermark'; readonly early?: Count; readonly late?: Count }
  readonly timestampCombiner: 'endOfWindow' | 'earliest' | 'latest' | 'earliestTransformed'
  readonly accumulation: Accumulation
  /** Seconds; null: without limit. */
  readonly allowedLateness: number | null
  readonly steps: readonly Step[]
}

type Negative = Transcript & { readonly checkerMustReportError: string }

const file = 'beam-triggers.json'
const vectors: { readonly cases: readonly Transcript[]; readonly negative: readonly Negative[] } = JSON.parse(
  readFileSync(new URL(`../../vectors/${file}`, import.meta.url), 'utf8'),
)

/** Beam parts records one gap from each other. */
function windowsOf({ windowing }: Transcript) {
  if (windowing.type === 'global') return globalWindow()
  return windowing.type === 'fixed'
    ? tumbling(seconds(windowing.size))
    : session(seconds(windowing.gap), { atGap: 'part' })
}

/** Beam looks at triggers once it has taken a bundle: what arrives at one time here. */
const bundle = milliseconds(1)

const repeated = ({ atLeast, repeat }: Count): Trigger => ({
  records: atLeast,
  arrivalTime: bundle,
  when: 'all',
  ...(!repeat && { atMost: 1 }),
})

function timeOf({ timestampCombiner, windowing }: Transcript): PaneTime {
  switch (timestampCombiner) {
    case 'endOfWindow':
      return 'end'
    case 'earliestTransformed': {
      const plusMs = windowing.type === 'fixed' ? (windowing.earliestTransformedPlus ?? 0) * 1_000 : 0
      return time => time + plusMs
    }
    default:
      return timestampCombiner
  }
}

function panesOf(transcript: Transcript) {
  const { trigger } = transcript
  const each = { accumulation: transcript.accumulation, time: timeOf(transcript) }
  switch (trigger.type) {
    case 'default':
      return panes({ ...each, late: { arrivalTime: bundle } })
    case 'elementCount':
      return panes({ ...each, early: repeated(trigger) })
    case 'afterWatermark': {
      const { early, late } = trigger
      return panes({ ...each, ...(early && { early: repeated(early) }), ...(late && { late: repeated(late) }) })
    }
  }
}

type Element = { readonly second: number }

const pipelineOf = (transcript: Transcript) =>
  pipeline(
    'transcript',
    ({ source }) => {
      const elements = source('elements', {
        codec: json<Element>(),
        eventTime: element => element.second * 1_000,
        outOfOrder: days(100_000),
      })
      const { allowedLateness } = transcript
      const rows = elements
        .keyBy('key', () => 'key')
        .window(windowsOf(transcript))
        .allowedLateness(allowedLateness === null ? milliseconds(greatestSizeMs) : seconds(allowedLateness))
        .aggregate(
          'values',
          {
            create: () => [] as number[],
            add: (values, { second }) => [...values, second],
            merge: (values, others) => [...values, ...others],
          },
          { emit: panesOf(transcript) },
        )
      // A row's event time is the window of one millisecond that it falls into.
      const timed = rows
        .keyBy('timed', () => 'all')
        .window(tumbling(milliseconds(1)))
        .allowedLateness(milliseconds(greatestSizeMs))
        .aggregate(
          'times',
          { create: () => [] as Row[], add: (all, row) => [...all, row], merge: (all, more) => [...all, ...more] },
          { emit: panes({ early: { records: 1 }, onTime: 'changed', accumulation: 'discarding' }) },
        )
        .flatMap(({ window, value }) => value.map(row => ({ ...row, time: window.start })))
      return { rows: timed.toStream('rows', json()) }
    },
    { keyGroups: 1 },
  )

type Row = PaneRow<string, readonly number[]>
type TimedRow = Row & { readonly time: number }

/** What a pane must be like, of what a transcript writes; the rest is anything. */
type SeenPane = Required<ExpectedPane>

function seenPane({ window, value, pane, time }: TimedRow, all: readonly TimedRow[]): SeenPane {
  const before = all.filter(
    other => other.window.start === window.start && other.window.end === window.end && other.pane.index < pane.index,
  )
  return {
    window: [Math.floor(window.start / 1_000), Math.ceil(window.end / 1_000) - 1],
    values: [...value].sort((a, b) => a - b),
    timestamp: Math.floor(time / 1_000),
    early: pane.timing === 'early',
    late: pane.timing === 'late',
    index: pane.index,
    nonspeculativeIndex: before.filter(other => other.pane.timing !== 'early').length,
  }
}

function matches(expected: ExpectedPane, seen: SeenPane): boolean {
  const fields = ['window', 'values', 'timestamp', 'early', 'late', 'index', 'nonspeculativeIndex'] as const
  return fields.every(
    field => expected[field] === undefined || JSON.stringify(expected[field]) === JSON.stringify(seen[field]),
  )
}

/** Throws as the source's checker does: of what is expected and did not come, or came and is not expected. */
function check(expected: readonly ExpectedPane[], seen: readonly SeenPane[]): void {
  const left = [...seen]
  for (const pane of expected) {
    const at = left.findIndex(other => matches(pane, other))
    if (at < 0) throw new Error(`Unmatched output: ${JSON.stringify(pane)} is not among ${JSON.stringify(left)}`)
    left.splice(at, 1)
  }
  if (left.length > 0) throw new Error(`Unexpected output: ${JSON.stringify(left)}`)
}

/** Plays a transcript step by step in all variants; `verify` takes the promise that a play keeps or breaks. */
const playTranscript = (transcript: Transcript, verify: (played: Promise<void>) => Promise<void>) =>
  forEachVariant(transcript.name, {
    pipeline: pipelineOf(transcript),
    play: (run, pause) => verify(playSteps(transcript, run, pause)),
  })

type Playing = {
  readonly elements: { push(element: Element): Promise<void>; advanceTo(time: number): Promise<void> }
  readonly rows: { values(): readonly TimedRow[] }
  tick(durationMs: number): Promise<void>
}

async function playSteps({ steps }: Transcript, run: Playing, pause: () => Promise<void>): Promise<void> {
  const told = new Set<string>()
  for (const [i, { input, watermark }] of steps.entries()) {
    if (input === undefined && watermark === undefined) continue
    for (const second of input ?? []) {
      await run.elements.push({ second })
    }
    // Beam's watermark says that nothing before it is to come, ours that nothing at it is either.
    if (watermark !== undefined) await run.elements.advanceTo(watermark * 1_000 - 1)
    await run.tick(bundle)
    await pause()
    const rows = run.rows.values()
    const news = rows.filter(row => !told.has(JSON.stringify(row)))
    for (const row of news) told.add(JSON.stringify(row))
    check(
      steps[i + 1]?.expect ?? [],
      news.map(row => seenPane(row, rows)),
    )
  }
}

const isMet = ({ name }: Transcript): boolean => !unmet.some(entry => entry.file === file && entry.case === name)

for (const transcript of vectors.cases.filter(isMet)) {
  test(`transcript ${transcript.name} gives the panes of Beam`, () => playTranscript(transcript, played => played))
}

for (const transcript of vectors.negative) {
  test(`transcript ${transcript.name} is found to be wrong: ${transcript.checkerMustReportError}`, () =>
    playTranscript(transcript, played =>
      assert.rejects(played, new RegExp(`^Error: ${transcript.checkerMustReportError}`)),
    ))
}

test('every transcript is played', () => {
  assert.deepEqual(
    vectors.cases.filter(transcript => !isMet(transcript)),
    [],
  )
})

test('transcript bad_output is found to be wrong with the windows that its author meant', async () => {
  const meant = vectors.negative.find(({ name }) => name === 'bad_output')
  assert.ok(meant !== undefined)
  await playTranscript({ ...meant, windowing: { type: 'fixed', size: 10 } }, played =>
    assert.rejects(played, /^Error: Unmatched output/),
  )
})
