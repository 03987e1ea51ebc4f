import type { CombineSpec } from '../emit/combiner.ts'
import { gridOf } from '../windows/assign.ts'
import { greatestCommonDivisor, isFixed } from '../windows/window.ts'
import type { AggregateNode, Node } from './graph.ts'
import type { Shipping } from './plan.ts'

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

/** Windows that follow the records need each of them, as panes do; and late records go to a side output one by one. */
const mayCombine = (node: AggregateNode): boolean =>
  node.combines &&
  (node.windows === undefined || isFixed(node.windows)) &&
  node.emission.kind !== 'panes' &&
  node.lateTo === undefined

/** The largest slices that no window of any aggregate cuts. */
function commonSlices(aggregates: readonly AggregateNode[]): CombineSpec['slices'] {
  let common: { sizeMs: number; offsetMs: number } | undefined
  for (const { windows } of aggregates) {
    const grid = windows !== undefined && isFixed(windows) ? gridOf(windows) : undefined
    if (grid === undefined) continue
    const { sizeMs: sliceMs, offsetMs } = grid
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
