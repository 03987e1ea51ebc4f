import { json } from '../../../shared/codecs/json.ts'
import type { GroupedTable } from '../../../shared/dsl/grouped-table.ts'
import type { KeyedStream } from '../../../shared/dsl/keyed-stream.ts'
import type { Origins } from '../../../shared/dsl/origin.ts'
import type { Outputs } from '../../../shared/dsl/pipeline.ts'
import type { KeyedRow } from '../../../shared/dsl/rows.ts'
import type { Results } from '../../../shared/dsl/stream.ts'
import { milliseconds } from '../../../shared/model/duration.ts'
import type { Key } from '../../../shared/model/key.ts'
import type { Random } from '../random.ts'
import { type AnyRow, type Fact, factOf } from './fact.ts'
import { growAggregate } from './grown-aggregate.ts'
import type { GrownOperator, Soil } from './grown-operators.ts'
import type { Branch } from './pipeline-growth.ts'

export type FactTable = Results<KeyedRow<string, Fact>, Origins, unknown>
export type NumberTable = Results<KeyedRow<string, number>, Origins, unknown>

export const keyOf = (random: Random): ((fact: Fact) => string) => {
  const rest = random.between(1, 12)
  return random.pick([
    (fact: Fact) => `${fact.user}`,
    (fact: Fact) => `${fact.kind}`,
    (fact: Fact) => `${fact.kind}${fact.id % rest}`,
  ])
}

/** The newest facts of a stream by a key, some of which take their row away. */
export function latestOf(random: Random, keyed: KeyedStream<string, Fact, Origins>, name: string): FactTable {
  const rest = random.between(2, 9)
  const isDeleted = (fact: Fact): boolean => fact.id % rest === 0
  return keyed.latest(name, {
    by: random.chance(0.25) ? 'arrival' : 'eventTime',
    ...(random.chance(0.6) && { isDeleted }),
    ...(random.chance(0.4) && { deletesFor: milliseconds(random.between(0, 100)) }),
  })
}

/** A table of numbers that change, several rows to a stage. */
export function numbersOf(random: Random, keyed: KeyedStream<string, Fact, Origins>, name: string): NumberTable {
  switch (random.below(4)) {
    case 0:
      return keyed.count(name)
    case 1:
      return keyed.max(name, fact => fact.amount)
    case 2:
      return keyed.sum(name, fact => fact.amount, { emit: random.pick(['updates', 'final']) })
    default:
      return keyed.average(name, fact => fact.amount).filter(row => Math.round(row.value) % 4 !== 1)
  }
}

/** A value of a fact that JSON keeps. */
export const worth = ({ amount, id }: Fact): number => Math.round(amount * 10) + (id % 7)

type Grouped<Row> = GroupedTable<Key, Row, Origins>

/** Any aggregate of grouped rows. */
export function groupedBy<Row>(
  random: Random,
  name: string,
  grouped: Grouped<Row>,
  of: (row: Row) => number,
  check: () => void,
): Results<KeyedRow<Key, number>, Origins> {
  const checked = (row: Row): number => {
    check()
    return of(row)
  }
  switch (random.below(6)) {
    case 0:
      return grouped.count(name)
    case 1:
      return grouped.sum(name, of)
    case 2:
      return grouped.average(name, of)
    case 3:
      return grouped.min(name, of)
    case 4:
      return grouped.max(name, checked)
    default:
      return grouped.aggregate(name, {
        create: () => ({ rows: 0, halves: 0 }),
        add: (all, row) => ({ rows: all.rows + 1, halves: all.halves + Math.round(checked(row) / 2) }),
        subtract: (all, row) => ({ rows: all.rows - 1, halves: all.halves - Math.round(of(row) / 2) }),
        result: ({ rows, halves }) => rows * 1_000 + (halves % 1_000),
      })
  }
}

const tensOf = (row: { readonly value: number }): string => `g${Math.abs(Math.round(row.value / 3)) % 5}`

/** Rows of any aggregate, grouped by what they are now, up to three times over. */
export function growRegrouped({ random, name, pick, moods }: Soil): GrownOperator {
  const branch = pick()
  const grown = growAggregate(random, branch, `${name}-of`, moods)
  const kept = random.chance(0.3) ? grown.rows.filter(row => Math.round(row.value) % 3 !== 0) : grown.rows
  const { check } = moods.unsteadiness
  const first: Grouped<AnyRow> = kept.groupBy(`by-${name}`, tensOf)
  let rows = groupedBy(random, name, first, row => row.value, check)
  const outputs: Record<string, Outputs[string]> = { [`${name}-0`]: rows }
  const times = random.below(3)
  for (let i = 1; i <= times; i++) {
    rows = groupedBy(random, `${name}-${i}`, rows.groupBy(`by-${name}-${i}`, tensOf), row => row.value, check)
    outputs[`${name}-${i}`] = rows
  }
  if (random.chance(0.3)) outputs[`${name}-top`] = rows.top(`${name}-top`, random.between(1, 4))
  return {
    text: `${name}: of ${branch.name} ${grown.text}, rows grouped ${times + 1} times`,
    depth: branch.depth + 2,
    facts: rows.map(factOf),
    isStale: true,
    outputs,
  }
}

/** A table of the newest facts, its changes, and a table of those again. */
export function growLatest({ random, name, pick, moods }: Soil): GrownOperator {
  const branch = pick()
  const newest = latestOf(random, branch.stream.keyBy(`of-${name}`, keyOf(random)), name)
  const rest = random.between(2, 5)
  const table = random.chance(0.4) ? newest.filter(row => row.value.id % rest !== 1) : newest
  const changes = table.changes(`${name}-changes`)
  const isRetract = random.chance(0.5)
  const again = isRetract
    ? changes
        .keyBy(`again-${name}`, change => `${change.row.value.user}`)
        .materialize(`${name}-again`, { mode: 'retract' })
    : changes.keyBy(`again-${name}`, change => change.row.key).materialize(`${name}-again`)
  const sums = groupedBy(
    random,
    `${name}-sums`,
    table.groupBy(`by-${name}`, row => `${row.value.kind}`),
    row => worth(row.value),
    moods.unsteadiness.check,
  )
  return {
    text: `${name}: latest of ${branch.name}, changes, materialized by ${isRetract ? 'retract' : 'upsert'}, sums`,
    depth: branch.depth + 2,
    isStale: true,
    outputs: someOf(random, {
      [name]: table,
      [`${name}-log`]: random.chance(0.5) ? changes.toStream(`${name}-log-stream`, json()) : changes.forEach(() => {}),
      [`${name}-again`]: again,
      [`${name}-sums`]: sums,
    }),
  }
}

/** The changes of rows of any aggregate, windows that are final and sessions that merge among them. */
export function growChanges({ random, name, pick, moods }: Soil): GrownOperator {
  const branch = pick()
  const grown = growAggregate(random, branch, `${name}-of`, moods)
  const changes = grown.rows.changes(name)
  const text = `${name}: changes of ${branch.name} ${grown.text}`
  const outputs = { [`${name}-log`]: changes.toFiles(json()), [`${name}-rows`]: grown.rows }
  const grownToo = { text, depth: branch.depth + 1, isStale: false, outputs }
  if (grown.isStale || grown.mayMerge) return grownToo
  return { ...grownToo, facts: changes.map(({ kind, row }) => ({ ...factOf(row), kind })) }
}

/** One at least. */
export function someOf(
  random: Random,
  outputs: Readonly<Record<string, Outputs[string]>>,
): Record<string, Outputs[string]> {
  const entries = Object.entries(outputs)
  const some = entries.filter(() => random.chance(0.6))
  return Object.fromEntries(some.length > 0 ? some : entries.slice(0, 1))
}

export const deepest = (...branches: readonly Branch[]): number => Math.max(...branches.map(({ depth }) => depth))
