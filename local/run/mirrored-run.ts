import { inputsFor } from '../input/inputs.ts'
import type { MirroredCloud } from '../mirror/mirrored-cloud.ts'
import { mirroredTarget } from '../mirror/mirrored-target.ts'
import { type RunOptions, type RunOutcome, runToEnd } from './run-to-end.ts'

export type MirroredRunOptions = Omit<RunOptions, 'distance' | 'shards'> & {
  readonly cloud: MirroredCloud
  /** Source to file. */
  readonly inputs: ReadonlyMap<string, string>
}

/**
 * A bounded run on streams and a table that are on AWS, or on what speaks its interfaces: the files' lines are put to the streams there, and
 * the run is over when every record that was put was read back and dealt with. Rejects when a batch fails again and again.
 */
export async function mirroredRun(options: MirroredRunOptions): Promise<RunOutcome> {
  const { cloud, plan, inputs } = options
  let changed = Promise.withResolvers<void>()
  const stopListening = cloud.listen(() => {
    changed.resolve()
    changed = Promise.withResolvers()
  })
  const distance = { isCaughtUp: () => cloud.isCaughtUp, nextChange: () => changed.promise }
  try {
    return await runToEnd(cloud, await inputsFor(mirroredTarget(cloud, plan.name), plan, inputs, { kind: 'bounded' }), {
      ...options,
      shards: () => 1,
      distance,
    })
  } finally {
    stopListening()
  }
}
