import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import { environmentPools } from '../functions/runners.ts'
import { recordsOfStream } from '../mirror/records-of-stream.ts'
import { mirroredRun } from '../run/mirrored-run.ts'
import { type RunReport, reportOf } from '../run/run-report.ts'
import type { AwsPlace } from './aws-options.ts'
import type { Terminal } from './command-line.ts'
import { checkEmpty } from './empty-folder.ts'
import { openMirrored, prepareForRun } from './mirrored-place.ts'
import { Progress } from './progress.ts'
import { untilDone } from './run-until-done.ts'

export type RunAtOptions = {
  readonly place: AwsPlace
  readonly pipeline: Pipeline<unknown, unknown>
  /** Source to file. */
  readonly inputs: ReadonlyMap<string, string>
  /** Stage to number, for streams that are made now. */
  readonly shards: ReadonlyMap<string, number>
  readonly batchSizes: ReadonlyMap<string, number>
  readonly views: readonly string[]
  /** Whether to read what stream sinks have put. */
  readonly withStreams: boolean
  /** Where file sinks write. @default ./NAME-files */
  readonly files: string | undefined
  /** Delete what an earlier run has left. */
  readonly isFresh: boolean
  readonly terminal: Terminal
}

/** Sources of the emulators are slow: more shards than two gain nothing there. */
const defaultShards = 2
const defaultBatchSize = 10_000

/** A run on streams and a table that are on AWS or on what speaks its interfaces, with its functions on this machine. */
export async function runAt(options: RunAtOptions): Promise<RunReport> {
  const { place, pipeline, inputs, shards, batchSizes, views, withStreams, terminal, isFresh } = options
  const { plan } = pipeline
  const filesFolder = options.files ?? `${plan.name}-files`
  await checkEmpty(filesFolder, plan)
  await prepareForRun(place, plan, isFresh)
  const cloud = await openMirrored({ place, plan, shards, defaultShards, filesFolder, terminal })
  const progress = new Progress(terminal, 'records')
  try {
    const outcome = await untilDone('add --fresh to run it anew', signal =>
      mirroredRun({
        cloud,
        plan,
        inputs,
        batchSize: ({ name }) => batchSizes.get(name) ?? defaultBatchSize,
        runner: environmentPools(pipeline, cloud.ports),
        signal,
        onProgress: ({ fraction, records }) => progress.update({ fraction, count: records }),
      }),
    )
    return await reportOf(cloud, plan, outcome, {
      views,
      withStreams,
      recordsOf: stream => recordsOfStream(cloud, stream),
    })
  } finally {
    progress.stop()
    await cloud.close()
  }
}
