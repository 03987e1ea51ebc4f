import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import {
  dynamodbChanges,
  every,
  json,
  milliseconds,
  pipeline,
  type RowChange,
  seconds,
  session,
  tumbling,
  type WindowedRow,
} from '../../shared/index.ts'
import { Random } from '../codecs/random.ts'

type Value = { readonly id: string; readonly on: string; readonly n: number; readonly gone?: boolean }

const value = (id: string, n: number, on = 'x'): Value => ({ id, on, n })

test('a row that many rows name reaches all of them, in commits of any size', async () => {
  const run = drive(
    pipeline(
      'p',
      ({ source }) => {
        const lefts = source('lefts', { codec: json<Value>() }).keyBy('left', each => each.id)
        const rights = source('rights', { codec: json<Value>() }).keyBy('right', each => each.id)
        const joined = lefts.latest('left-table').joinOn(
          'joined',
          rights.latest('right-table'),
          left => left.on,
          (_left, right) => right.n,
        )
        return { joined, counts: joined.groupBy('value').count('counts') }
      },
      { keyGroups: 2 },
    ),
  )
  await run.rights.push(value('x', 1))
  await run.lefts.push(...Array.from({ length: 700 }, (_, i) => value(`left ${i}`, i)))
  assert.deepEqual(run.counts.rows(), [{ key: 1, value: 700 }])
  run.evict()
  run.crash('afterCommit')
  await run.rights.push(value('x', 2))
  assert.deepEqual(run.counts.rows(), [{ key: 2, value: 700 }])
  await run.split('joined-on')
  await run.rights.push(value('x', 3))
  await run.rights.end()
  await run.lefts.end()
  assert.deepEqual(run.counts.rows(), [{ key: 3, value: 700 }])
  assert.equal(run.joined.rows().length, 700)
})

test('rows that change once more at the end of input are updates, whatever the operators are called', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const counts = source('values', { codec: json<Value>() })
        .keyBy('id')
        .count('z-counts', { emit: every(seconds(1)) })
      return { changes: counts.changes('a-log').forEach(() => {}) }
    }),
  )
  await run.values.push(value('a', 1))
  await run.tick(seconds(2))
  await run.values.push(value('a', 2))
  await run.values.end()
  assert.deepEqual(
    run.changes.values().map(({ kind, row }) => [kind, row.value]),
    [
      ['insert', 1],
      ['updateBefore', 1],
      ['updateAfter', 2],
    ],
  )
})

test('a filtered table lets rows in and out, and those who take its rows are told', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const table = source('values', { codec: json<Value>() })
        .keyBy('id')
        .latest('table', { isDeleted: each => each.gone === true })
      const large = table.filter(row => row.value.n > 10)
      return { large, perOn: large.groupBy('on', row => row.value.on).sum('sums', row => row.value.n) }
    }),
  )
  await run.values.push(value('a', 11), value('b', 12), value('c', 5))
  assert.deepEqual(run.perOn.rows(), [{ key: 'x', value: 23 }])
  await run.values.push(value('a', 1), value('c', 50, 'y'), { ...value('b', 12), gone: true })
  assert.deepEqual(run.perOn.rows(), [{ key: 'y', value: 50 }])
  assert.deepEqual(
    run.large.rows().map(row => row.key),
    ['c'],
  )
})

test('groups of windowed rows are those of the rows in the view, also when sessions merge', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const values = source('values', { codec: json<Value>(), eventTime: each => each.n, outOfOrder: milliseconds(3) })
      const byId = values.keyBy('id')
      const late = milliseconds(20)
      const counts = byId
        .window(tumbling(milliseconds(10)))
        .allowedLateness(late)
        .count('counts', { emit: 'updates' })
      const sessions = byId
        .window(session(milliseconds(5)))
        .allowedLateness(late)
        .count('sessions', { emit: 'updates' })
      return {
        counts,
        sessions,
        greatest: counts.groupBy('end', row => row.window.end).max('greatest', row => row.value),
        perLength: sessions
          .groupBy('length', row => row.window.end - row.window.start)
          .sum('per-length', row => row.value),
      }
    }),
    { batchSize: 5 },
  )
  const random = new Random(3)
  const values = Array.from({ length: 150 }, (_, i) => value(`k${random.below(4)}`, Math.max(0, i - random.below(15))))
  for (let from = 0; from < values.length; from += 10) {
    await run.values.push(...values.slice(from, from + 10))
    if (from === 50) run.evict()
  }
  await run.values.end()
  const grouped = (
    rows: readonly WindowedRow<string, number>[],
    groupOf: (row: WindowedRow<string, number>) => number,
  ) => [...Map.groupBy(rows, groupOf)].sort(([a], [b]) => a - b)
  assert.deepEqual(
    run.greatest.rows(),
    grouped(run.counts.rows(), row => row.window.end).map(([key, rows]) => ({
      key,
      value: Math.max(...rows.map(row => row.value)),
    })),
  )
  assert.deepEqual(
    run.perLength.rows(),
    grouped(run.sessions.rows(), row => row.window.end - row.window.start).map(([key, rows]) => ({
      key,
      value: rows.reduce((sum, row) => sum + row.value, 0),
    })),
  )
  assert.ok(run.perLength.rows().length > 3)
})

test('a ranking that grows shorter takes back the ranks that it has no longer', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const best = source('values', { codec: json<Value>() })
        .keyBy('id')
        .latest('table', { isDeleted: each => each.gone === true })
        .groupBy('on', row => row.value.on)
        .count('counts')
        .top('best', 2)
      return { best, changes: best.changes('changes').forEach(() => {}) }
    }),
  )
  await run.values.push(value('a', 1, 'x'), value('b', 1, 'x'), value('c', 1, 'y'))
  await run.values.push({ ...value('c', 1, 'y'), gone: true })
  assert.deepEqual(
    run.changes.values().map(({ kind, row }) => [kind, row.rank, row.key]),
    [
      ['insert', 1, 'x'],
      ['insert', 2, 'y'],
      ['delete', 2, 'y'],
    ],
  )
})

type Item = { readonly id: string; readonly n: number }

test('changes of DynamoDB that come twice and out of order come to the items that are there', async () => {
  const run = drive(
    pipeline('p', ({ source }) => ({
      table: source('items', { codec: dynamodbChanges<Item>(), eventTime: change => change.time })
        .keyBy('item', change => change.row.id)
        .materialize('table', { by: 'eventTime' }),
    })),
  )
  const put = (time: number, id: string, n: number): RowChange<Item> => ({ kind: 'updateAfter', row: { id, n }, time })
  const remove = (time: number, id: string): RowChange<Item> => ({ kind: 'delete', row: { id, n: 0 }, time })
  await run.items.push(put(5, 'a', 2), put(1, 'a', 1), put(5, 'a', 2), remove(4, 'b'), put(3, 'b', 1), put(2, 'c', 1))
  await run.items.push(remove(6, 'c'), put(2, 'c', 1), put(7, 'd', 1), remove(7, 'd'), put(9, 'd', 2))
  assert.deepEqual(run.table.rows(), [
    { key: 'a', value: { id: 'a', n: 2 } },
    { key: 'd', value: { id: 'd', n: 2 } },
  ])
})
