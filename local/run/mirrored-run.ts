import { stageNamed } from '../../shared/plan/plan.ts'
import { FileUpload } from '../mirror/file-upload.ts'
import type { MirroredCloud } from '../mirror/mirrored-cloud.ts'
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
  const { cloud } = options
  let changed = Promise.withResolvers<void>()
  const stopListening = cloud.listen(() => {
    changed.resolve()
    changed = Promise.withResolvers()
  })
  const distance = { isCaughtUp: () => cloud.isCaughtUp, nextChange: () => changed.promise }
  try {
    return await runToEnd(cloud, fileUploads(options), { ...options, shards: () => 1, distance })
  } finally {
    stopListening()
  }
}

function fileUploads({ cloud, plan, inputs }: MirroredRunOptions): FileUpload[] {
  return [...inputs].map(([source, path]) => {
    const { input } = stageNamed(plan, source)
    const onTooLong = input.kind === 'source' ? input.source.onMalformed : 'deadLetter'
    return new FileUpload(cloud, plan, source, path, { end: 'of input', onTooLong })
  })
}
