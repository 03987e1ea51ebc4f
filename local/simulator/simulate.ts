import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import { describeThrown } from '../../shared/model/errors.ts'
import { type StageTotals, stageTotals } from '../run/results.ts'
import type { Climate } from './climate.ts'
import type { FaultRecord } from './dice.ts'
import type { Checker, Failure, Watch } from './observation.ts'
import { observe } from './observe.ts'
import type { Seen } from './oracle/index.ts'
import { seenOf } from './outputs.ts'
import { Producers } from './producers.ts'
import { Scheduler } from './scheduler.ts'
import { Stages } from './stages.ts'
import type { TraceLine } from './trace.ts'
import { unsettle } from './unsteady-functions.ts'
import type { Workload } from './workload/workload.ts'
import { World } from './world.ts'
import { WorldEvents } from './world-events.ts'

export type SimulateOptions = {
  readonly checkers: readonly Checker[]
  /** Keep the trace as lines. @default false */
  readonly trace?: boolean
  /** Of all sources together. @default all of the workload's */
  readonly mostRecords?: number
  /** Only these decisions to do harm are carried out, by their ids: a schedule that is being shrunk. @default all */
  readonly only?: ReadonlySet<string>
  /** Makes the climate that was drawn another: where faults of some kind are to be frequent. @default as drawn */
  readonly climate?: (drawn: Climate) => Climate
  /** Builds the same pipeline once more, as a redeployment does. @default the workload's own */
  readonly rebuild?: () => Pipeline<unknown, unknown>
}

export type Outcome = {
  readonly seed: number
  readonly workload: string
  readonly steps: number
  readonly awaits: number
  readonly records: number
  /** In the order in which they happened. */
  readonly faults: readonly FaultRecord[]
  readonly failures: readonly Failure[]
  /** What readers of the results see at the end. */
  readonly seen: Seen
  readonly totals: readonly StageTotals[]
  /** The same for the same seed, whatever the machine. */
  readonly hash: string
  readonly lines: readonly TraceLine[] | undefined
}

/**
 * One run of a pipeline on a cloud in memory, with faults, by a seed: the same seed is the same run. It ends at the first failure, or
 * when the faults are over and everything has come to rest.
 */
export async function simulate(workload: Workload, seed: number, options: SimulateOptions): Promise<Outcome> {
  const {
    checkers,
    trace = false,
    mostRecords = Number.POSITIVE_INFINITY,
    only,
    climate = drawn => drawn,
    rebuild = () => workload.pipeline,
  } = options
  const world = new World({
    workload,
    seed,
    records: recordsOf(workload),
    rebuild,
    hasLines: trace,
    climate,
    only,
  })
  const observation = observe(world)
  const watches = checkers.map(checker => ({ name: checker.name, watch: checker.watch(observation) }))
  world.listen(watches.map(({ watch }) => watch))
  const producers = new Producers(world, mostRecords)
  const stages = new Stages(world)
  const scheduler = new Scheduler(world, stages, new WorldEvents(world, stages), producers, watches)
  const calm = unsettle(world)
  await scheduler.run()
  calm()
  if (world.failures.length === 0) {
    for (const { name, watch } of watches) for (const said of await saidAtEnd(watch)) world.fail(name, said)
  }
  return {
    seed,
    workload: workload.describe(),
    steps: world.step,
    awaits: world.awaits,
    records: producers.total,
    faults: world.faults,
    failures: world.failures,
    seen: await seenOf(world),
    totals: await stageTotals(world.cloud, world.plan),
    hash: world.trace.hash,
    lines: world.trace.lines,
  }
}

/** What is stored may be such that a checker cannot even read it. */
async function saidAtEnd(watch: Watch): Promise<readonly string[]> {
  try {
    return await watch.atEnd()
  } catch (thrown) {
    return [`it cannot be told: ${describeThrown(thrown)}`]
  }
}

const recordsOf = ({ inputs }: Workload): number =>
  Object.values(inputs).reduce((sum, records) => sum + records.length, 0)
