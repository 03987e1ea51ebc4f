import { parentPort, workerData } from 'node:worker_threads'
import { describeThrown } from '../../shared/model/errors.ts'
import { type RunSeedOptions, runSeed, type SeedReport } from './run-seed.ts'
import { prepare, type Subject } from './subject.ts'

/** The thread of a SeedPool: runs one seed after the other. */
const port = parentPort
if (port === null) throw new Error('Cannot run seeds: this module is the main one of a worker thread')

export type SeedWorkerSetup = { readonly subject: Subject; readonly options: RunSeedOptions }
export type SeedAnswer =
  | { readonly kind: 'report'; readonly report: SeedReport }
  | { readonly kind: 'failed'; readonly message: string }

const { subject, options }: SeedWorkerSetup = workerData
const workload = prepare(subject)

port.on('message', async (seed: number) => {
  const answer = await workload
    .then(workloadOf => runSeed(seed, workloadOf, options))
    .then(
      (report): SeedAnswer => ({ kind: 'report', report }),
      (error): SeedAnswer => ({ kind: 'failed', message: describeThrown(error) }),
    )
  port.postMessage(answer)
})
