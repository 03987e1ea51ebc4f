import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  days,
  hopping,
  json,
  milliseconds,
  pipeline,
  session,
  sliding,
  tumbling,
  type Window,
} from '../../../shared/index.ts'
import type { WindowAssigner } from '../../../shared/windows/window.ts'
import { forEachVariant } from './variants.ts'

type Hit = { readonly key: string; readonly ts: number }
type Result = {
  readonly key: string
  readonly window: readonly [start: number, end: number]
  readonly count: number
  readonly ts: number
}
type Windowing = { readonly graceMs: number } & (
  | { readonly type: 'tumbling'; readonly sizeMs: number }
  | { readonly type: 'hopping'; readonly sizeMs: number; readonly advanceMs: number }
  | { readonly type: 'session'; readonly gapMs: number }
  | { readonly type: 'sliding'; readonly timeDifferenceMs: number }
)
type Case = {
  readonly name: string
  readonly weight: 'full' | 'optional' | 'history'
  readonly window: Windowing
  readonly records: readonly Hit[]
  readonly final: readonly Result[]
  /** `count` null says that the row is gone. */
  readonly updates?: readonly (Omit<Result, 'count'> & { readonly count: number | null })[]
  readonly droppedRecords?: readonly number[]
  readonly finalUnderPresentRule?: readonly Result[]
}
type Vectors = {
  readonly cases: readonly Case[]
  readonly gapEquality: {
    readonly gapMs: number
    readonly recordTimes: readonly number[]
    readonly answers: readonly { readonly engine: string; readonly merges: boolean }[]
    readonly oneLess: { readonly recordTimes: readonly number[] }
    readonly oneMore: { readonly recordTimes: readonly number[] }
  }
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('../../vectors/kafka-windows.json', import.meta.url), 'utf8'))

function windowsOf(windowing: Windowing): WindowAssigner {
  switch (windowing.type) {
    case 'tumbling':
      return tumbling(milliseconds(windowing.sizeMs))
    case 'hopping':
      return hopping(milliseconds(windowing.sizeMs), milliseconds(windowing.advanceMs))
    case 'session':
      return session(milliseconds(windowing.gapMs))
    case 'sliding':
      return sliding(milliseconds(windowing.timeDifferenceMs))
  }
}

/** A count, and the highest time of a record. */
const counting = {
  create: () => ({ count: 0, ts: Number.NEGATIVE_INFINITY }),
  add: ({ count, ts }: Counted, hit: Hit): Counted => ({ count: count + 1, ts: Math.max(ts, hit.ts) }),
  merge: (a: Counted, b: Counted): Counted => ({ count: a.count + b.count, ts: Math.max(a.ts, b.ts) }),
}
type Counted = { readonly count: number; readonly ts: number }

/** Kafka makes no windows that begin before its time: a filter leaves them out. Only `advanceTo` moves the watermark. */
const counted = (windowing: Windowing, emit: 'final' | 'updates') =>
  pipeline(
    'kafka',
    ({ source }) => {
      const hits = source('hits', { codec: json<Hit>(), eventTime: hit => hit.ts, outOfOrder: days(1) })
      const counts = hits
        .keyBy('key')
        .window(windowsOf(windowing))
        .allowedLateness(milliseconds(windowing.graceMs))
        .lateTo('dropped')
        .aggregate('counts', counting, { emit })
      const late = counts.side('dropped')
      return { counts: counts.filter(row => row.window.start >= 0), dropped: late.forEach(() => {}) }
    },
    { keyGroups: 4 },
  )

/** As Kafka writes a window: both ends of sessions and sliding windows are in them, and a session ends with its last record. */
function writtenAs({ type, ...windowing }: Windowing, { start, end }: Window): [number, number] {
  if (type === 'sliding') return [start, end - 1]
  return type === 'session' && 'gapMs' in windowing ? [start, end - windowing.gapMs] : [start, end]
}

const asSet = (rows: readonly unknown[]) => rows.map(row => JSON.stringify(row)).sort()

for (const vector of vectors.cases) {
  const { name, window, records, weight, droppedRecords } = vector
  // The rule before Kafka 3.0 is kept as a contrast; what the input gives now is there too.
  const final = weight === 'history' ? (vector.finalUnderPresentRule ?? []) : vector.final
  const dropped = weight === 'history' ? [] : droppedRecords
  const play = async (emit: 'final' | 'updates', updates: Case['updates']) => {
    const windowing: Windowing = window
    await forEachVariant(`${name}, ${emit}`, {
      pipeline: counted(windowing, emit),
      play: async (run, pause) => {
        const rows = () =>
          run.counts.rows().map(row => ({ key: row.key, window: writtenAs(windowing, row.window), ...row.value }))
        const seen: string[] = []
        let streamTime = Number.NEGATIVE_INFINITY
        for (const hit of records) {
          streamTime = Math.max(streamTime, hit.ts)
          await run.hits.push(hit)
          // Kafka’s stream time has come to it: nothing at or before the millisecond before it is in time.
          await run.hits.advanceTo(streamTime - 1)
          await pause()
          const state = JSON.stringify(asSet(rows()))
          if (state !== seen.at(-1)) seen.push(state)
        }
        if (dropped !== undefined) {
          assert.deepEqual(
            run.dropped.values(),
            dropped.map(position => records[position]),
          )
        }
        if (updates === undefined) assert.deepEqual(asSet(rows()), asSet(final))
        else assert.deepEqual(seen, statesOf(updates))
      },
    })
  }
  test(`Kafka’s ${name} gives its final results`, () => play('final', undefined))
  if (vector.updates !== undefined) {
    test(`Kafka’s ${name} gives its updates, one after the other`, () => play('updates', vector.updates))
  }
}

/** What a reader sees after each record: a row that goes makes room for the next in the same turn. */
function statesOf(updates: NonNullable<Case['updates']>): string[] {
  const rows = new Map<string, unknown>()
  const states: string[] = []
  for (const update of updates) {
    const name = `${update.key} ${update.window}`
    if (update.count === null) rows.delete(name)
    else rows.set(name, { key: update.key, window: update.window, count: update.count, ts: update.ts })
    if (update.count !== null) states.push(JSON.stringify(asSet([...rows.values()])))
  }
  return states
}

test('records exactly one gap apart share a session as in Kafka and Flink, or part as in Beam', async () => {
  const { gapMs, recordTimes, answers, oneLess, oneMore } = vectors.gapEquality
  assert.deepEqual(
    answers.map(({ engine, merges }) => [engine, merges]),
    [
      ['Kafka Streams', true],
      ['Flink', true],
      ['Beam', false],
    ],
  )
  for (const atGap of ['join', 'part'] as const) {
    const sessions = pipeline(
      'gaps',
      ({ source }) => {
        const hits = source('hits', { codec: json<Hit>(), eventTime: hit => hit.ts, outOfOrder: days(1) })
        return {
          counts: hits
            .keyBy('key')
            .window(session(milliseconds(gapMs), { atGap }))
            .count('counts'),
        }
      },
      { keyGroups: 4 },
    )
    for (const [times, isOne] of [
      [recordTimes, atGap === 'join'],
      [oneLess.recordTimes, true],
      [oneMore.recordTimes, false],
    ] as const) {
      await forEachVariant(`${times} ms, ${atGap}`, {
        pipeline: sessions,
        play: async (run, pause) => {
          for (const ts of times) {
            await run.hits.push({ key: 'a', ts })
            await pause()
          }
          await run.hits.end()
          const found = run.counts.rows().map(row => [row.window.start, row.window.end])
          const [first, last] = times
          const parted = times.map(time => [time, time + gapMs])
          assert.deepEqual(found, isOne ? [[first, last + gapMs]] : parted)
        },
      })
    }
  }
})

test('there are as many cases as the file is known to have', () => {
  assert.equal(vectors.cases.length, 10)
})
