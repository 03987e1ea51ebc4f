import { availableParallelism } from 'node:os'
import { handlers, type StageHandler } from '../../functions/handlers.ts'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import type { Stage } from '../../shared/plan/plan.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import type { FunctionRunner } from '../event-source/function-runner.ts'
import { EnvironmentPool } from './environment-pool.ts'
import { WorkerPool } from './worker-pool.ts'

export type Runners = {
  /** Where a stage's function runs. */
  readonly runner: (stage: Stage) => FunctionRunner
  close(): Promise<void>
}

/**
 * Functions of a pipeline on this machine. Where there is a second core, stages without state, which decode and do most of the work,
 * run in threads that load `file` anew, and here too while those are busy; stages with state run here, beside their table.
 */
export function runnersFor(pipeline: Pipeline<unknown, unknown>, file: string, cloud: EmbeddedCloud): Runners {
  const { plan } = pipeline
  const here = environmentPools(pipeline, cloud.ports)
  const threads = Math.min(availableParallelism() - 1, mostThreads)
  if (threads === 0 || plan.stages.every(stage => stage.kind === 'logged'))
    return { runner: here, close: async () => {} }
  const pool = new WorkerPool(plan, file, cloud.ports, threads)
  let runningHere = 0
  const shared = (stage: Stage): FunctionRunner => {
    const [inThread, inProcess] = [pool.runner(stage), here(stage)]
    return {
      invoke: async (event, options) => {
        if (runningHere > 0 || pool.leastRunning < enoughForThread) return inThread.invoke(event, options)
        runningHere++
        try {
          return await inProcess.invoke(event, options)
        } finally {
          runningHere--
        }
      },
    }
  }
  return { runner: stage => (stage.kind === 'transient' ? shared(stage) : here(stage)), close: () => pool.close() }
}

/** Each stage in environments of this process. */
export function environmentPools(pipeline: Pipeline<unknown, unknown>, ports: Ports): (stage: Stage) => FunctionRunner {
  const make = (): Readonly<Record<string, StageHandler>> => handlers(pipeline)
  return ({ name }) => new EnvironmentPool(name, () => make()[name], ports, Date.now)
}

/** With so many invocations a thread has work while this one is busy; what comes then runs here. */
const enoughForThread = 3

/** The thread that reads the input and serves the table is busy with about this many. */
const mostThreads = 3
