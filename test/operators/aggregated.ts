import assert from 'node:assert/strict'
import { packValue, unpackValue } from '../../shared/codecs/values.ts'
import { type Aggregate, formOf } from '../../shared/dsl/aggregate.ts'
import type { Random } from '../codecs/random.ts'

export type Bid = { readonly bidder: number | string; readonly price: number }
export type Timed = { readonly value: Bid; readonly time: number }

/** Adds in runs, some of which go through bytes, and merges these in any order; no merge may change its second argument. */
export function aggregated(
  aggregate: Aggregate<Bid, unknown, unknown>,
  records: readonly Timed[],
  random: Random,
): unknown {
  const { aggregator, takes } = formOf(aggregate)
  const partOf = (value: Bid) => (takes.kind === 'part' ? takes.lift(value) : value)
  const runs: unknown[] = []
  for (let at = 0; at < records.length; ) {
    const end = at + 1 + random.below(5)
    const run = records
      .slice(at, end)
      .reduce((held, { value, time }) => aggregator.add(held, partOf(value), time), aggregator.create())
    runs.push(random.below(2) === 0 ? unpackValue(packValue(run)) : run)
    at = end
  }
  while (runs.length > 1) {
    const [into] = runs.splice(random.below(runs.length), 1)
    const [from] = runs.splice(random.below(runs.length), 1)
    const before = packValue(from)
    runs.push(aggregator.merge(into, from))
    assert.ok(packValue(from).equals(before), 'a merge leaves its second argument as it was')
  }
  return aggregator.result(aggregator.merge(aggregator.create(), runs[0] ?? aggregator.create()))
}

export const shuffled = <T>(list: readonly T[], random: Random): T[] => {
  const rest = [...list]
  return list.map(() => rest.splice(random.below(rest.length), 1)[0])
}
