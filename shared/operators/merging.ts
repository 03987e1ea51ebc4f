import type { Aggregator } from './aggregator.ts'

/** The same aggregate over accumulators, or for a count over numbers of records, that were made before the shuffle. */
export function merging(aggregator: Aggregator<unknown, unknown, unknown>): Aggregator<unknown, unknown, unknown> {
  return { ...aggregator, add: (accumulator, partial) => aggregator.merge(accumulator, partial) }
}
