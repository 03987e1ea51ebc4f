import type { KafkaTopic } from './graph.ts'
import type { Plan, Stage } from './plan.ts'

/**
 * What a pipeline has on AWS, by name: the same names wherever it runs, so that the command line finds what the CDK has made. A prefix keeps
 * several deployments in one account apart.
 */
export type Resources = {
  /** State, progress, views and dead letters. */
  readonly table: string
  readonly streams: readonly StreamResource[]
}

export type StreamResource = {
  /** As the program names it. */
  readonly name: string
  /** As Kinesis names it. */
  readonly physicalName: string
  /** The user's own, one between two stages, or one that a sink writes to. */
  readonly kind: 'source' | 'shuffle' | 'sink'
  /** The topic that a deployed pipeline reads in its place; the stream is there in local runs alone. */
  readonly insteadOf?: KafkaTopic
}

/** `prefix` applies to what the pipeline owns, the table and its shuffle streams, and to the user's streams alike. */
export function resourcesOf(plan: Plan, prefix = ''): Resources {
  const streams = new Map<string, StreamResource>()
  const add = (name: string, kind: StreamResource['kind'], insteadOf?: KafkaTopic): void => {
    if (streams.has(name)) return
    streams.set(name, { name, physicalName: `${prefix}${name}`, kind, ...(insteadOf && { insteadOf }) })
  }
  for (const { input } of plan.stages) add(input.stream, input.kind, topicOf(input))
  for (const stage of plan.stages) for (const stream of sinkStreams(stage)) add(stream, 'sink')
  return { table: `${prefix}${plan.name}`, streams: [...streams.values()] }
}

/** Name of a stage's function. */
export const functionName = (plan: Pick<Plan, 'name'>, stage: Pick<Stage, 'name'>, prefix = ''): string =>
  `${prefix}${plan.name}-${stage.name}`

/** Where a deployed stage reads, if not in a stream. */
export const topicOf = (input: Stage['input']): KafkaTopic | undefined =>
  input.kind === 'source' ? input.source.from : undefined

const sinkStreams = ({ sinks }: Stage): readonly string[] =>
  sinks.flatMap(sink => (sink.kind === 'stream' ? [sink.stream] : []))
