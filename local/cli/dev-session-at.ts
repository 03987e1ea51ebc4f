import type { Plan } from '../../shared/plan/plan.ts'
import type { MappingEvent } from '../event-source/shard-worker.ts'
import { Deployment, mappingName } from '../functions/deployment.ts'
import { environmentPools } from '../functions/runners.ts'
import { inputsFor } from '../input/inputs.ts'
import type { MirroredCloud } from '../mirror/mirrored-cloud.ts'
import { mirroredTarget } from '../mirror/mirrored-target.ts'
import { viewNames } from '../run/results.ts'
import type { AwsPlace } from './aws-options.ts'
import type { SessionOptions } from './dev-session.ts'
import { behindMs, DevStatus, type Figures } from './dev-status.ts'
import { feedingOf, served } from './feeding.ts'
import { openMirrored } from './mirrored-place.ts'
import { type SessionEnd, serveSession } from './serve-session.ts'

export type SessionAtOptions = Omit<SessionOptions, 'folder'> & { readonly place: AwsPlace }

const defaultShards = 1
const defaultBatchSize = 10_000
/** A file is not loaded faster than its records are processed: this much may wait. */
const mostBacklogBytes = 8 * 1024 * 1024

/**
 * Serves a pipeline on streams and a table that are on AWS or on what speaks its interfaces, until it is told to end, or something happens
 * that only a person can mend: then it rejects. The next session goes on where this one ended, about: what is handed over again by that
 * changes nothing.
 */
export async function devSessionAt(options: SessionAtOptions, end: SessionEnd): Promise<void> {
  const { place, pipeline, shards, terminal } = options
  const { plan, name } = pipeline
  const cloud = await openMirrored({ place, plan, shards, defaultShards, filesFolder: `${name}-files`, terminal })
  try {
    await serve(cloud, options, end)
    if (end.stop.aborted) terminal.err(`Stopped, pipeline "${name}" goes on from here next time\n`)
  } finally {
    await cloud.close()
  }
}

async function serve(cloud: MirroredCloud, options: SessionAtOptions, end: SessionEnd): Promise<void> {
  const { pipeline, terminal, tickMs } = options
  const { plan } = pipeline
  const inputs = await inputsFor(mirroredTarget(cloud, plan.name), plan, options.inputs, served)
  for (const input of inputs) await input.prepare()
  const status = new DevStatus(figuresOf(cloud, plan), plan, terminal)
  const streams = new Map(plan.stages.map(({ name, input }) => [mappingName(plan, name), input.stream]))
  let doneBytes = 0
  const deployment = deploymentOf(cloud, options, event => {
    doneBytes += event.doneBytes
    status.heard(event)
    const stream = streams.get(event.mapping)
    if (stream !== undefined) cloud.trimCheckpointed(stream, [event.mapping])
  })
  greet(options)
  const backlogBytes = () =>
    plan.stages.reduce((sum, { input }) => sum + cloud.streams.bytesPut(input.stream), 0) - doneBytes
  const session = {
    plan,
    streams: cloud.ports.streams,
    deployment,
    inputs,
    status,
    backlogBytes,
    mostBacklogBytes,
    tickMs,
  }
  await serveSession(session, end)
}

function deploymentOf(
  cloud: MirroredCloud,
  { pipeline, batchSizes }: SessionAtOptions,
  observe: (event: MappingEvent) => void,
): Deployment {
  return new Deployment(cloud, pipeline.plan, {
    shards: () => defaultShards,
    batchSize: ({ name }) => batchSizes.get(name) ?? defaultBatchSize,
    runner: environmentPools(pipeline, cloud.ports),
    now: Date.now,
    observe,
  })
}

/** What acknowledged invocations counted: the logs that count exactly are a read of the table away. */
function figuresOf(cloud: MirroredCloud, plan: Plan): Figures {
  const counted = (name: string, stages: Plan['stages']) =>
    stages.reduce((sum, stage) => sum + (cloud.checkpoints.tally(mappingName(plan, stage.name))[name] ?? 0), 0)
  const sources = plan.stages.filter(({ input }) => input.kind === 'source')
  return {
    records: async () => counted('recordsIn', sources),
    deadLetters: () => counted('deadLetters', plan.stages),
    behindMs: () => behindMs(cloud, plan),
  }
}

function greet({ pipeline, place, terminal }: SessionAtOptions): void {
  const { name, plan } = pipeline
  const { prefix, endpoint, table } = place
  const where = [
    endpoint === undefined ? '--aws' : `--endpoint ${endpoint}`,
    ...(prefix === '' ? [] : [`--prefix ${prefix}`]),
    ...(table === undefined ? [] : [`--table ${table}`]),
  ].join(' ')
  const [view] = viewNames(plan)
  terminal.err(`Pipeline "${name}" is running on ${endpoint ?? 'AWS'}, Ctrl-C ends it\n`)
  terminal.err(feedingOf(plan, where))
  if (view !== undefined) terminal.err(`  millrace query ${view} --pipeline ${name} ${where}\n`)
}
