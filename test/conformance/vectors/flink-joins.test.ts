import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hours, json, milliseconds, pipeline, tumbling, type Window } from '../../../shared/index.ts'
import flink from '../../vectors/flink-windows.json' with { type: 'json' }
import { forEachVariant } from './variants.ts'

type Row = { readonly rowTime: string; readonly num: number; readonly id: string }

const { windowMs, left, right, cases } = flink.joins

const rows = { codec: json<Row>(), eventTime: (row: Row) => Date.parse(row.rowTime), outOfOrder: hours(1) }

const joined = (l: Row | undefined, r: Row | undefined, window: Window) => ({
  leftNum: l?.num ?? null,
  leftId: l?.id ?? null,
  rightNum: r?.num ?? null,
  rightId: r?.id ?? null,
  window: isoOf(window),
})

const isoOf = ({ start, end }: Window): string[] => [start, end].map(time => new Date(time).toISOString())

const joins = pipeline(
  'joins',
  ({ source }) => {
    const lefts = source('lefts', rows)
      .keyBy('num')
      .window(tumbling(milliseconds(windowMs)))
    const rights = source('rights', rows).keyBy('num')
    return {
      inner: lefts.join('inner-join', rights, {}, joined).forEach(() => {}),
      left: lefts.join('left-join', rights, { type: 'left' }, joined).forEach(() => {}),
      right: lefts.join('right-join', rights, { type: 'right' }, joined).forEach(() => {}),
      full: lefts.join('full-join', rights, { type: 'full' }, joined).forEach(() => {}),
      semi: lefts
        .join('semi-join', rights, { type: 'semi' })
        .map(({ value, window }) => ({ ...value, window: isoOf(window) }))
        .forEach(() => {}),
      anti: lefts
        .join('anti-join', rights, { type: 'anti' })
        .map(({ value, window }) => ({ ...value, window: isoOf(window) }))
        .forEach(() => {}),
    }
  },
  { keyGroups: 4 },
)

test("Flink's window joins of all types give the rows of its documentation", async () => {
  assert.deepEqual(
    cases.map(each => each.type),
    ['inner', 'left', 'right', 'full', 'semi', 'anti'],
  )
  await forEachVariant('window joins', {
    pipeline: joins,
    play: async (run, pause) => {
      for (const row of left) await run.lefts.push(row)
      await pause()
      for (const row of right) {
        await run.rights.push(row)
        await pause()
      }
      await run.lefts.end()
      await run.rights.end()
      const got = {
        inner: run.inner.values(),
        left: run.left.values(),
        right: run.right.values(),
        full: run.full.values(),
        semi: run.semi.values(),
        anti: run.anti.values(),
      }
      for (const { type, expected } of cases) {
        assert.deepEqual(sorted(typed(got, type)), sorted(expected), type)
      }
    },
  })
})

const typed = (got: Readonly<Record<string, readonly unknown[]>>, type: string): readonly unknown[] => got[type]

const sorted = (list: readonly unknown[]): unknown[] =>
  list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
