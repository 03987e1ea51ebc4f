import { stageNamed } from '../../shared/plan/plan.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { FileInput } from '../input/file-input.ts'
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
export const boundedRun = (options: BoundedRunOptions): Promise<RunOutcome> =>
  runToEnd(options.cloud, fileInputs(options), options)

function fileInputs({ cloud, plan, inputs }: BoundedRunOptions): FileInput[] {
  return [...inputs].map(([source, path]) => {
    const { input } = stageNamed(plan, source)
    const onTooLong = input.kind === 'source' ? input.source.onMalformed : 'deadLetter'
    return new FileInput(cloud, plan, source, path, { onTooLong })
  })
}
