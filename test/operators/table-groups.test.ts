import assert from 'node:assert/strict'
import { test } from 'node:test'
import { averagingRows, countingRows, type Retracting, summingRows } from '../../shared/operators/tables/retracting.ts'
import { tableAggregateDefinition } from '../../shared/operators/tables/table-aggregate.ts'
import { tableExtremeDefinition } from '../../shared/operators/tables/table-extremes.ts'
import { type GroupChange, regroupDefinition } from '../../shared/operators/tables/table-regroup.ts'
import { Random } from '../codecs/random.ts'
import { commit, end, playing, playRows, rowsOf, seeds, unwindowed } from './table-play.ts'

type Row = { readonly key: string; readonly group: string; readonly n: number }

test('groups are told of what leaves them and what comes, so that their contents can be kept', () => {
  for (const seed of seeds) {
    const random = new Random(seed)
    const play = playing(regroupDefinition({ kind: 'regroup', rows: unwindowed, groupOf: (row: Row) => row.group }))
    const groups = new Map<string, Map<string, Row>>()
    let seen = 0
    playRows(
      play,
      random,
      key => ({ key, group: random.pick(['x', 'y']), n: random.below(3) }),
      now => {
        for (const { value } of play.out.slice(seen)) applyToGroup(groups, value as GroupChange)
        seen = play.out.length
        const contents = [...groups.values()].flatMap(group => [...group.values()])
        assert.deepEqual(contents.sort(byRowKey), [...now.values()].map(row => row as Row).sort(byRowKey))
      },
    )
    end(play, random)
    assert.ok(play.harness.isEmpty)
  }
})

const byRowKey = (a: Row, b: Row) => (a.key < b.key ? -1 : 1)

function applyToGroup(groups: Map<string, Map<string, Row>>, change: GroupChange): void {
  const [key, before, after] = [change.key as string, change.before as Row, change.after as Row]
  const group = groups.get(key) ?? new Map<string, Row>()
  groups.set(key, group)
  if (before !== undefined) {
    assert.deepEqual(group.get(before.key), before)
    group.delete(before.key)
  }
  if (after !== undefined) {
    assert.equal(after.group, key)
    group.set(after.key, after)
  }
}

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)
const listing: Retracting = {
  create: () => [],
  add: (list: number[], n: number) => [...list, n],
  subtract: (list: number[], n: number) => list.toSpliced(list.indexOf(n), 1),
  result: (list: number[]) => sorted(list).join(' '),
}

const of = (row: { readonly n: number }) => row.n
const aggregates = {
  count: tableAggregateDefinition({
    kind: 'tableAggregate',
    function: 'count',
    of: undefined,
    aggregator: countingRows,
  }),
  sum: tableAggregateDefinition({ kind: 'tableAggregate', function: 'sum', of, aggregator: summingRows }),
  average: tableAggregateDefinition({ kind: 'tableAggregate', function: 'average', of, aggregator: averagingRows }),
  aggregate: tableAggregateDefinition({ kind: 'tableAggregate', function: 'aggregate', of, aggregator: listing }),
  min: tableExtremeDefinition({ kind: 'tableExtreme', function: 'min', of }),
  max: tableExtremeDefinition({ kind: 'tableExtreme', function: 'max', of }),
}

const naive: Record<keyof typeof aggregates, (numbers: readonly number[]) => unknown> = {
  count: numbers => numbers.length,
  sum: numbers => numbers.reduce((a, b) => a + b, 0),
  average: numbers => numbers.reduce((a, b) => a + b, 0) / numbers.length,
  aggregate: numbers => sorted(numbers).join(' '),
  min: numbers => Math.min(...numbers),
  max: numbers => Math.max(...numbers),
}

for (const name of Object.keys(aggregates) as (keyof typeof aggregates)[]) {
  test(`${name} of rows that change is that of the rows that are there, as of each commit`, () => {
    for (const seed of seeds) {
      const random = new Random(seed)
      const play = playing(aggregates[name])
      const numbers = [0.5, 1, 2, -3, Number.POSITIVE_INFINITY, ...(name === 'sum' ? [Number.NaN] : [])]
      const groups = new Map<string, number[]>()
      const check = () => {
        const there = [...groups].filter(([, list]) => list.length > 0).toSorted(byKey)
        const expected = there.map(([key, list]) => [key, { key, value: naive[name](list) }])
        assert.deepEqual([...rowsOf(play.out)], expected, `seed ${seed}`)
      }
      for (let i = 0; i < 100; i++) {
        const key = random.pick(['x', 'y', 'z'])
        const list = groups.get(key) ?? []
        groups.set(key, list)
        const isLess = list.length > 0 && random.below(2) === 0
        const [before] = isLess ? list.splice(random.below(list.length), 1) : []
        const after = before === undefined || random.below(2) === 0 ? random.pick(numbers) : undefined
        if (after !== undefined) list.push(after)
        const change = {
          ...(before !== undefined && { before: { n: before } }),
          ...(after !== undefined && { after: { n: after } }),
        }
        play.harness.process(key, { key, ...change }, i)
        if (random.below(5) > 0) continue
        commit(play, random)
        check()
      }
      end(play, random)
      check()
      assert.ok(play.harness.isEmpty)
    }
  })
}

test('a group goes out at most once a commit', () => {
  for (const definition of Object.values(aggregates)) {
    const { harness, out } = playing(definition)
    for (const n of [1, 2, 3]) harness.process('x', { key: 'x', after: { n } }, n)
    harness.commit()
    assert.equal(out.length, 1)
    assert.equal(out[0].time, 3)
    harness.commit()
    assert.equal(out.length, 1)
  }
})

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1)
