import type { Loose } from '../../model/loose.ts'
import { type ExactSum, summing } from '../exact-sum.ts'

/**
 * How rows become one value, and how a row that is gone, or was another before, is taken out again. `subtract` gets only what `add`
 * got before. Both may change the accumulator and return it; it is plain data.
 */
export type Retracting = {
  create(): unknown
  add: Loose<[accumulator: unknown, part: unknown], unknown>
  subtract: Loose<[accumulator: unknown, part: unknown], unknown>
  result: Loose<[accumulator: unknown], unknown>
}

export const countingRows: Retracting = {
  create: () => 0,
  add: (count: number) => count + 1,
  subtract: (count: number) => count - 1,
  result: count => count,
}

/** A sum that can be taken apart again: what is not finite would swallow the rest, so it is counted. */
type Total = { sum: ExactSum; count: number; nan: number; positive: number; negative: number }

const totals = {
  create: (): Total => ({ sum: summing.create(), count: 0, nan: 0, positive: 0, negative: 0 }),
  add: (total: Total, part: number): Total => change(total, part, 1),
  subtract: (total: Total, part: number): Total => change(total, part, -1),
}

/** The exact sum of what is there, rounded once. */
export const summingRows: Retracting = { ...totals, result: (total: Total) => sumOf(total) }

/** The exact mean of what is there: the exact sum, rounded once, over the count. */
export const averagingRows: Retracting = { ...totals, result: (total: Total) => sumOf(total) / total.count }

function change(total: Total, part: number, by: 1 | -1): Total {
  total.count += by
  if (Number.isFinite(part)) total.sum = summing.add(total.sum, by * part, 0)
  else if (Number.isNaN(part)) total.nan += by
  else if (part > 0) total.positive += by
  else total.negative += by
  return total
}

function sumOf({ sum, nan, positive, negative }: Total): number {
  if (nan > 0 || (positive > 0 && negative > 0)) return Number.NaN
  if (positive > 0) return Number.POSITIVE_INFINITY
  return negative > 0 ? Number.NEGATIVE_INFINITY : summing.result(sum)
}
