import type { Aggregator } from './aggregator.ts'

/**
 * A sum of doubles without rounding until the end, so that it does not depend on the order of the values, on shards or on batches:
 * a safe integer as long as that is all there is, else Shewchuk's non-overlapping partials (Adaptive Precision Floating-Point
 * Arithmetic, 1997; Python's `math.fsum` is the same). The result is the double nearest to the true sum. Infinities and NaN add up as
 * doubles do, and a sum that passes the greatest double on its way is infinite from then on.
 */
export type ExactSum = number | number[]

export const summing: Aggregator<number, ExactSum, number> = {
  create: () => 0,
  add: addTo,
  merge: (sum, other) => {
    if (typeof other === 'number') return addTo(sum, other)
    let merged = sum
    for (const partial of other) merged = addTo(merged, partial)
    return merged
  },
  subtract: (sum, other) => {
    if (!isFiniteSum(sum) || !isFiniteSum(other)) return undefined
    if (typeof other === 'number') return addTo(sum, -other)
    let rest = sum
    for (const partial of other) rest = addTo(rest, -partial)
    return rest
  },
  result: sum => (typeof sum === 'number' ? sum : rounded(sum)),
}

/** The mean: the exact sum, rounded once, over the count. */
export const averaging: Aggregator<number, { sum: ExactSum; count: number }, number> = {
  create: () => ({ sum: 0, count: 0 }),
  add: (mean, value) => {
    mean.sum = addTo(mean.sum, value)
    mean.count++
    return mean
  },
  merge: (mean, other) => {
    mean.sum = summing.merge(mean.sum, other.sum)
    mean.count += other.count
    return mean
  },
  subtract: (mean, other) => {
    const sum = summing.subtract?.(mean.sum, other.sum)
    return sum === undefined ? undefined : { sum, count: mean.count - other.count }
  },
  result: mean => summing.result(mean.sum) / mean.count,
}

/** An infinity or NaN stays whatever is taken out. */
const isFiniteSum = (sum: ExactSum): boolean => typeof sum === 'number' || sum.every(Number.isFinite)

function addTo(sum: ExactSum, value: number): ExactSum {
  if (typeof value !== 'number') throw new TypeError(`the value to add is ${describe(value)}, expected a number`)
  if (typeof sum === 'number') {
    const total = sum + value
    if (Number.isSafeInteger(total) && Number.isSafeInteger(value)) return total
    return addPartial(sum === 0 ? [] : [sum], value)
  }
  return addPartial(sum, value)
}

const describe = (value: unknown): string => (value === undefined ? 'undefined' : `of type ${typeof value}`)

function addPartial(partials: number[], value: number): number[] {
  const special = partials.length === 1 && !Number.isFinite(partials[0])
  if (special || !Number.isFinite(value)) return [(special ? partials[0] : 0) + value]
  let x = value
  let kept = 0
  for (let i = 0; i < partials.length; i++) {
    let y = partials[i]
    if (Math.abs(x) < Math.abs(y)) {
      const larger = y
      y = x
      x = larger
    }
    const high = x + y
    const low = y - (high - x)
    if (low !== 0) partials[kept++] = low
    x = high
  }
  if (!Number.isFinite(x)) return [x]
  partials.length = kept
  partials.push(x)
  return partials
}

/** Partials from the largest down; half-way cases are decided by the sign of the rest, as in `math.fsum`. */
function rounded(partials: readonly number[]): number {
  let at = partials.length - 1
  if (at < 0) return 0
  let high = partials[at--]
  let low = 0
  while (at >= 0) {
    const x = high
    const y = partials[at--]
    high = x + y
    low = y - (high - x)
    if (low !== 0) break
  }
  if (at >= 0 && ((low < 0 && partials[at] < 0) || (low > 0 && partials[at] > 0))) {
    const doubled = low * 2
    const x = high + doubled
    if (doubled === x - high) high = x
  }
  return high
}
