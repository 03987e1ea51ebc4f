import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endOfTime, lastEventTime } from '../../shared/model/event-time.ts'
import { type IntervalJoinSpec, intervalJoin } from '../../shared/operators/joins/interval-join.ts'
import type { JoinType } from '../../shared/operators/joins/join-types.ts'
import { Random } from '../codecs/random.ts'
import { byKey, type Item, play, randomSteps, type Step } from './join-play.ts'
import { definedIntervalJoin, type IntervalSettings, naiveIntervalJoin, pairText } from './naive-interval-join.ts'

const types: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti']

function definitionOf({ type, before, after, until, where, lateness }: IntervalSettings) {
  const isFiltering = type === 'semi' || type === 'anti'
  const spec: IntervalJoinSpec = {
    kind: 'intervalJoin',
    type,
    beforeMs: before,
    afterMs: after,
    until,
    where,
    combine: pairText,
    latenessMs: lateness,
    lateTo: { left: 'left', right: 'right' },
  }
  const definition = intervalJoin(spec)
  if (!isFiltering) return definition
  return {
    ...definition,
    create: ((name, context, outputs) =>
      definition.create(name, context, {
        ...outputs,
        push: (value, time, origin) => outputs.push(itemText(value as Item), time, origin),
      })) satisfies typeof definition.create,
  }
}

const itemText = (item: Item): string => `${item.key} ${item.id}`

const settingsOf = (random: Random, type: JoinType): IntervalSettings => ({
  type,
  before: random.pick([0, 0, random.between(1, 20)]),
  after: random.pick([0, random.between(1, 20)]),
  until: random.below(3) === 0 ? left => left.time + (left.n - 2) * 3 : undefined,
  where: random.below(2) === 0 ? (left, right) => (left.n + right.n) % 3 !== 0 : undefined,
  lateness: random.pick([0, 0, random.between(1, 15)]),
})

for (const type of types) {
  test(`a ${type} join gives what plain lists give, late records too, whatever the cuts and restarts`, () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed)
      const settings = settingsOf(random, type)
      const steps = randomSteps(random)
      const { pages, ...mine } = play(definitionOf(settings), steps, random)
      const theirs = naiveIntervalJoin(settings, steps)
      assert.deepEqual(
        { ...mine, rows: mine.rows.toSorted() },
        { ...theirs, rows: theirs.rows.toSorted() },
        `seed ${seed}`,
      )
      const undisturbed = play(definitionOf(settings), steps, undefined)
      assert.deepEqual(pages, undisturbed.pages, `seed ${seed}: what is kept`)
      assert.deepEqual(byKey(mine.rows), byKey(undisturbed.rows), `seed ${seed}: the order within a key`)
    }
  })

  test(`a ${type} join of records in time gives the pairs of its definition, in whatever order the sides come`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed)
      const settings = settingsOf(random, type)
      const items = Array.from(
        { length: 60 },
        (_, i): Item => ({
          side: random.below(2) === 0 ? 0 : 1,
          key: random.pick(['a', 'b']),
          id: `${i}`,
          n: random.below(9),
          time: random.between(0, 120),
        }),
      )
      const expected = definedIntervalJoin(settings, items).toSorted()
      assert.ok(expected.length > 0)
      for (const order of orders(items, random)) {
        const { rows, late, expired } = play(definitionOf(settings), order, random)
        assert.deepEqual(
          { rows: rows.toSorted(), late, expired },
          { rows: expected, late: 0, expired: 0 },
          `seed ${seed}`,
        )
      }
    }
  })
}

/** Sides one after the other, and both mixed with the watermark behind the records to come. */
function orders(items: readonly Item[], random: Random): Step[][] {
  const records = (list: readonly Item[]) => list.map((item): Step => ({ kind: 'record', item }))
  const end: Step = { kind: 'advance', to: endOfTime }
  const mixed = items.toSorted((a, b) => a.time - b.time)
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.max(0, i - random.below(6))
    ;[mixed[i], mixed[j]] = [mixed[j], mixed[i]]
  }
  const followed = mixed.flatMap((item, i): Step[] => {
    const rest = mixed.slice(i + 1).map(other => other.time)
    return [...records([item]), { kind: 'advance', to: Math.min(...rest, 200) - 1 }]
  })
  const [lefts, rights] = [0, 1].map(side => records(items.filter(item => item.side === side)))
  return [
    [...lefts, ...rights, end],
    [...rights, ...lefts, end],
    [...followed, end],
  ]
}

const item = (side: 0 | 1, id: string, time: number): Item => ({ side, key: 'k', id, n: 1, time })
const record = (side: 0 | 1, id: string, time: number): Step => ({ kind: 'record', item: item(side, id, time) })
const bounds = { type: 'inner', before: 5, after: 10, until: undefined, where: undefined, lateness: 0 } as const

test('both ends of the interval are in it', () => {
  const steps = [record(0, 'l', 100), ...[94, 95, 110, 111].map(time => record(1, `r${time}`, time))]
  const { rows } = play(definitionOf(bounds), [...steps, { kind: 'advance', to: endOfTime }], undefined)
  assert.deepEqual(rows, ['k l-r95@100', 'k l-r110@110'])
})

test('a record is kept until the watermark is at its last match, and no longer', () => {
  const late = (watermark: number) => {
    const steps: Step[] = [record(0, 'l', 100), { kind: 'advance', to: watermark }, record(1, 'r', 106)]
    const { pages: _, ...outcome } = play(
      definitionOf(bounds),
      [...steps, { kind: 'advance', to: endOfTime }],
      undefined,
    )
    return outcome
  }
  assert.deepEqual(late(109), { rows: ['k l-r@106'], late: 1, expired: 0, sideLeft: [], sideRight: [] })
  assert.deepEqual(late(110), { rows: [], late: 1, expired: 0, sideLeft: [], sideRight: [] })
  assert.deepEqual(late(111), { rows: [], late: 0, expired: 1, sideLeft: [], sideRight: ['r'] })
})

test('without bounds all pairs meet, and what has none goes out at the end of the input', () => {
  const forever = {
    ...bounds,
    type: 'full',
    before: Number.POSITIVE_INFINITY,
    after: Number.POSITIVE_INFINITY,
  } as const
  const steps: Step[] = [record(0, 'l', 100), { kind: 'advance', to: 1_000_000 }, record(1, 'r', 5)]
  const other: Step = { kind: 'record', item: { ...item(0, 'x', 7), key: 'other' } }
  const end: Step = { kind: 'advance', to: endOfTime }
  const { rows, late } = play(definitionOf(forever), [...steps, other, end], undefined)
  assert.deepEqual(rows, ['k l-r@100', `other x-undefined@${lastEventTime}`])
  assert.equal(late, 0)
})
