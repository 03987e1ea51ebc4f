import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  cumulating,
  days,
  hopping,
  json,
  milliseconds,
  pipeline,
  session,
  tumbling,
  type Window,
} from '../../../shared/index.ts'
import type { WindowAssigner } from '../../../shared/windows/window.ts'
import { forEachVariant } from './variants.ts'

type Bid = { readonly bidTime: string; readonly price: number; readonly item: string }
type Span = readonly [start: string, end: string]
type Windowing =
  | { readonly type: 'tumble'; readonly sizeMs: number; readonly offsetMs?: number }
  | { readonly type: 'hop'; readonly sizeMs: number; readonly slideMs: number }
  | {
      readonly type: 'cumulate'
      readonly maxSizeMs: number
      readonly stepMs: number
      readonly emitOnlyOnUpdate?: boolean
    }
  | { readonly type: 'session'; readonly gapMs: number; readonly key: 'item' | null }

type Case = {
  readonly name: string
  readonly input: 'bids' | 'sessionBids'
  readonly window: Windowing
  readonly expected: readonly { readonly window: Span; readonly sum: number; readonly item?: string }[]
  readonly assignment?: readonly { readonly item: string; readonly windows: readonly Span[] }[]
}

type Vectors = {
  readonly inputs: Readonly<Record<Case['input'], readonly Bid[]>>
  readonly cases: readonly Case[]
  readonly offsetAssignment: {
    readonly timestamp: string
    readonly window: { readonly sizeMs: number }
    readonly expected: readonly { readonly offsetMs: number; readonly window: Span }[]
  }
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('../../vectors/flink-windows.json', import.meta.url), 'utf8'))

function windowsOf(windowing: Windowing): WindowAssigner {
  switch (windowing.type) {
    case 'tumble':
      return tumbling(milliseconds(windowing.sizeMs), { offset: windowing.offsetMs ?? 0 })
    case 'hop':
      return hopping(milliseconds(windowing.sizeMs), milliseconds(windowing.slideMs))
    case 'cumulate':
      return cumulating(milliseconds(windowing.maxSizeMs), milliseconds(windowing.stepMs), {
        unchanged: windowing.emitOnlyOnUpdate === true ? 'skip' : 'emit',
      })
    case 'session':
      return session(milliseconds(windowing.gapMs))
  }
}

/** Sums over everything and by item, and the windows of each item. Only `end` moves the watermark. */
const summed = (windows: WindowAssigner) =>
  pipeline(
    'flink',
    ({ source }) => {
      const bids = source('bids', {
        codec: json<Bid>(),
        eventTime: bid => Date.parse(bid.bidTime),
        outOfOrder: days(10_000),
      })
      const byItem = bids.keyBy('item').window(windows)
      return {
        sums: bids
          .keyBy('all', () => 'all')
          .window(windows)
          .sum('sums', bid => bid.price),
        sumsByItem: byItem.sum('sums-by-item', bid => bid.price),
        counts: byItem.count('counts'),
      }
    },
    { keyGroups: 4 },
  )

const spanOf = ({ start, end }: Window): Span => [new Date(start).toISOString(), new Date(end).toISOString()]
const asSet = (rows: readonly unknown[]) => rows.map(row => JSON.stringify(row)).sort()

for (const { name, input, window, expected, assignment } of vectors.cases) {
  test(`Flink’s ${name} gives its rows`, async () => {
    await forEachVariant(name, {
      pipeline: summed(windowsOf(window)),
      play: async (run, pause) => {
        for (const bid of vectors.inputs[input]) {
          await run.bids.push(bid)
          await pause()
        }
        await run.bids.end()
        const isByItem = window.type === 'session' && window.key === 'item'
        const rows = isByItem
          ? run.sumsByItem.rows().map(row => ({ window: spanOf(row.window), item: row.key, sum: row.value }))
          : run.sums.rows().map(row => ({ window: spanOf(row.window), sum: row.value }))
        assert.deepEqual(asSet(rows), asSet(expected))
        const assigned = (assignment ?? []).flatMap(({ item, windows }) => windows.map(span => [item, span]))
        if (assigned.length > 0) {
          assert.deepEqual(asSet(run.counts.rows().map(row => [row.key, spanOf(row.window)])), asSet(assigned))
        }
      },
    })
  })
}

const { timestamp, window, expected } = vectors.offsetAssignment
for (const { offsetMs, window: span } of expected) {
  test(`Flink’s window at an offset of ${offsetMs} ms holds its record`, async () => {
    await forEachVariant(`offset ${offsetMs}`, {
      pipeline: summed(tumbling(milliseconds(window.sizeMs), { offset: offsetMs })),
      play: async (run, pause) => {
        await run.bids.push({ bidTime: timestamp, price: 1, item: 'A' })
        await pause()
        await run.bids.end()
        assert.deepEqual(
          run.sums.rows().map(row => spanOf(row.window)),
          [span],
        )
      },
    })
  })
}

test('there are as many cases as the file is known to have', () => {
  assert.deepEqual([vectors.cases.length, expected.length], [7, 7])
})
