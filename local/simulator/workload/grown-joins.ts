import type { KeyedStream } from '../../../shared/dsl/keyed-stream.ts'
import type { Origins } from '../../../shared/dsl/origin.ts'
import type { Stream } from '../../../shared/dsl/stream.ts'
import { type Duration, milliseconds } from '../../../shared/model/duration.ts'
import { globalWindow, hopping, tumbling } from '../../../shared/windows/window.ts'
import type { Random } from '../random.ts'
import type { Fact } from './fact.ts'
import type { GrownOperator, Soil } from './grown-operators.ts'

type Keyed = KeyedStream<string, Fact, Origins>
type Sides = { readonly left: Keyed; readonly right: Keyed; readonly depth: number; readonly text: string }

/** Two streams, or one twice, that meet under one key. */
function meeting({ random, name, pick }: Soil): Sides {
  const [one, other] = [pick(), pick()]
  const depth = Math.max(one.depth, other.depth)
  const stage = `of-${name}`
  const by = random.chance(0.5) ? (fact: Fact) => fact.user : (fact: Fact) => `${fact.kind}${fact.id % 3}`
  const left = one.stream.keyBy(stage, by)
  const right = one === other && random.chance(0.5) ? left : other.stream.keyBy(stage, by)
  return { left, right, depth: depth + 1, text: `${name} of ${one.name} and ${other.name}` }
}

const joined = (left: Fact | undefined, right: Fact | undefined): Fact => ({
  id: (left?.id ?? 500) * 7 + (right?.id ?? 300),
  at: Math.max(left?.at ?? 0, right?.at ?? 0),
  user: left?.user ?? right?.user ?? 'nobody',
  kind: `${left?.kind ?? 'none'}/${right?.kind ?? 'none'}`.slice(0, 3),
  amount: Math.round(Math.abs((left?.amount ?? 50) - (right?.amount ?? 20))),
})

const isClose = (left: Fact, right: Fact): boolean => Math.abs(left.amount - right.amount) < 15

const span = (random: Random): Duration => milliseconds(random.pick([0, 1, random.between(2, 25)]))

export function growIntervalJoin(soil: Soil): GrownOperator {
  const { random, name } = soil
  const { left, right, depth, text } = meeting(soil)
  const where = random.chance(0.4) ? { where: isClose } : {}
  const [before, after] = [span(random), span(random)]
  const bounds = random.pick([
    { before, after },
    { before, until: (fact: Fact) => fact.at + (fact.id % 20) },
    { within: 'forever' as const, where: (a: Fact, b: Fact) => a.id % 40 === b.id % 40 },
  ])
  const options = { ...where, ...bounds }
  const type = random.pick(['inner', 'left', 'right', 'full', 'semi', 'anti'] as const)
  const facts: Stream<Fact, Origins, unknown> =
    type === 'semi' || type === 'anti'
      ? left.join(name, right, { ...options, type })
      : left.join(name, right, { ...options, type }, joined)
  return { text: `${text}: ${type} join ${JSON.stringify(options)}`, depth, facts: facts.map(same), isStale: false }
}

function fixedWindows(random: Random) {
  const size = random.between(10, 60)
  return random.pick([
    tumbling(milliseconds(size)),
    tumbling(milliseconds(size), { offset: milliseconds(random.between(0, 9)) }),
    hopping(milliseconds(size), milliseconds(Math.ceil(size / random.between(1, 3)))),
    globalWindow(),
  ])
}

export function growWindowJoin(soil: Soil): GrownOperator {
  const { random, name } = soil
  const { left, right, depth, text } = meeting(soil)
  const windows = fixedWindows(random)
  const lateness = milliseconds(random.pick([0, 0, 10]))
  const on = left.window(windows).allowedLateness(lateness)
  const type = random.pick(['inner', 'left', 'right', 'full', 'semi', 'anti'] as const)
  const isAny = windows.kind === 'global'
  const options =
    isAny || random.chance(0.5) ? { where: isAny ? (a: Fact, b: Fact) => a.id % 40 === b.id % 40 : isClose } : {}
  const facts: Stream<Fact, Origins, unknown> =
    type === 'semi' || type === 'anti'
      ? on.join(name, right, { ...options, type }).map(row => ({ ...row.value, at: row.window.end % 1_000_000 }))
      : on.join(name, right, { ...options, type }, joined).map(same)
  const what = `${type} join in ${JSON.stringify(windows)}, lateness ${lateness}, ${Object.keys(options)}`
  return { text: `${text}: ${what}`, depth, facts: facts.map(same), isStale: false }
}

export function growCoGroup(soil: Soil): GrownOperator {
  const { random, name } = soil
  const { left, right, depth, text } = meeting(soil)
  const windows = fixedWindows(random)
  const total = (facts: readonly Fact[]): number => facts.reduce((sum, fact) => sum + Math.round(fact.amount * 10), 0)
  const facts = left.window(windows).coGroup(name, right, (key, window, lefts, rights) => [
    {
      id: lefts.length * 100 + rights.length,
      at: window.end % 1_000_000,
      user: key,
      kind: `k${total(lefts) % 5}`,
      amount: total(rights) % 1_000,
    },
  ])
  return { text: `${text}: coGroup in ${JSON.stringify(windows)}`, depth, facts: facts.map(same), isStale: false }
}

/** Forgets side outputs. */
const same = (fact: Fact): Fact => fact
