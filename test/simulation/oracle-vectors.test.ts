import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { globalWindow, hopping, json, milliseconds, pipeline, session, tumbling } from 'millrace'
import type { WindowAssigner } from '../../shared/windows/window.ts'
import { evaluated, record, rowsOf } from './oracle-input.ts'

const vectorsOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'))

type Fact = { readonly at: number; readonly key: string; readonly value: number }
type Row = { readonly key: string; readonly window: { start: number; end: number }; readonly value: number }

/** No record says how far the source is: only the steps of an example do. */
const onlyAdvances = milliseconds(1_000_000_000_000)

function sums(windows: WindowAssigner, { latenessMs = 0, outOfOrder = milliseconds(0), isCount = false } = {}) {
  return pipeline('vectors', ({ source }) => {
    const facts = source('facts', { codec: json<Fact>(), eventTime: fact => fact.at, outOfOrder })
    const on = facts.keyBy('key').window(windows).allowedLateness(milliseconds(latenessMs)).lateTo('late')
    const rows = isCount ? on.count('counts') : on.sum('sums', fact => fact.value)
    return { rows, late: rows.side('late').forEach(() => {}) }
  })
}

const textsOf = (rows: readonly Row[]): string[] =>
  rows.map(({ key, window, value }) => `${key} ${window.start} ${window.end} ${value}`).sort()

const rowsIn = (...given: Parameters<typeof evaluated>): Row[] =>
  rowsOf(evaluated(...given).outputs.get('rows')) as Row[]

describe('the oracle comes to what the book "Streaming Systems" does', () => {
  const { examples, inputs } = vectorsOf('streaming-systems')
  const sizes = { fixed: true, global: true }
  for (const example of examples) {
    const { name, windowing, input, run, extraSix, trigger, accumulation, allowedLatenessMs, weight } = example
    const isTimed = trigger.type === 'default' || accumulation === 'accumulating'
    if (!(windowing.type in sizes) || !isTimed || weight !== 'full') continue
    it(`${name}, the last pane of each window`, () => {
      const windows = windowing.type === 'global' ? globalWindow() : tumbling(milliseconds(windowing.sizeMs))
      const events = inputs[input].flatMap((step: Step) => {
        if (step.only !== undefined && !extraSix) return []
        if (step.eventTime !== undefined) {
          return [record({ at: Date.parse(step.eventTime), key: 'TeamX', value: step.value })]
        }
        const isOurs = (step.run === 'all' || step.run === run) && step.watermark !== 'end'
        // Theirs is the time that nothing is to come before, ours the last time at which nothing is to come.
        return isOurs ? [{ shard: '0', watermark: Date.parse(step.watermark ?? '') - 1 }] : []
      })
      const last = new Map<string, { index: number; sum: number }>()
      for (const { window, index, sum } of example.expectedPanes) {
        const place = String(window)
        if ((last.get(place)?.index ?? -1) < index) last.set(place, { index, sum })
      }
      const seen = rowsIn(sums(windows, { latenessMs: allowedLatenessMs, outOfOrder: onlyAdvances }), events)
      const places = seen.map(({ window, value }) => [
        windowing.type === 'global'
          ? 'global'
          : [window.start, window.end].map(at => new Date(at).toISOString()).join(),
        value,
      ])
      assert.deepEqual(
        new Map(places as [string, number][]),
        new Map([...last].map(([place, { sum }]) => [place, sum])),
      )
    })
  }
})

type Step = {
  readonly only?: string
  readonly run?: string
  readonly watermark?: string
  readonly eventTime?: string
  readonly value?: number
}

describe('the oracle comes to what the Flink documentation does', () => {
  const { cases, inputs, offsetAssignment } = vectorsOf('flink-windows')
  for (const { name, input, window, expected } of cases) {
    const windows = assignerOf(window)
    if (windows === undefined) continue
    it(name, () => {
      const isKeyed = window.key === 'item'
      const bids: { bidTime: string; item: string; price: number }[] = inputs[input]
      const events = bids.map(({ bidTime, item, price }) =>
        record({ at: Date.parse(bidTime), key: isKeyed ? item : 'all', value: price }),
      )
      const told: { window: [string, string]; item?: string; sum: number }[] = expected
      assert.deepEqual(
        textsOf(rowsIn(sums(windows, { outOfOrder: onlyAdvances }), events)),
        told
          .map(row => `${isKeyed ? row.item : 'all'} ${row.window.map(at => Date.parse(at)).join(' ')} ${row.sum}`)
          .sort(),
      )
    })
  }

  it('windows with an offset begin where they should', () => {
    const { timestamp, window, expected } = offsetAssignment
    for (const { offsetMs, window: bounds } of expected) {
      if (offsetMs < 0) continue
      const windows = tumbling(milliseconds(window.sizeMs), { offset: milliseconds(offsetMs) })
      const [row] = rowsIn(sums(windows), [record({ at: Date.parse(timestamp), key: 'a', value: 1 })])
      assert.deepEqual(row.window, { start: Date.parse(bounds[0]), end: Date.parse(bounds[1]) })
    }
  })
})

function assignerOf(window: { type: string; sizeMs: number; slideMs: number; offsetMs?: number; gapMs: number }) {
  const offset = { offset: milliseconds(window.offsetMs ?? 0) }
  switch (window.type) {
    case 'tumble':
      return tumbling(milliseconds(window.sizeMs), offset)
    case 'hop':
      return hopping(milliseconds(window.sizeMs), milliseconds(window.slideMs), offset)
    case 'session':
      return session(milliseconds(window.gapMs))
    default:
      return undefined
  }
}

describe('the oracle comes to what Kafka Streams does', () => {
  const { cases, gapEquality } = vectorsOf('kafka-windows')
  for (const { name, weight, window, records, final, droppedRecords } of cases) {
    if (weight !== 'full') continue
    it(`${name}: windows that are closed, and records that are dropped`, () => {
      const { type, sizeMs, advanceMs, gapMs, graceMs } = window
      const isSession = type === 'session'
      const windows = isSession
        ? session(milliseconds(gapMs))
        : hopping(milliseconds(sizeMs), milliseconds(advanceMs ?? sizeMs))
      const facts: { key: string; ts: number }[] = records
      const events = facts.map(({ key, ts }, value) => record({ at: ts, key, value }))
      const expected = evaluated(sums(windows, { latenessMs: graceMs, isCount: true }), events)
      const streamTime = Math.max(...facts.map(fact => fact.ts))
      const rows = rowsOf(expected.outputs.get('rows')) as Row[]
      // Ours is the end of the input, where windows that are still open close too; theirs has no windows before 0.
      const closed = rows.filter(row => row.window.end <= streamTime - graceMs && row.window.start >= 0)
      const told: { key: string; window: [number, number]; count: number }[] = final
      assert.deepEqual(
        textsOf(closed),
        told.map(row => `${row.key} ${row.window[0]} ${row.window[1] + (isSession ? gapMs : 0)} ${row.count}`).sort(),
      )
      const late = expected.outputs.get('late')
      assert.deepEqual(
        late?.kind === 'values' && late.values.map(fact => (fact as Fact).value).sort((a, b) => a - b),
        droppedRecords,
      )
    })
  }

  it('records of one key exactly one gap apart share a session', () => {
    const events = gapEquality.recordTimes.map((at: number) => record({ at, key: 'a', value: 1 }))
    const windows = session(milliseconds(gapEquality.gapMs))
    assert.deepEqual(textsOf(rowsIn(sums(windows), events)), ['a 0 20 2'])
  })
})
