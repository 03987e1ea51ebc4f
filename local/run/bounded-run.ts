import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { embeddedTarget } from '../input/embedded-target.ts'
import { inputsFor } from '../input/inputs.ts'
import { type RunOptions, type RunOutcome, runToEnd } from './run-to-end.ts'

export type BoundedRunOptions = Omit<RunOptions, 'distance'> & {
  readonly cloud: EmbeddedCloud
  /** Source to file. */
  readonly inputs: ReadonlyMap<string, string>
}

/**
 * Runs a pipeline over files until every record was dealt with by every stage. An aborted signal ends it between invocations; on a
 * durable cloud the next run goes on from there. Rejects when a batch fails again and again, with the first such error.
 */
export async function boundedRun(options: BoundedRunOptions): Promise<RunOutcome> {
  const { cloud, plan, inputs } = options
  return runToEnd(cloud, await inputsFor(embeddedTarget(cloud, plan.name), plan, inputs, { kind: 'bounded' }), options)
}
