import { setTimeout as sleep } from 'node:timers/promises'
import { handlers, type StageHandler } from '../../functions/handlers.ts'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { pipelineKey, viewsKey } from '../cloud/data-operations.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { addressIn, Endpoint, forgetAddress } from '../cloud/endpoint.ts'
import { Retention } from '../cloud/retention.ts'
import type { MappingEvent } from '../event-source/shard-worker.ts'
import { Deployment, mappingName } from '../functions/deployment.ts'
import { EnvironmentPool } from '../functions/environment-pool.ts'
import { embeddedTarget } from '../input/embedded-target.ts'
import { inputsFor } from '../input/inputs.ts'
import { viewNames } from '../run/results.ts'
import type { Terminal } from './command-line.ts'
import { openDataFolder } from './data-folder.ts'
import { isHeldByAnother } from './data-folder-client.ts'
import { DevStatus, embeddedFigures } from './dev-status.ts'
import { feedingOf, served } from './feeding.ts'
import { counted } from './numbers.ts'
import { type SessionEnd, serveSession } from './serve-session.ts'

export type SessionOptions = {
  readonly pipeline: Pipeline<unknown, unknown>
  readonly folder: string
  /** Source to file. */
  readonly inputs: ReadonlyMap<string, string>
  /** Stage to number, for streams that are made now. */
  readonly shards: ReadonlyMap<string, number>
  readonly batchSizes: ReadonlyMap<string, number>
  readonly tickMs: number
  readonly terminal: Terminal
}

/** A shard that gets no record holds the windows of all: with the few that are put by hand, one shard is enough. */
const defaultShards = 1
const defaultBatchSize = 10_000
/** Of each stream, records that are done with and kept for `consume`. */
const keptBytes = 64 * 1024 * 1024
/** A file is not loaded faster than its records are processed: this much may wait. */
const mostBacklogBytes = 24 * 1024 * 1024

/**
 * Serves a pipeline on its data folder until it is told to end, or something happens that only a person can mend: then it rejects. All
 * progress is in the folder, so that the next session goes on exactly there, however this one ended.
 */
export async function devSession(options: SessionOptions, end: SessionEnd): Promise<void> {
  const { folder, pipeline, terminal } = options
  const cloud = await openWhenFree(folder, pipeline.plan, end.stop)
  if (cloud === undefined) return
  try {
    // Of a process that was killed: nobody else holds the folder.
    forgetAddress(folder)
    cloud.meta.set(pipelineKey, pipeline.name)
    cloud.meta.set(viewsKey(pipeline.name), JSON.stringify(viewNames(pipeline.plan)))
    await serve(cloud, options, end)
    if (end.stop.aborted) terminal.err(`Stopped, pipeline "${pipeline.name}" goes on from here next time\n`)
  } finally {
    cloud.close()
  }
}

async function serve(cloud: EmbeddedCloud, options: SessionOptions, end: SessionEnd): Promise<void> {
  const { pipeline, folder, terminal, tickMs } = options
  const { plan } = pipeline
  const inputs = await inputsFor(embeddedTarget(cloud, pipeline.name), plan, options.inputs, served)
  for (const input of inputs) await input.prepare()
  prepareStreams(cloud, options)
  const status = new DevStatus(embeddedFigures(cloud, plan), plan, terminal)
  const retentions = new Map<string, Retention>()
  let doneBytes = 0
  const deployment = deploymentOf(cloud, options, event => {
    doneBytes += event.doneBytes
    status.heard(event)
    retentions.get(event.mapping)?.done(event.shard, event.doneBytes)
  })
  for (const { name, input } of plan.stages) {
    const mapping = mappingName(plan, name)
    retentions.set(mapping, new Retention(cloud, input.stream, mapping, keptBytes))
  }

  const endpoint = await Endpoint.open(cloud, folder)
  greet(options)
  try {
    const backlogBytes = () =>
      plan.stages.reduce((sum, { input }) => sum + cloud.streams.bytesPut(input.stream), 0) - doneBytes
    const { streams } = cloud.ports
    await serveSession({ plan, streams, deployment, inputs, status, backlogBytes, mostBacklogBytes, tickMs }, end)
  } finally {
    await endpoint.close()
  }
}

function deploymentOf(
  cloud: EmbeddedCloud,
  { pipeline, shards, batchSizes }: SessionOptions,
  observe: (event: MappingEvent) => void,
): Deployment {
  return new Deployment(cloud, pipeline.plan, {
    shards: ({ name }) => shards.get(name) ?? defaultShards,
    batchSize: ({ name }) => batchSizes.get(name) ?? defaultBatchSize,
    runner: ({ name }) => new EnvironmentPool(name, () => handlerOf(pipeline, name), cloud.ports, Date.now),
    now: Date.now,
    observe,
  })
}

/** Streams that sinks write to, and a word where streams are what they were before. */
function prepareStreams(cloud: EmbeddedCloud, { pipeline, shards, terminal }: SessionOptions): void {
  const { graph, stages } = pipeline.plan
  for (const sink of graph.sinks) if (sink.kind === 'stream') cloud.streams.createStream(sink.stream, 1)
  for (const { name, input } of stages) {
    const asked = shards.get(name)
    if (asked === undefined || !cloud.streams.has(input.stream)) continue
    const open = cloud.streams.describe(input.stream).filter(shard => !shard.closed)
    if (open.length === asked) continue
    terminal.err(
      `Stage "${name}" keeps its ${counted(open.length, 'shard')}, millrace streams split and merge change them\n`,
    )
  }
}

function handlerOf(pipeline: Pipeline<unknown, unknown>, stage: string): StageHandler {
  const byStage: Readonly<Record<string, StageHandler>> = handlers(pipeline)
  return byStage[stage]
}

function greet({ pipeline, folder, terminal }: SessionOptions): void {
  const { name, plan } = pipeline
  const [view] = viewNames(plan)
  terminal.err(`Pipeline "${name}" is running, its data is in "${folder}", Ctrl-C ends it\n`)
  terminal.err(feedingOf(plan, `--data ${folder}`))
  if (view !== undefined) terminal.err(`  millrace query ${view} --data ${folder}\n`)
}

/** How long the folder may be held by a command that is about to let go of it. */
const patienceMs = 5_000

/** Undefined when it was told to stop before. Who holds the folder and answers calls will not let go of it: there is no waiting for that. */
async function openWhenFree(folder: string, plan: Plan, stop: AbortSignal): Promise<EmbeddedCloud | undefined> {
  const deadline = performance.now() + patienceMs
  while (!stop.aborted) {
    try {
      return await openDataFolder(folder, plan)
    } catch (error) {
      if (!isHeldByAnother(error) || addressIn(folder) !== undefined || performance.now() > deadline) throw error
      await sleep(50)
    }
  }
  return undefined
}
