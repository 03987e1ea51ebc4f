import type { Aggregator } from '../aggregator.ts'
import { type ExactSum, summing } from '../exact-sum.ts'

/** Exact sums of the values and of their squares: neither order nor merging changes what comes of them. */
export type Moments = { count: number; sum: ExactSum; squares: ExactSum }

export type Spread = 'sample' | 'population'

/**
 * The mean square distance from the mean: over `n - 1` for a sample, where one value alone has none, or over `n` for a whole population.
 * Computed without rounding until the division, so close values with a large mean lose nothing. Values whose squares pass the greatest
 * double give NaN.
 */
export const varying = (spread: Spread): Aggregator<number, Moments, number | null> => spreading(spread, value => value)

/** The root of the variance. */
export const deviating = (spread: Spread): Aggregator<number, Moments, number | null> => spreading(spread, Math.sqrt)

function spreading(spread: Spread, finish: (variance: number) => number): Aggregator<number, Moments, number | null> {
  return {
    create: () => ({ count: 0, sum: 0, squares: 0 }),
    add: (moments, value, time) => {
      moments.count++
      moments.sum = summing.add(moments.sum, value, time)
      moments.squares = addProduct(moments.squares, value, value)
      return moments
    },
    merge: (moments, other) => {
      moments.count += other.count
      moments.sum = summing.merge(moments.sum, other.sum)
      moments.squares = summing.merge(moments.squares, other.squares)
      return moments
    },
    subtract: (moments, other) => {
      const sum = summing.subtract?.(moments.sum, other.sum)
      const squares = summing.subtract?.(moments.squares, other.squares)
      if (sum === undefined || squares === undefined) return undefined
      return { count: moments.count - other.count, sum, squares }
    },
    result: moments => {
      const variance = varianceOf(moments, spread)
      return variance === null ? null : finish(variance)
    },
  }
}

/** (n * squares - sum * sum) / (n * (n - 1)), or over n * n. */
function varianceOf({ count, sum, squares }: Moments, spread: Spread): number | null {
  const degrees = spread === 'sample' ? count - 1 : count
  if (degrees === 0) return null
  let scaled: ExactSum = 0
  for (const part of partsOf(squares)) scaled = addProduct(scaled, part, count)
  for (const part of partsOf(sum)) for (const other of partsOf(sum)) scaled = addProduct(scaled, -part, other)
  return summing.result(scaled) / count / degrees
}

const partsOf = (sum: ExactSum): readonly number[] => (typeof sum === 'number' ? [sum] : sum)

/** Adds a product without rounding it: as its double and what that leaves out (Dekker, 1971). */
function addProduct(sum: ExactSum, x: number, y: number): ExactSum {
  const product = x * y
  const rounded = summing.add(sum, product, 0)
  const isExact = Number.isSafeInteger(product) && Number.isInteger(x) && Number.isInteger(y)
  if (isExact || !Number.isFinite(product)) return rounded
  const [xHigh, yHigh] = [upperHalf(x), upperHalf(y)]
  const [xLow, yLow] = [x - xHigh, y - yHigh]
  const rest = xLow * yLow - (product - xHigh * yHigh - xLow * yHigh - xHigh * yLow)
  return Number.isFinite(rest) ? summing.add(rounded, rest, 0) : rounded
}

/** The upper 26 bits of a double (Veltkamp, 1968). */
function upperHalf(x: number): number {
  const scaled = 134_217_729 * x
  return scaled - (scaled - x)
}
