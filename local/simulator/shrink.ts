import type { Outcome } from './simulate.ts'

/** Runs the seed again with these faults alone, and at most so many records. */
export type Again = (only: ReadonlySet<string>, mostRecords: number) => Promise<Outcome>

export type Shrunk = { readonly outcome: Outcome; readonly mostRecords: number }

/**
 * Looks for fewer faults and a shorter input with which the same checker complains: first kinds of faults are left out, then the input is
 * cut, then ever smaller parts of what faults are left (delta debugging). Gives what it has when `isOutOfTime` says so.
 */
export async function shrink(failing: Outcome, again: Again, isOutOfTime: () => boolean): Promise<Shrunk> {
  const [first] = failing.failures
  if (first === undefined) throw new Error(`Cannot shrink seed ${failing.seed}: nothing failed`)
  let best: Shrunk = { outcome: failing, mostRecords: failing.records }

  const holds = async (ids: readonly string[], mostRecords: number): Promise<boolean> => {
    if (isOutOfTime()) return false
    const outcome = await again(new Set(ids), mostRecords)
    if (outcome.failures[0]?.checker !== first.checker) return false
    best = { outcome, mostRecords }
    return true
  }
  const idsOf = (): readonly string[] => best.outcome.faults.map(({ id }) => id)

  for (const kind of new Set(failing.faults.map(fault => fault.kind))) {
    const others = best.outcome.faults.filter(fault => fault.kind !== kind)
    await holds(
      others.map(({ id }) => id),
      best.mostRecords,
    )
  }
  for (const share of [0.02, 0.05, 0.1, 0.2, 0.5, 0.75]) {
    if (await holds(idsOf(), Math.ceil(failing.records * share))) break
  }
  for (let size = Math.ceil(idsOf().length / 2); size >= 1 && !isOutOfTime(); size = Math.floor(size / 2)) {
    for (let from = 0; from < idsOf().length; ) {
      const ids = idsOf()
      const isGone = await holds([...ids.slice(0, from), ...ids.slice(from + size)], best.mostRecords)
      if (!isGone) from += size
    }
  }
  return best
}
