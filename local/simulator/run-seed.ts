import { checkers } from './checkers/index.ts'
import type { FaultRecord } from './dice.ts'
import type { Failure } from './observation.ts'
import { sameAsBatch } from './same-as-batch.ts'
import { shrink } from './shrink.ts'
import { type Outcome, type SimulateOptions, simulate } from './simulate.ts'
import type { SeedWorkload } from './subject.ts'
import type { TraceLine } from './trace.ts'

/** What there is to say of one seed, as plain data. */
export type SeedReport = {
  readonly seed: number
  readonly workload: string
  readonly steps: number
  readonly awaits: number
  readonly records: number
  /** Faults that happened, by kind. */
  readonly faults: { readonly [kind: string]: number }
  readonly hash: string
  readonly failures: readonly Failure[]
  readonly lines: readonly TraceLine[] | undefined
  /** Of a seed that failed: a smaller run that fails likewise. */
  readonly shrunk: ShrunkReport | undefined
}

export type ShrunkReport = {
  readonly records: number
  readonly faults: readonly FaultRecord[]
  readonly failures: readonly Failure[]
}

export type RunSeedOptions = {
  /** Keep the trace as lines. @default false */
  readonly trace?: boolean
  /** How long to look for a smaller run of a seed that failed. @default 20,000 */
  readonly shrinkMs?: number
  readonly mostRecords?: number
}

const allCheckers = [...checkers, sameAsBatch]

/** Runs a seed with all checkers; one that fails is run again, to see whether it does the same, and shrunk. */
export async function runSeed(
  seed: number,
  workloadOf: (seed: number) => SeedWorkload,
  { trace = false, shrinkMs = 20_000, mostRecords = Number.POSITIVE_INFINITY }: RunSeedOptions = {},
): Promise<SeedReport> {
  const run = (options: Partial<SimulateOptions>): Promise<Outcome> => {
    const { workload, rebuild } = workloadOf(seed)
    return simulate(workload, seed, { checkers: allCheckers, rebuild, mostRecords, ...options })
  }
  const outcome = await run({ trace })
  const { failures } = outcome
  if (failures.length === 0) return reportOf(outcome, [], undefined)
  const second = await run({})
  if (second.hash !== outcome.hash) return reportOf(outcome, [...failures, unsteady], undefined)
  const until = performance.now() + shrinkMs
  const { outcome: smaller } = await shrink(
    outcome,
    (only, most) => run({ only, mostRecords: most }),
    () => performance.now() >= until,
  )
  return reportOf(outcome, failures, { records: smaller.records, faults: smaller.faults, failures: smaller.failures })
}

const unsteady: Failure = {
  checker: 'same seed, same run',
  message:
    'the seed does not do the same twice: a function of the pipeline depends on more than its arguments, a clock or random numbers, say',
}

function reportOf(outcome: Outcome, failures: readonly Failure[], shrunk: ShrunkReport | undefined): SeedReport {
  const { seed, workload, steps, awaits, records, hash, lines } = outcome
  const faults: Record<string, number> = {}
  for (const { kind } of outcome.faults) faults[kind] = (faults[kind] ?? 0) + 1
  return { seed, workload, steps, awaits, records, faults, hash, failures, lines, shrunk }
}
