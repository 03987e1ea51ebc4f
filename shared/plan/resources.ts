import type { Plan, Stage } from './plan.ts'
import type { Feed, Folder, FolderSource, KafkaTopic, SourceNode, SourceOrigin } from './source.ts'

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
  /** What a deployed pipeline reads in its place; the stream is there in local runs alone. */
  readonly insteadOf?: KafkaTopic | Folder
}

/** `prefix` applies to what the pipeline owns, the table and its shuffle streams, and to the user's streams alike. */
export function resourcesOf(plan: Plan, prefix = ''): Resources {
  const streams = new Map<string, StreamResource>()
  const add = (name: string, kind: StreamResource['kind'], insteadOf?: KafkaTopic | Folder): void => {
    if (streams.has(name)) return
    streams.set(name, { name, physicalName: `${prefix}${name}`, kind, ...(insteadOf && { insteadOf }) })
  }
  for (const { input } of plan.stages) add(input.stream, input.kind, insteadOfStream(input))
  for (const stage of plan.stages) for (const stream of sinkStreams(stage)) add(stream, 'sink')
  return { table: `${prefix}${plan.name}`, streams: [...streams.values()] }
}

/** Name of a stage's function. */
export const functionName = (plan: Pick<Plan, 'name'>, stage: Pick<Stage, 'name'>, prefix = ''): string =>
  `${prefix}${plan.name}-${stage.name}`

/** Where a deployed stage reads, if not in a stream. */
export const insteadOfStream = (input: Stage['input']): KafkaTopic | Folder | undefined =>
  topicOf(input) ?? folderSourceOf(input)?.from

/** The topic that a deployed stage reads in place of a stream. */
export function topicOf(input: Stage['input']): KafkaTopic | undefined {
  const from = originOf(input)
  return from?.kind === 'kafka' ? from : undefined
}

/** The source of a stage, where that reads files in place of a stream. */
export const folderSourceOf = (input: Stage['input']): FolderSource | undefined =>
  input.kind === 'source' && isOfFolder(input.source) ? input.source : undefined

const isOfFolder = (source: SourceNode): source is FolderSource => source.from?.kind === 'folder'

/** What a deployed stage puts on its stream itself, if it does. */
export function feedOf(input: Stage['input']): Feed | undefined {
  const from = originOf(input)
  return from?.kind === 'sqs' || from?.kind === 'dynamodb' ? from : undefined
}

const originOf = (input: Stage['input']): SourceOrigin | undefined =>
  input.kind === 'source' ? input.source.from : undefined

const sinkStreams = ({ sinks }: Stage): readonly string[] =>
  sinks.flatMap(sink => (sink.kind === 'stream' ? [sink.stream] : []))
