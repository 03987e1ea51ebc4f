import type { Aggregator } from './aggregator.ts'

/**
 * The same aggregate over what an edge that combines carries: of one record what the aggregate takes of it, of more an accumulator that
 * was made before the shuffle, or for a count their number.
 */
export function merging(
  aggregator: Aggregator<unknown, unknown, unknown>,
  context: { readonly weight: number },
): Aggregator<unknown, unknown, unknown> {
  const { add, merge } = aggregator
  return {
    ...aggregator,
    add: (accumulator, value, time) =>
      context.weight === 1 ? add(accumulator, value, time) : merge(accumulator, value),
  }
}
