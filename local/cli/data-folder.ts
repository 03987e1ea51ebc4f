import { setTimeout as sleep } from 'node:timers/promises'
import { decodeBody } from '../../shared/commit/commit-body.ts'
import { readOf } from '../../shared/commit/ring.ts'
import { StopDeploymentError } from '../../shared/model/errors.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { misreading, shapeOf } from '../../shared/plan/shape.ts'
import { DataFolderError } from '../cloud/data-folder-error.ts'
import { type CloudClock, type EmbeddedCloud, type FolderCloudOptions, openCloud } from '../cloud/embedded-cloud.ts'

/** The machine's clock. */
export const realClock: CloudClock = {
  now: Date.now,
  sleep: async ms => void (await sleep(ms)),
  limit: (ms, signal) => sleep(ms, undefined, { signal }),
}

export type DataFolderOptions = FolderCloudOptions

/**
 * Opens the data folder of a pipeline. Throws a DataFolderError when another pipeline wrote it, and a StopDeploymentError when
 * the pipeline was edited so that it would misread its state; the folder stays as it was.
 */
export async function openDataFolder(
  folder: string,
  plan: Plan,
  options: DataFolderOptions = {},
): Promise<EmbeddedCloud> {
  const cloud = openCloud(folder, realClock, options)
  try {
    claim(cloud, folder, plan)
    await checkShapes(cloud, plan)
    return cloud
  } catch (error) {
    cloud.close()
    throw error
  }
}

const pipelineKey = 'pipeline'

function claim(cloud: EmbeddedCloud, folder: string, plan: Plan): void {
  const owner = cloud.meta.get(pipelineKey)
  if (owner === undefined) cloud.meta.set(pipelineKey, plan.name)
  if (owner === undefined || owner === plan.name) return
  throw new DataFolderError(
    folder,
    `Cannot use data folder "${folder}": pipeline "${owner}" wrote it and this one is "${plan.name}", use another --data folder`,
  )
}

/** What each stage would find when it loads its state, found before anything runs. */
async function checkShapes(cloud: EmbeddedCloud, plan: Plan): Promise<void> {
  for (const stage of plan.stages) {
    if (stage.kind === 'transient' || !cloud.streams.has(stage.input.stream)) continue
    for (const { id } of cloud.streams.describe(stage.input.stream)) {
      const read = readOf(await cloud.commits.readRing(`${plan.name}/${stage.name}/${id}`))
      if (read.kind !== 'whole') continue
      const problem = misreading(decodeBody(read.newest.body).shape, shapeOf(stage))
      if (problem === undefined) continue
      throw new StopDeploymentError(
        `Cannot go on with stage "${stage.name}" of pipeline "${plan.name}": ${problem}, expected the old one or another operator name`,
      )
    }
  }
}
