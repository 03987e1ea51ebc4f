import { type Command, Option } from 'commander'
import type { AwsSettings } from '../../shared/aws/settings.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { resourcesOf } from '../../shared/plan/resources.ts'
import { UsageError } from './command-line.ts'
import { collected, once } from './once.ts'

/** What commander finds of the options that `addAwsOptions` adds, and of `--data` beside them. */
export type AwsOptions = {
  readonly data?: string
  readonly endpoint?: string | undefined
  readonly aws?: true
  readonly region?: string | undefined
  readonly prefix?: string
  readonly table?: string | undefined
  readonly stream?: readonly string[] | undefined
}

/** Where on AWS, or on what speaks its interfaces, a command works. */
export type AwsPlace = {
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  /** Before the name of the table and of each stream. */
  readonly prefix: string
  /** Left out: the pipeline's own name, after the prefix. */
  readonly table?: string | undefined
  /** Names on AWS, by those in the program, of streams that are named otherwise. */
  readonly streams: Readonly<Record<string, string>>
}

/** The options of every command that works on a pipeline, on AWS as well as on a data folder. */
export function addAwsOptions(command: Command): Command {
  return addAwsReach(command)
    .option('--table <name>', 'the DynamoDB table (default: named like the pipeline)', once('--table'))
    .addOption(
      new Option('--stream <name=stream>', 'the Kinesis stream of a source, where the two have different names')
        .default([], 'none')
        .argParser(collected),
    )
}

/** Those of a command that works on streams alone. */
export function addAwsReach(command: Command): Command {
  return command
    .option('--endpoint <url>', 'work on LocalStack or its like at this address', once('--endpoint'))
    .option('--aws', "work on AWS, with the SDK's usual credentials and region")
    .option('--region <region>', 'the AWS region (default: as the SDK finds it)', once('--region'))
    .option('--prefix <text>', 'what the names of the table and of the streams begin with', once('--prefix'))
}

/** Undefined when the command works on a data folder. Throws a UsageError. */
export function awsPlace(options: AwsOptions): AwsPlace | undefined {
  const { data, endpoint, aws } = options
  if (endpoint === undefined && !aws) {
    refuseWithout(options)
    return undefined
  }
  const way = endpoint === undefined ? '--aws' : '--endpoint'
  if (data !== undefined) {
    throw new UsageError(`Cannot use --data and ${way}: they exclude each other, give one of them`)
  }
  if (endpoint !== undefined && aws) {
    throw new UsageError('Cannot use --endpoint and --aws: they exclude each other, give one of them')
  }
  const { region, prefix = '', table, stream = [] } = options
  if (endpoint !== undefined) checkEndpoint(endpoint)
  return { endpoint, region, prefix, table, streams: streamsFrom(stream) }
}

/**
 * Where a pipeline is, by the names that the CDK gives as well. At an endpoint, where the environment names no credentials, the clients
 * use dummy ones (shared/aws): emulators take any.
 */
export function awsSettings(place: AwsPlace, plan: Plan): AwsSettings {
  const { table, streams } = resourcesOf(plan, place.prefix)
  return {
    ...reach(place),
    table: place.table ?? table,
    streams: Object.fromEntries(streams.map(({ name }) => [name, streamOnAws(place, name)])),
  }
}

/** The same for who knows the pipeline by its name alone: streams go by their names on AWS. */
export const awsSettingsOfName = (place: AwsPlace, pipeline: string): AwsSettings => ({
  ...reach(place),
  table: place.table ?? `${place.prefix}${pipeline}`,
})

export const streamOnAws = ({ streams, prefix }: AwsPlace, name: string): string => streams[name] ?? `${prefix}${name}`

const reach = ({ endpoint, region }: AwsPlace) => ({
  ...(endpoint === undefined ? {} : { endpoint }),
  ...(region === undefined ? {} : { region }),
})

function refuseWithout({ region, prefix, table, stream = [] }: AwsOptions): void {
  const given = Object.entries({ region, prefix, table, stream: stream[0] })
  const lost = given.find(([, value]) => value !== undefined)?.[0]
  if (lost !== undefined) throw new UsageError(`Cannot use --${lost}: it is about AWS, add --aws or --endpoint URL`)
}

function streamsFrom(texts: readonly string[]): Record<string, string> {
  const streams: Record<string, string> = {}
  for (const text of texts) {
    const [, name, stream] = /^([^=]+)=([^=]+)$/.exec(text) ?? []
    if (name === undefined || stream === undefined) {
      throw new UsageError(`Cannot read --stream "${text}": expected NAME=STREAM, as in --stream trades=my-trades`)
    }
    if (name in streams) {
      throw new UsageError(`Cannot read --stream "${text}": "${name}" has one already, give each name one stream`)
    }
    streams[name] = stream
  }
  return streams
}

function checkEndpoint(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return
  throw new UsageError(
    `Cannot use --endpoint "${text}": it is not an address, expected something like http://127.0.0.1:4566`,
  )
}
