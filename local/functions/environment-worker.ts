import { parentPort, workerData } from 'node:worker_threads'
import { handlers, type StageHandler } from '../../functions/handlers.ts'
import { EnvironmentPool } from './environment-pool.ts'
import { loadPipeline } from './load-pipeline.ts'
import type { ToWorker, WorkerSetup } from './worker-messages.ts'
import { remotePorts } from './worker-ports.ts'

/** The thread of a WorkerPool: loads the pipeline's module anew, and runs invocations with ports that ask the main thread. */
const port = parentPort
if (port === null) throw new Error('Cannot run environments: this module is the main one of a worker thread')

const { file, pipeline: name }: WorkerSetup = workerData
const { ports, answered } = remotePorts(message => port.postMessage(message))
const loaded = loadPipeline(file, name).then(pipeline => {
  const make = (): Readonly<Record<string, StageHandler>> => handlers(pipeline)
  const { stages } = pipeline.plan
  return new Map(
    stages.map(stage => [stage.name, new EnvironmentPool(stage.name, () => make()[stage.name], ports, Date.now)]),
  )
})

port.on('message', async (message: ToWorker) => {
  if (message.kind === 'answer') return answered(message)
  const { id, stage, event, timeoutMs } = message
  try {
    const pool = (await loaded).get(stage)
    if (pool === undefined)
      throw new Error(`Cannot run stage "${stage}": the pipeline that was loaded has none of this name`)
    const result = await pool.invoke(event, { timeoutMs })
    if (result.kind === 'failed')
      port.postMessage({ kind: 'failed', id, ...described(result.error), fatal: result.fatal })
    else port.postMessage({ kind: 'answered', id, response: result.response, tally: result.tally })
  } catch (error) {
    port.postMessage({ kind: 'failed', id, ...described(error), fatal: true })
  }
})

const described = (error: unknown) =>
  error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack ?? '' }
    : { name: 'Error', message: String(error), stack: '' }
