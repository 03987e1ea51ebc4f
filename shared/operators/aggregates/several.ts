import type { Aggregator } from '../aggregator.ts'

export type Member = { readonly name: string; readonly aggregator: Aggregator<unknown, unknown, unknown> }

/** Several aggregates of the same records: their parts and accumulators come in the members' order, the result is an object. */
export const several = (
  members: readonly Member[],
): Aggregator<readonly unknown[], unknown[], Readonly<Record<string, unknown>>> => ({
  create: () => members.map(({ aggregator }) => aggregator.create()),
  add: (accumulators, parts, time) => {
    for (let i = 0; i < members.length; i++) {
      accumulators[i] = members[i].aggregator.add(accumulators[i], parts[i], time)
    }
    return accumulators
  },
  merge: (accumulators, others) => {
    for (let i = 0; i < members.length; i++) {
      accumulators[i] = members[i].aggregator.merge(accumulators[i], others[i])
    }
    return accumulators
  },
  ...(members.every(({ aggregator }) => aggregator.subtract !== undefined) && {
    subtract: (accumulators: unknown[], others: unknown[]) => {
      for (let i = 0; i < members.length; i++) {
        const rest = members[i].aggregator.subtract?.(accumulators[i], others[i])
        if (rest === undefined) return undefined
        accumulators[i] = rest
      }
      return accumulators
    },
  }),
  result: accumulators =>
    Object.fromEntries(members.map(({ name, aggregator }, i) => [name, aggregator.result(accumulators[i])])),
})

/** An aggregate of values, by the part that it takes of each. */
export const lifted = (
  aggregator: Aggregator<unknown, unknown, unknown>,
  lift: (value: unknown) => unknown,
): Aggregator<unknown, unknown, unknown> => ({
  ...aggregator,
  add: (accumulator, value, time) => aggregator.add(accumulator, lift(value), time),
})
