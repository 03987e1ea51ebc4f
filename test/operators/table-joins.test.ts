import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamTableJoinDefinition } from '../../shared/operators/tables/stream-table-join.ts'
import type { TableJoinType } from '../../shared/operators/tables/table-join-types.ts'
import { tableTableJoinDefinition } from '../../shared/operators/tables/table-table-join.ts'
import { type VersionedJoinSpec, versionedJoinDefinition } from '../../shared/operators/tables/versioned-join.ts'
import { Random } from '../codecs/random.ts'
import { commit, end, playing, rowsOf, seeds } from './table-play.ts'

const combine = (left: unknown, right: unknown) => `${left} ${right}`
const keys = ['a', 'b', 'c']

test('a stream is joined with the table as it is when each value comes', () => {
  for (const type of ['inner', 'left'] as const) {
    for (const seed of seeds) {
      const random = new Random(seed)
      const play = playing(streamTableJoinDefinition({ kind: 'streamTableJoin', type, combine }))
      const table = new Map<string, number>()
      const expected: string[] = []
      for (let i = 0; i < 100; i++) {
        const key = random.pick(keys)
        if (random.below(2) === 0) {
          if (type === 'left' || table.has(key)) expected.push(`${i} ${table.get(key)}`)
          play.harness.process(key, i, i, 0)
        } else {
          if (random.below(3) === 0) table.delete(key)
          else table.set(key, i)
          play.harness.process(key, table.has(key) ? { key, value: i } : undefined, i, 1)
        }
        if (random.below(5) === 0) commit(play, random)
      }
      end(play, random)
      assert.deepEqual(
        play.out.map(({ value }) => value),
        expected,
        `${type} seed ${seed}`,
      )
      assert.ok(play.harness.isEmpty)
    }
  }
})

const joined: Record<TableJoinType, (left: number | undefined, right: number | undefined) => boolean> = {
  inner: (left, right) => left !== undefined && right !== undefined,
  left: left => left !== undefined,
  full: (left, right) => left !== undefined || right !== undefined,
}

for (const type of ['inner', 'left', 'full'] as const) {
  test(`two tables joined by key (${type}) are at any time the join of what they are`, () => {
    for (const seed of seeds) {
      const random = new Random(seed)
      const play = playing(tableTableJoinDefinition({ kind: 'tableTableJoin', type, combine }))
      const tables = [new Map<string, number>(), new Map<string, number>()]
      const check = () => {
        const expected = keys.flatMap(key => {
          const [left, right] = tables.map(table => table.get(key))
          return joined[type](left, right) ? [[key, { key, value: combine(left, right) }] as const] : []
        })
        assert.deepEqual(rowsOf(play.out), new Map(expected), `seed ${seed}`)
      }
      for (let i = 0; i < 80; i++) {
        const key = random.pick(keys)
        const input = random.below(2)
        if (random.below(3) === 0) tables[input].delete(key)
        else tables[input].set(key, i)
        play.harness.process(key, tables[input].has(key) ? { key, value: i } : undefined, i, input)
        check()
        if (random.below(5) === 0) commit(play, random)
      }
      end(play, random)
      check()
      assert.ok(play.harness.isEmpty)
    }
  })
}

const versioned = (spec: Partial<VersionedJoinSpec>) =>
  versionedJoinDefinition(
    {
      kind: 'versionedJoin',
      type: 'left',
      combine,
      isDeleted: (version: string) => version.startsWith('gone'),
      latenessMs: 0,
      deletesForMs: 50,
      lateTo: undefined,
      ...spec,
    },
    'some time',
  )

type Event = { readonly key: string; readonly value: string; readonly time: number; readonly input: number }

/** Records and versions in the order of their times; of one key no two versions at one time. */
function eventsOf(random: Random): Event[] {
  const events: Event[] = []
  for (let time = 1; time < 120; time++) {
    const key = random.pick(keys)
    const kind = random.below(5) === 0 ? 'gone' : 'v'
    if (random.below(3) === 0) events.push({ key, value: `${kind}${time}`, time, input: 1 })
    for (let n = random.below(3); n > 0; n--)
      events.push({ key: random.pick(keys), value: `r${time}.${n}`, time, input: 0 })
  }
  return events
}

/** Event by event: the version that is not later, by looking at all of them. */
const naiveAsOf = (events: readonly Event[], type: 'inner' | 'left') =>
  events
    .filter(({ input }) => input === 0)
    .flatMap(({ key, value, time }) => {
      const versions = events.filter(each => each.input === 1 && each.key === key && each.time <= time)
      const last = versions.at(-1)?.value
      const version = last?.startsWith('gone') ? undefined : last
      return type === 'inner' && version === undefined ? [] : [`${time}: ${combine(value, version)}`]
    })
    .toSorted()

test('records are joined with the version of their time, however the two streams come', () => {
  for (const type of ['inner', 'left'] as const) {
    for (const seed of seeds) {
      const random = new Random(seed)
      const play = playing(versioned({ type }))
      const events = eventsOf(random)
      const expected = naiveAsOf(events, type)
      const outOfOrder = events.map(each => ({ each, at: each.time + random.below(20) })).sort((a, b) => a.at - b.at)
      for (const { each, at } of outOfOrder) {
        play.harness.process(each.key, each.value, each.time, each.input)
        if (random.below(6) === 0) commit(play, random)
        if (random.below(4) === 0) {
          const cut = () => random.below(2) === 0
          play.harness.advance(at - 20, cut, () => random.below(2) === 0 && play.harness.restart())
        }
      }
      end(play, random)
      assert.deepEqual(
        play.out.map(({ value, time }) => `${time}: ${value}`).toSorted(),
        expected,
        `${type} seed ${seed}`,
      )
      for (const { time, watermark } of play.out) assert.ok(time > watermark, 'nothing is late behind it')
      assert.ok(play.harness.isEmpty)
      assert.deepEqual(play.harness.tallies, { late: 0, expired: 0 })
    }
  }
})

const versionsHeld = ({ harness }: ReturnType<typeof playing>) => harness.operator.stores[1].entries(0)?.subs ?? []

test('versions are kept as long as a record may need them', () => {
  const play = playing(versioned({ latenessMs: 5 }))
  for (const time of [10, 20, 30]) play.harness.process('a', `v${time}`, time, 1)
  play.harness.advance(24)
  assert.deepEqual(versionsHeld(play), [10, 20, 30])
  play.harness.process('a', 'late', 20, 0)
  assert.equal(play.out.at(-1)?.value, 'late v20')
  play.harness.advance(25)
  assert.deepEqual(versionsHeld(play), [20, 30])
  play.harness.advance(1_000)
  assert.deepEqual(versionsHeld(play), [30])
  play.harness.process('a', 'gone', 1_001, 1)
  play.harness.advance(1_050)
  assert.deepEqual(versionsHeld(play), [1_001])
  play.harness.advance(1_051)
  assert.deepEqual(versionsHeld(play), [])
  assert.ok(play.harness.isEmpty)
})

test('a record beyond the allowed lateness goes to the side output, a late version counts for what comes after', () => {
  const play = playing(versioned({ latenessMs: 5, lateTo: 'late' }))
  const { harness, out, sides } = play
  harness.process('a', 'v10', 10, 1)
  harness.process('a', 'r12', 12, 0)
  harness.advance(15)
  harness.process('a', 'v11', 11, 1)
  harness.process('a', 'late', 12, 0)
  harness.process('a', 'expired', 10, 0)
  assert.deepEqual(
    out.map(({ value }) => value),
    ['r12 v10', 'late v11'],
  )
  assert.deepEqual(
    sides.get('late')?.map(({ value, time }) => [value, time]),
    [['expired', 10]],
  )
  assert.deepEqual(harness.tallies, { late: 2, expired: 1 })
  harness.process('a', 'v16', 16, 1)
  harness.advance(21)
  harness.process('a', 'v14', 14, 1)
  assert.deepEqual(versionsHeld(play), [16])
  assert.deepEqual(harness.tallies, { late: 2, expired: 2 }, 'a version that no record can fall into any more')
})
