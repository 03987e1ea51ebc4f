import type { Aggregator } from '../aggregator.ts'
import type { DistinctId } from './distinct-values.ts'
import { hash64 } from './hash64.ts'

/**
 * HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, 2007) with 64-bit hashes: `2 ** precision` registers, each the greatest number of
 * leading zeroes plus one that a hash of its share had. A few registers are a map by number, more are an array with a byte for each;
 * the result does not depend on which.
 */
export type Registers = Map<number, number> | Uint8Array

export type Precision = 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16

/** The standard error of the estimate, as a share of it. */
export const standardError = (precision: Precision): number => 1.04 / Math.sqrt(2 ** precision)

/** How many different values, about. Neither order nor merging nor repeated values change the estimate. */
export const estimatingDistinct = (precision: Precision): Aggregator<DistinctId, Registers, number> => {
  const count = 2 ** precision
  const raise = (registers: Registers, at: number, rank: number): Registers => {
    if (registers instanceof Uint8Array) {
      if (registers[at] < rank) registers[at] = rank
      return registers
    }
    if ((registers.get(at) ?? 0) < rank) registers.set(at, rank)
    // An entry of a map takes about four bytes.
    return registers.size * 4 > count ? denseOf(registers, count) : registers
  }
  return {
    create: () => new Map(),
    add: (registers, id) => {
      const { high, low } = hash64(typeof id === 'number' ? `n${id}` : id)
      const rest = (high << precision) | (low >>> (32 - precision))
      const zeroes = rest === 0 ? 32 + Math.min(Math.clz32(low << precision), 32 - precision) : Math.clz32(rest)
      return raise(registers, high >>> (32 - precision), zeroes + 1)
    },
    merge: (registers, others) => {
      let merged = registers
      const entries = others instanceof Map ? others : others.entries()
      for (const [at, rank] of entries) if (rank > 0) merged = raise(merged, at, rank)
      return merged
    },
    result: registers => Math.round(estimate(registers, precision)),
  }
}

function denseOf(registers: ReadonlyMap<number, number>, count: number): Uint8Array {
  const dense = new Uint8Array(count)
  for (const [at, rank] of registers) dense[at] = rank
  return dense
}

/** Ertl's estimator (New cardinality estimation algorithms for HyperLogLog sketches, 2017): no bias tables, no range to switch at. */
function estimate(registers: Registers, precision: number): number {
  const count = 2 ** precision
  const greatest = 64 - precision + 1
  const multiplicities = new Array<number>(greatest + 1).fill(0)
  for (const rank of registers.values()) multiplicities[rank]++
  if (registers instanceof Map) multiplicities[0] = count - registers.size
  let z = count * tau(1 - multiplicities[greatest] / count)
  for (let rank = greatest - 1; rank >= 1; rank--) z = 0.5 * (z + multiplicities[rank])
  z += count * sigma(multiplicities[0] / count)
  return (count * count) / (2 * Math.LN2 * z)
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY
  let [x, y, z] = [share, 1, share]
  for (;;) {
    x *= x
    const before = z
    z += x * y
    y += y
    if (z === before) return z
  }
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let [x, y, z] = [share, 1, 1 - share]
  for (;;) {
    x = Math.sqrt(x)
    const before = z
    y *= 0.5
    z -= (1 - x) ** 2 * y
    if (z === before) return z / 3
  }
}
