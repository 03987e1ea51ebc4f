import type { CombineSpec } from '../emit/combiner.ts'
import { greatestCommonDivisor } from '../windows/window.ts'
import type { AggregateNode, Node } from './graph.ts'
import type { Shipping } from './plan.ts'

/** Aggregates that are associative and run no function of the user's but the one that takes a part of the value. */
const associative = new Set(['count', 'sum', 'min', 'max', 'average'])

/** How an edge is combined before the shuffle; undefined when one of its takers needs each record. */
export function combinedShipping(takers: readonly Node[]): Extract<Shipping, { kind: 'combined' }> | undefined {
  const aggregates = takers.filter(taker => taker.kind === 'aggregate')
  if (aggregates.length === 0 || aggregates.length !== takers.length || !aggregates.every(mayCombine)) return undefined
  const parts = aggregates.flatMap(({ name, takes, aggregator }) =>
    takes.kind === 'part' ? [{ by: name, lift: takes.lift, aggregator }] : [],
  )
  return { kind: 'combined', parts, slices: commonSlices(aggregates) }
}

export const combineSpecOf = (ships: Shipping): CombineSpec | undefined =>
  ships.kind === 'combined'
    ? { aggregators: ships.parts.map(part => part.aggregator), slices: ships.slices }
    : undefined

/** Sessions need each record's time, and late records go to a side output one by one. */
const mayCombine = (node: AggregateNode): boolean =>
  associative.has(node.function) && node.windows?.kind !== 'session' && node.lateTo === undefined

/** The largest slices that no window of any aggregate cuts. */
function commonSlices(aggregates: readonly AggregateNode[]): CombineSpec['slices'] {
  let common: { sizeMs: number; offsetMs: number } | undefined
  for (const { windows } of aggregates) {
    if (windows === undefined || windows.kind === 'session' || windows.kind === 'global') continue
    const { sliceMs, offsetMs } = windows
    if (common === undefined) {
      common = { sizeMs: sliceMs, offsetMs }
    } else {
      const apart = Math.abs(common.offsetMs - offsetMs)
      const sizeMs = greatestCommonDivisor(greatestCommonDivisor(common.sizeMs, sliceMs), apart)
      common = { sizeMs, offsetMs: offsetMs % sizeMs }
    }
  }
  return common
}
