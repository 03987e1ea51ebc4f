import type { KeyedStream } from '../../../shared/dsl/keyed-stream.ts'
import type { Origins } from '../../../shared/dsl/origin.ts'
import { map, value } from '../../../shared/dsl/process-state.ts'
import type { Stream } from '../../../shared/dsl/stream.ts'
import { milliseconds } from '../../../shared/model/duration.ts'
import type { Random } from '../random.ts'
import type { Fact } from './fact.ts'
import type { GrownOperator, Soil } from './grown-operators.ts'
import { deepest, groupedBy, keyOf, latestOf, type NumberTable, numbersOf, someOf, worth } from './grown-tables.ts'
import type { Branch } from './pipeline-growth.ts'

type Keyed = KeyedStream<string, Fact, Origins>

/** Two streams, or one twice, under one key. */
function meeting({ random, name, pick }: Soil) {
  const [one, other] = [pick(), pick()]
  const key = keyOf(random)
  const left: Keyed = one.stream.keyBy(`of-${name}`, key)
  const right: Keyed = one === other && random.chance(0.5) ? left : other.stream.keyBy(`of-${name}`, key)
  const text = `${name} of ${one.name} and ${other.name}`
  return { left, right, depth: deepest(one, other) + 1, text }
}

const joined = (left: Fact | undefined, right: Fact | undefined): Fact => ({
  id: (left?.id ?? 50) * 3 + (right?.id ?? 70),
  at: (left?.at ?? 5) % 1_000,
  user: left?.user ?? right?.user ?? 'nobody',
  kind: `${left?.kind ?? 'none'}/${right?.kind ?? 'none'}`.slice(0, 3),
  amount: Math.round(Math.abs((left?.amount ?? 50) - (right?.amount ?? 20))),
})

/** Numbers of one stage: the newest facts as numbers only come by a join. */
function sideOf(random: Random, keyed: Keyed, name: string): NumberTable {
  if (random.chance(0.5)) return numbersOf(random, keyed, name)
  const facts = latestOf(random, keyed, `${name}-facts`)
  const counts = numbersOf(random, keyed, `${name}-numbers`)
  return facts.joinTable(name, counts, (fact, count) => worth(fact) + Math.round(count))
}

export function growTableJoin(soil: Soil): GrownOperator {
  const { random, name, moods } = soil
  const { left, right, depth, text } = meeting(soil)
  const { check } = moods.unsteadiness
  const type = random.pick(['inner', 'left', 'full'] as const)
  const combine = (a: number | undefined, b: number | undefined): number => {
    check()
    return Math.round((a ?? 7) * 3 - (b ?? 11))
  }
  const [one, other] = [sideOf(random, left, `${name}-left`), sideOf(random, right, `${name}-right`)]
  const table = one.joinTable(name, other, combine, { type })
  const changes = table.changes(`${name}-changes`)
  const outputs = {
    [name]: table,
    [`${name}-again`]: changes.keyBy(`again-${name}`, ({ row }) => row.key).materialize(`${name}-again`),
    [`${name}-sums`]: groupedBy(
      random,
      `${name}-sums`,
      table.groupBy(`by-${name}`, row => `g${Math.abs(row.value) % 4}`),
      row => row.value,
      check,
    ),
    [`${name}-log`]: changes.forEach(() => {}),
  }
  return { text: `${text}: ${type} join of tables`, depth: depth + 1, isStale: true, outputs: someOf(random, outputs) }
}

export function growStreamTableJoin(soil: Soil): GrownOperator {
  const { random, name } = soil
  const { left, right, depth, text } = meeting(soil)
  const type = random.pick(['inner', 'left'] as const)
  const facts = left.joinTable(name, latestOf(random, right, `${name}-table`), joined, { type })
  return { text: `${text}: ${type} join with a table`, depth, facts, isStale: false }
}

export function growVersionedJoin(soil: Soil): GrownOperator {
  const { random, name, moods } = soil
  const { left, right, depth, text } = meeting(soil)
  const rest = random.between(2, 9)
  const type = random.pick(['inner', 'left'] as const)
  const options = {
    type,
    ...(random.chance(0.5) && { isDeleted: (fact: Fact) => fact.id % rest === 0 }),
    ...(random.chance(0.4) && { deletesFor: milliseconds(random.between(0, 100)) }),
    ...(random.chance(0.4) && { allowedLateness: milliseconds(random.between(0, 50)) }),
  }
  const combine = (a: Fact, b: Fact | undefined): Fact => {
    moods.unsteadiness.check()
    return joined(a, b)
  }
  const facts = random.chance(0.5)
    ? left.joinVersions(name, right, combine, options)
    : both(left.joinVersions(name, right, combine, { ...options, lateTo: 'late' }))
  return { text: `${text}: ${type} join with versions ${JSON.stringify(options)}`, depth, facts, isStale: false }
}

const both = (stream: Stream<Fact, Origins, { readonly late: Fact }>): Stream<Fact, Origins> =>
  stream.union(stream.side('late'))

/** Left rows name another right row each time that they change, or none. */
export function growForeignKey({ random, name, pick, moods }: Soil): GrownOperator {
  const [one, other] = [pick(), pick()]
  const key = keyOf(random)
  const lefts = latestOf(random, one.stream.keyBy(`left-${name}`, key), `${name}-lefts`)
  const type = random.pick(['inner', 'left'] as const)
  const nobody = random.between(2, 7)
  // A row that names another one now and then has changes in between that do not.
  const often = random.between(5, 60)
  const on = random.pick([
    (fact: Fact) => (fact.id % nobody === 0 ? undefined : `${fact.user}`),
    (fact: Fact) => `u${Math.floor(fact.id / often) % 6}`,
  ])
  const stage = random.chance(0.5) ? `left-${name}` : `right-${name}`
  const rights = numbersOf(random, other.stream.keyBy(stage, rightKey), `${name}-rights`)
  const combine = (fact: Fact, right: number | undefined): number => {
    moods.unsteadiness.check()
    return worth(fact) + Math.round((right ?? 0.5) * 100)
  }
  const table = lefts.joinOn(name, rights, on, combine, { type })
  // A table may be joined with itself: rows name rows of their own table.
  const own = lefts.joinOn(
    `${name}-own`,
    lefts,
    fact => key({ ...fact, id: fact.id + 1 }),
    (fact, right) => worth(fact) - worth(right),
  )
  const outputs = someOf(random, {
    [name]: table,
    [`${name}-sums`]: groupedBy(
      random,
      `${name}-sums`,
      table.groupBy(`by-${name}`, row => `g${row.value % 3}`),
      row => row.value,
      moods.unsteadiness.check,
    ),
    [`${name}-own`]: own,
    [`${name}-log`]: table.changes(`${name}-changes`).forEach(() => {}),
  })
  const text = `${name}: ${type} join of ${one.name} with ${other.name} by a foreign key, in "${stage}"`
  return { text, depth: deepest(one, other) + 3, isStale: true, outputs }
}

const rightKey = (fact: Fact): string => `${fact.user}`

/** A few records of a stream are told to every key group. */
function fewOf(random: Random, { stream }: Branch): Stream<Fact, Origins> {
  const rest = random.between(10, 60)
  return stream.filter(fact => fact.id % rest === 0)
}

export function growBroadcastJoin({ random, name, pick, moods }: Soil): GrownOperator {
  const [one, other] = [pick(), pick()]
  const rules = fewOf(random, other).broadcast(`of-${name}`)
  const keyed = one.stream.keyBy(`of-${name}`, keyOf(random))
  const type = random.pick(['inner', 'left'] as const)
  const rowKey = (fact: Fact): string => `${fact.kind}`
  const on = random.pick([
    { rowKey, key: rowKey },
    { rowKey },
    { rowKey, where: (a: Fact, b: Fact) => a.amount >= b.amount },
    { rowKey, key: rowKey, where: (a: Fact, b: Fact) => a.id % 2 === b.id % 2 },
  ])
  const combine = (a: Fact, b: Fact | undefined): Fact => {
    moods.unsteadiness.check()
    return joined(a, b)
  }
  const facts = keyed.joinBroadcast(name, rules, on, combine, { type })
  const text = `${name}: ${type} join of ${one.name} with a broadcast of ${other.name}, ${Object.keys(on)}`
  return { text, depth: deepest(one, other) + 1, facts, isStale: false }
}

/** Limits come by broadcast, and are held against what there is of a key at its end. */
export function growRules({ random, name, pick }: Soil): GrownOperator {
  const [one, other] = [pick(), pick()]
  const rules = fewOf(random, other).broadcast(`of-${name}`)
  const keyed = one.stream.keyBy(`of-${name}`, keyOf(random))
  const facts = keyed.processWith(name, rules, {
    state: { total: value<number>() },
    broadcastState: { limits: map<string, number>() },
    onBroadcast({ broadcast }, rule) {
      broadcast.limits.update(`${rule.kind}`, limit => Math.max(limit ?? 0, rule.amount))
    },
    onRecord({ state }, fact) {
      state.total.update(total => (total ?? 0) + worth(fact))
    },
    *onEnd({ key, state, broadcast }) {
      const total = state.total.get() ?? 0
      for (const [kind, limit] of broadcast.limits) {
        yield { id: total, at: 0, user: key, kind, amount: Math.round(limit * 10) }
      }
    },
  })
  const text = `${name}: process ${one.name} with a broadcast of ${other.name}`
  return { text, depth: deepest(one, other) + 1, facts, isStale: false }
}
