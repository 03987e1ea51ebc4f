import assert from 'node:assert/strict'
import { test } from 'node:test'
import { milliseconds, tumbling } from '../../shared/index.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import { latestDefinition } from '../../shared/operators/tables/latest.ts'
import { retractTableDefinition } from '../../shared/operators/tables/retract-table.ts'
import { type Change, changesDefinition } from '../../shared/operators/tables/table-changes.ts'
import { Random } from '../codecs/random.ts'
import { refOf } from './harness.ts'
import { commit, end, type Playing, playing, playRows, rowsOf, seeds, unwindowed } from './table-play.ts'

const keys = ['a', 'b', 'c', 'd', 'e']
type Value = { readonly n: number; readonly gone?: boolean }

const latest = (by: 'eventTime' | 'arrival', deletesForMs = 1_000_000) =>
  latestDefinition(
    {
      kind: 'latest',
      by,
      isDeleted: (value: Value) => value.gone === true,
      rowOf: undefined,
      isIgnored: undefined,
      deletesForMs,
    },
    'some time',
  )

/** Random values out of order, a delete among five. Answers what came, in order. */
function playLatest(play: Playing, random: Random) {
  const came: { key: string; value: Value; time: number }[] = []
  let now = 100
  for (let i = 0; i < 120; i++) {
    now += random.below(5)
    const key = random.pick(keys)
    const time = now - random.below(40)
    const value = { n: i, ...(random.below(5) === 0 && { gone: true }) }
    came.push({ key, value, time })
    play.harness.process(key, value, time)
    if (random.below(6) === 0) play.harness.advance(now - random.between(0, 30))
    if (random.below(6) === 0) commit(play, random)
  }
  return came
}

test('latest by event time is the value with the greatest time, of equal times the one that came last', () => {
  for (const seed of seeds) {
    const random = new Random(seed)
    const play = playing(latest('eventTime'))
    const came = playLatest(play, random)
    const newest = new Map<string, (typeof came)[number]>()
    for (const each of came) if (each.time >= (newest.get(each.key)?.time ?? 0)) newest.set(each.key, each)
    const expected = [...newest.values()].filter(({ value }) => value.gone !== true)
    const rows = expected.map(({ key, value }) => [key, { key, value }] as const)
    assert.deepEqual([...rowsOf(play.out)], rows.toSorted(byKey), `seed ${seed}`)
    end(play, random)
    assert.deepEqual([...rowsOf(play.out)], rows.toSorted(byKey), `seed ${seed} after the end`)
    assert.ok(play.harness.isEmpty)
  }
})

test('latest by arrival is the value that came last, and keeps nothing of a delete', () => {
  for (const seed of seeds) {
    const random = new Random(seed)
    const play = playing(latest('arrival'))
    const came = playLatest(play, random)
    const last = new Map(came.map(({ key, value }) => [key, value]))
    const expected = [...last].filter(([, value]) => value.gone !== true)
    assert.deepEqual(
      [...rowsOf(play.out)],
      expected.map(([key, value]) => [key, { key, value }] as const).toSorted(byKey),
      `seed ${seed}`,
    )
    play.harness.commit()
    assert.equal(play.harness.operator.stores[0].entries(0)?.ids.length ?? 0, expected.length)
    end(play, random)
    assert.ok(play.harness.isEmpty)
  }
})

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1)

test('a delete is remembered for the time asked for, then its state goes', () => {
  const { harness, out } = playing(latest('eventTime', 10))
  harness.process('a', { n: 1, gone: true }, 100)
  harness.process('a', { n: 2 }, 90)
  assert.deepEqual(out, [], 'it is older than the delete')
  harness.advance(109)
  harness.process('a', { n: 3 }, 99)
  assert.deepEqual(out, [])
  assert.equal(harness.isEmpty, false)
  harness.commit()
  harness.restart()
  harness.advance(110)
  assert.ok(harness.isEmpty)
  harness.process('a', { n: 4 }, 99)
  assert.deepEqual(rowsOf(out).get('a'), { key: 'a', value: { n: 4 } })
  assert.deepEqual(harness.tallies, { late: 2, expired: 0 })
})

test('changes make the table again when they are applied one by one', () => {
  for (const seed of seeds) {
    const random = new Random(seed)
    const play = playing(changesDefinition({ kind: 'changes', rows: unwindowed }))
    const table = new Map<string, unknown>()
    let seen = 0
    const rows = playRows(
      play,
      random,
      key => ({ key, value: random.below(3) }),
      now => {
        for (const { value } of play.out.slice(seen)) applyChange(table, value as Change<{ key: string }>)
        seen = play.out.length
        assert.deepEqual(new Map([...table].sort()), new Map([...now].sort()), `seed ${seed}`)
      },
    )
    assert.ok(rows.size > 0)
    end(play, random)
    assert.equal(play.out.length, seen, 'the end of input is no change')
    assert.ok(play.harness.isEmpty)
  }
})

/** Holds the changelog to its word: what it takes back was there, what it inserts was not, and an update changes something. */
function applyChange(table: Map<string, unknown>, { kind, row }: Change<{ key: string }>): void {
  if (kind === 'insert') assert.equal(table.has(row.key), false)
  if (kind === 'delete' || kind === 'updateBefore') assert.deepEqual(table.get(row.key), row)
  if (kind === 'updateAfter') assert.equal(table.has(row.key), true)
  if (kind === 'updateAfter') assert.notDeepEqual(table.get(row.key), row)
  if (kind === 'delete') table.delete(row.key)
  else table.set(row.key, row)
}

test('changes of rows that are changed in place afterwards are as they were', () => {
  const { harness, out } = playing(changesDefinition({ kind: 'changes', rows: unwindowed }))
  const list = [1]
  harness.process('a', { key: 'a', value: list }, 1)
  list.push(2)
  harness.process('a', { key: 'a', value: list }, 2)
  assert.deepEqual(
    out.map(({ value }) => value),
    [
      { kind: 'insert', row: { key: 'a', value: [1] } },
      { kind: 'updateBefore', row: { key: 'a', value: [1] } },
      { kind: 'updateAfter', row: { key: 'a', value: [1, 2] } },
    ],
  )
})

test('rows of a window are kept until it has closed, those that never change not at all', () => {
  const windows = tumbling(milliseconds(10))
  const row = (value: number) => ({ key: 'a', window: { start: 0, end: 10 }, value })
  const ref = { group: 0, id: `0:10/${refOf('a').id}` }
  const updates = playing(changesDefinition({ kind: 'changes', rows: { updates: true, windows, latenessMs: 5 } }))
  updates.harness.operator.process(ref, row(1), 9, 0)
  updates.harness.commit()
  updates.harness.advance(14)
  assert.equal(updates.harness.isEmpty, false)
  updates.harness.operator.process(ref, row(2), 9, 0)
  assert.deepEqual(
    updates.out.map(({ value }) => (value as Change<unknown>).kind),
    ['insert', 'updateBefore', 'updateAfter'],
  )
  updates.harness.commit()
  updates.harness.restart()
  updates.harness.advance(15)
  assert.ok(updates.harness.isEmpty)
  const final = playing(changesDefinition({ kind: 'changes', rows: { updates: false, windows, latenessMs: 0 } }))
  final.harness.operator.process(ref, row(1), 9, 0)
  assert.equal(final.out.length, 1)
  assert.ok(final.harness.isEmpty)
})

test('rows that go out with the commit at the end of input still know what they were', () => {
  const { harness, out } = playing(changesDefinition({ kind: 'changes', rows: unwindowed }))
  harness.process('a', { key: 'a', value: 1 }, 1)
  harness.commit()
  harness.advance(endOfTime)
  harness.process('a', { key: 'a', value: 2 }, 2)
  harness.process('a', { key: 'a', value: 3 }, 2)
  harness.commit()
  assert.deepEqual(
    out.map(({ value }) => (value as Change<{ value: number }>).row.value),
    [1, 1, 2, 2, 3],
  )
  assert.ok(harness.isEmpty)
  harness.process('a', { key: 'a', value: 4 }, 2)
  const asInAnother = { kind: 'insert', row: { key: 'a', value: 4 } }
  assert.deepEqual(out.at(-1)?.value, asInAnother, 'as in an environment that was not there')
})

test('a table of retractions has the last row that was not taken back, whatever order two writers come in', () => {
  for (const seed of seeds) {
    const random = new Random(seed)
    const play = playing(retractTableDefinition())
    // Two rows, each with its own changes in order, under one key.
    const scripts = [0, 1].map(row => scriptOf(random, row))
    const left = new Map<number, unknown>()
    const order: unknown[] = []
    while (scripts.some(script => script.length > 0)) {
      const at = random.below(2)
      const change = scripts[at].shift()
      if (change === undefined) continue
      const isAdded = change.kind === 'insert' || change.kind === 'updateAfter'
      if (isAdded) left.set(at, change.row)
      else left.delete(at)
      order.push(change.row)
      play.harness.process('k', change, 1)
      if (random.below(3) === 0) commit(play, random)
    }
    end(play, random)
    const last = order.findLast(row => [...left.values()].includes(row))
    assert.deepEqual(
      rowsOf(play.out),
      new Map(last === undefined ? [] : [['k', { key: 'k', value: last }]]),
      `seed ${seed}`,
    )
    assert.ok(play.harness.isEmpty)
  }
})

function scriptOf(random: Random, row: number): Change<string>[] {
  const states = Array.from({ length: 1 + random.below(3) }, (_, i) => `row ${row} state ${i}`)
  const changes: Change<string>[] = [{ kind: 'insert', row: states[0] }]
  for (let i = 1; i < states.length; i++) {
    changes.push({ kind: 'updateBefore', row: states[i - 1] }, { kind: 'updateAfter', row: states[i] })
  }
  const last = states.at(-1)
  if (last !== undefined && random.below(2) === 0) changes.push({ kind: 'delete', row: last })
  return changes
}
