import { list, map, reducing, value } from '../../../shared/dsl/process-state.ts'
import { sideOutput } from '../../../shared/dsl/side-output.ts'
import { milliseconds } from '../../../shared/model/duration.ts'
import type { Fact } from './fact.ts'
import type { GrownOperator, Soil } from './grown-operators.ts'

/** After the event times of all workloads. */
const latestMs = 1_000_000_000_000

const tenths = ({ amount }: Fact): number => Math.round(amount * 10)

/** Sums of slots of event time, kept in a map and put out by timers: what a window would do, by hand. */
export function growSlots({ random, name, pick }: Soil): GrownOperator {
  const { stream, depth, name: from } = pick()
  const ms = random.between(10, 100)
  const odd = random.between(2, 9)
  const keyed = stream.keyBy(`of-${name}`, fact => fact.kind)
  const slots = keyed.process(name, {
    state: { sums: map<number, number>(), seen: reducing((a: number, b: number) => Math.max(a, b)) },
    sides: { odd: sideOutput<Fact>() },
    onRecord({ state, timers, sides, time }, fact) {
      // Rows over everything so far come at the end of all time, where no timer can be set.
      if (time > latestMs) return
      const end = Math.floor(time / ms) * ms + ms
      state.sums.update(end, sum => (sum ?? 0) + tenths(fact))
      state.seen.add(fact.id)
      timers.event(end - 1, 'end')
      if (fact.id % odd === 0) sides.odd(fact)
    },
    *onTimer({ key, state }, { at }) {
      const sum = state.sums.get(at + 1) ?? 0
      state.sums.delete(at + 1)
      yield slotFact(key, at, sum % 1_000)
    },
    *onEnd({ key, state }) {
      yield slotFact(key, state.seen.get() ?? 0, state.sums.size)
    },
  })
  const text = `${name}: process slots of ${ms} ms of ${from}, odd ids % ${odd}`
  const facts = random.chance(0.5) ? slots : slots.union(slots.side('odd'))
  return { text, depth: depth + 1, facts: facts.map(same), isStale: false }
}

/** Everything of a key until the end, as Spark's updateStateByKey would. */
export function growTotals({ random, name, pick }: Soil): GrownOperator {
  const { stream, depth, name: from } = pick()
  const isListed = random.chance(0.5)
  const keyed = stream.keyBy(`of-${name}`, fact => fact.user)
  const facts = keyed.process(name, {
    state: { total: value<number>(), ids: list<number>() },
    onRecord({ state }, fact) {
      if (isListed) state.ids.add(fact.id)
      else state.total.update(total => (total ?? 0) + tenths(fact))
    },
    *onEnd({ key, state }) {
      const ids = [...state.ids].reduce((sum, id) => sum + id, 0)
      yield slotFact(key, ids % 1_000, (state.total.get() ?? 0) % 1_000)
    },
  })
  return { text: `${name}: process totals of ${from}`, depth: depth + 1, facts: facts.map(same), isStale: false }
}

const slotFact = (kind: string, at: number, amount: number): Fact => ({
  id: at % 10_000,
  at,
  user: 'slot',
  kind,
  amount,
})

export function growDistinctWithin({ random, name, pick }: Soil): GrownOperator {
  const { stream, depth, name: from } = pick()
  const ms = random.pick([1, random.between(2, 50), 10_000_000])
  const since = random.pick(['first', 'last'] as const)
  const keyed = stream.keyBy(`of-${name}`, fact => `${fact.kind}${fact.id % 30}`)
  const facts = keyed.distinct(name, { within: milliseconds(ms), since })
  return {
    text: `${name}: distinct within ${ms} ms of the ${since}, of ${from}`,
    depth: depth + 1,
    facts,
    isStale: false,
  }
}

export function growRebalanced({ name, pick }: Soil): GrownOperator {
  const { stream, depth, name: from } = pick()
  return { text: `${name}: rebalance ${from}`, depth: depth + 1, facts: stream.rebalance(name), isStale: false }
}

/** Forgets side outputs. */
const same = (fact: Fact): Fact => fact
