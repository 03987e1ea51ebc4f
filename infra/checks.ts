import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { tableKeys } from '../shared/aws/table-keys.ts'
import type { Plan, Stage } from '../shared/plan/plan.ts'
import { feedOf, functionName, insteadOfStream, resourcesOf } from '../shared/plan/resources.ts'
import type { Folder, KafkaTopic } from '../shared/plan/source.ts'
import { wrongFeed } from './feed-checks.ts'
import type { PipelineProps, StageOptions } from './props.ts'
import { stageOptions } from './stage-options.ts'
import { bucketOf, distributesByItself, eventSourceOf, passedIn } from './streams.ts'
import type { AnyTable } from './table.ts'

/** What is wrong with the props, as the ends of sentences that begin with what cannot be done. */
export function wrongProps(props: PipelineProps): string[] {
  const { plan } = props.pipeline
  return [
    ...unknownNames(props),
    ...wrongStreams(props),
    ...plan.stages.flatMap(stage => wrongOptions(stage, stageOptions(props, stage.name), props)),
    ...wrongNames(props),
    ...wrongRest(props),
  ]
}

function unknownNames({ pipeline: { plan }, source, sinks, shuffle, stages }: PipelineProps): string[] {
  const { streams } = resourcesOf(plan)
  const sourceNames = streams.filter(({ kind }) => kind === 'source').map(({ name }) => name)
  const sinkNames = streams.filter(({ kind }) => kind === 'sink').map(({ name }) => name)
  const shuffled = plan.stages.filter(({ input }) => input.kind === 'shuffle').map(({ name }) => name)
  return [
    ...unknown('source', source, sourceNames, 'the pipeline has no such source'),
    ...unknown('sinks', sinks, sinkNames, 'the pipeline writes to no such stream'),
    ...unknown('shuffle', shuffle, shuffled, 'the pipeline has no such stage behind a shuffle'),
    ...unknown(
      'stages',
      stages,
      plan.stages.map(({ name }) => name),
      'the pipeline has no such stage',
    ),
  ]
}

function unknown(prop: string, given: object | undefined, known: readonly string[], what: string): string[] {
  const expected = known.length === 0 ? 'none' : `one of ${known.map(name => `"${name}"`).join(', ')}`
  return Object.keys(given ?? {}).flatMap(name =>
    known.includes(name) ? [] : [`${prop} names "${name}" and ${what}, expected ${expected}`],
  )
}

function wrongStreams(props: PipelineProps): string[] {
  const { plan } = props.pipeline
  return resourcesOf(plan).streams.flatMap(({ name, kind, insteadOf }) => {
    if (insteadOf?.kind === 'kafka') return wrongTopic(props, name, insteadOf)
    if (insteadOf?.kind === 'folder') return wrongFolder(props, name, insteadOf)
    const receiver = plan.stages.find(({ input }) => input.stream === name)
    const feed = receiver && feedOf(receiver.input)
    if (feed !== undefined) return wrongFeed(props, name, feed)
    const local = localOnly(plan, name)
    if (local !== undefined) return [local]
    if (bucketOf(props, name) !== undefined) {
      return [`source "${name}" reads a Kinesis stream and has a bucket, expected a stream`]
    }
    if (eventSourceOf(props, name) !== undefined) {
      return [`source "${name}" reads a Kinesis stream and has an event source, expected a stream`]
    }
    const stream = passedIn(props, name, receiver)
    if (stream !== undefined) {
      if (!distributesByItself(stream)) return []
      return [
        `stream "${name}" deals its records out over the shards by itself, which breaks the order of each key, expected the record distribution strategy USER_PARTITION_KEY`,
      ]
    }
    if (kind === 'shuffle') return []
    const prop = kind === 'source' ? 'source' : 'sinks'
    return [`${kind} "${name}" has no stream, expected one as in { ${prop}: { '${name}': stream } }`]
  })
}

function wrongTopic(props: PipelineProps, name: string, { topic }: KafkaTopic): string[] {
  if (eventSourceOf(props, name) !== undefined) return []
  const found = props.source[name] === undefined ? 'no event source' : 'a stream'
  return [
    `source "${name}" reads Kafka topic "${topic}" and has ${found}, expected an event source as in { source: { '${name}': new ManagedKafkaEventSource({ clusterArn, topic: '${topic}', startingPosition: StartingPosition.TRIM_HORIZON }) } }`,
  ]
}

/** Why a source cannot be deployed at all. */
function localOnly({ stages }: Plan, name: string): string | undefined {
  const input = stages.find(stage => stage.name === name)?.input
  const kind = input?.kind === 'source' ? input.source.from?.kind : undefined
  if (kind !== 'rate' && kind !== 'socket') return undefined
  return `source "${name}" is ${kind === 'rate' ? 'a rate' : 'a socket'}, for trying a program out, expected another to deploy: leave its from out to read a stream`
}

function wrongFolder(props: PipelineProps, name: string, { folder }: Folder): string[] {
  if (bucketOf(props, name) !== undefined) return []
  const found = props.source[name] === undefined ? 'no bucket' : 'something else'
  return [
    `source "${name}" reads files of folder "${folder}" and has ${found}, expected their bucket as in { source: { '${name}': bucket } }`,
  ]
}

/** As many lanes as emit/sink-key has: more shards would have nothing to do. */
const mostFedShards = 1_024

/** Lambda's and Kinesis' limits, as their developer guides have them. */
function wrongOptions(stage: Stage, options: StageOptions, props: PipelineProps): string[] {
  const wrong: string[] = []
  const expect = (isRight: boolean, what: string): void => {
    if (!isRight) wrong.push(`stage "${stage.name}" ${what}`)
  }
  const { parallelizationFactor = 1, retryAttempts = -1, maxRecordAge, startAt } = options
  expect(
    parallelizationFactor === 1,
    `has a parallelization factor of ${parallelizationFactor}, which breaks the order within a shard, expected 1: more shards do more at once`,
  )
  expect(
    retryAttempts === -1,
    `is to be tried ${retryAttempts} times, after which half of a batch's effects could stand, expected -1: records that fail for good become dead letters`,
  )
  expect(
    maxRecordAge === undefined,
    `is to drop records of an age of ${maxRecordAge?.toHumanString()}, which loses them, expected no limit`,
  )
  const isPlaced = options.vpcSubnets !== undefined || options.securityGroups !== undefined
  expect(options.vpc !== undefined || !isPlaced, 'has subnets or security groups and no VPC, expected vpc as well')
  const { batchSize = 1, memoryMiB = 1024, timeout, batchingWindow, shards = 1, onDemand = false } = options
  expect(isWithin(batchSize, 1, 10_000), `has a batch size of ${batchSize}, expected 1 to 10000`)
  expect(isWithin(memoryMiB, 128, 10_240), `has ${memoryMiB} MiB of memory, expected 128 to 10240`)
  const timeoutSeconds = timeout?.toSeconds({ integral: false }) ?? 60
  expect(isWithin(timeoutSeconds, 1, 900), `has a timeout of ${timeoutSeconds} s, expected whole seconds from 1 to 900`)
  const windowSeconds = batchingWindow?.toSeconds({ integral: false }) ?? 0
  expect(
    isWithin(windowSeconds, 0, 300),
    `waits ${windowSeconds} s for a full batch, expected whole seconds from 0 to 300`,
  )
  const isTwofold = onDemand && options.shards !== undefined
  if (stage.input.kind === 'source') {
    const own = props.stages?.[stage.name]
    const isFed = feedOf(stage.input) !== undefined
    expect(isFed || own?.shards === undefined, 'reads a stream of yours and has no shards to choose, expected none')
    expect(isFed || own?.onDemand === undefined, 'reads a stream of yours and has no mode to choose, expected none')
    expect(!isFed || isWithin(shards, 1, mostFedShards), `has ${shards} shards, expected 1 to ${mostFedShards}`)
    expect(!isFed || !isTwofold, 'has an on-demand stream and shards, expected one of the two')
    const ofMapping = ['batchSize', 'batchingWindow', 'bisect', 'enhancedFanOut', 'startAt'] as const
    const other = insteadOfStream(stage.input)
    for (const option of other === undefined ? [] : ofMapping) {
      const what =
        other?.kind === 'kafka'
          ? `reads a Kafka topic and has ${option}, expected that on its event source`
          : `reads files and has ${option}, expected none: they are read as they come`
      expect(own?.[option] === undefined, what)
    }
    const isTime = startAt === undefined || Number.isFinite(startAt.getTime())
    expect(isTime, "begins at a date that is none, expected one as in new Date('2026-01-31T00:00:00Z')")
    return wrong
  }
  expect(startAt === undefined, 'is behind a shuffle and must read all of its stream, expected no startAt')
  const { groups } = stage.input
  expect(isWithin(shards, 1, groups), `has ${shards} shards, expected 1 to ${groups}, one for each key group`)
  expect(!isTwofold, 'has an on-demand stream and shards, expected one of the two')
  const isChosen = props.stages?.[stage.name]?.shards !== undefined || props.stages?.[stage.name]?.onDemand === true
  expect(
    props.shuffle?.[stage.name] === undefined || !isChosen,
    'has an existing stream and a choice of shards, expected one of the two',
  )
  return wrong
}

const isWithin = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && least <= value && value <= most

function wrongNames(props: PipelineProps): string[] {
  const {
    pipeline: { plan },
    prefix = '',
    table,
  } = props
  if (!/^[A-Za-z0-9_-]*$/.test(prefix)) {
    return [`prefix "${prefix}" cannot begin a name, expected letters, digits, "-" and "_"`]
  }
  const fed = plan.stages.flatMap(({ input }) => (feedOf(input) === undefined ? [] : [input.stream]))
  const names = [
    ...plan.stages.map(stage => ({ kind: 'function', name: functionName(plan, stage, prefix), most: 64 })),
    ...resourcesOf(plan, prefix)
      .streams.filter(({ name, kind }) => kind === 'shuffle' || fed.includes(name))
      .map(({ physicalName }) => ({ kind: 'stream', name: physicalName, most: 128 })),
  ]
  const long = names.flatMap(({ kind, name, most }) =>
    name.length <= most ? [] : [`${kind} "${name}" has a name of ${name.length} characters, expected at most ${most}`],
  )
  const { table: tableName } = resourcesOf(plan, prefix)
  const isShort = table === undefined && tableName.length < 3
  return isShort
    ? [...long, `table "${tableName}" has a name of ${tableName.length} characters, expected 3 or more`]
    : long
}

function wrongRest({ pipeline: { plan }, bucket, table, retention, environment }: PipelineProps): string[] {
  const files = plan.stages.flatMap(({ sinks }) => sinks.filter(sink => sink.kind === 'files'))
  const hours = retention?.toHours({ integral: false }) ?? 24
  return [
    ...(bucket === undefined ? files : []).map(
      ({ name }) => `sink "${name}" writes files and there is no bucket, expected one as in { bucket }`,
    ),
    ...Object.keys(environment ?? {})
      .filter(name => name.startsWith('MILLRACE_') || name === 'POWERTOOLS_SERVICE_NAME')
      .map(name => `environment sets "${name}", which the construct does, expected another name`),
    ...(isWithin(hours, 24, 8_760)
      ? []
      : [`streams are to keep records for ${hours} h, expected whole hours from 24 to 8760`]),
    ...(table !== undefined && isMade(table) ? wrongKeys(table) : []),
  ]
}

/** Whether the table tells its keys: of an imported one nobody knows. Not by its class, which an app may have in a copy of its own. */
const isMade = (table: AnyTable): table is Table => 'schemaV2' in table

function wrongKeys(table: Table): string[] {
  const { partitionKeys, sortKeys } = table.schemaV2()
  const found = [partitionKeys, sortKeys]
    .map(keys => keys.map(({ name, type }) => `${name} ${type}`).join(' and ') || 'none')
    .join(', ')
  const expected = `${tableKeys.partition} S, ${tableKeys.sort} S`
  return found === expected ? [] : [`table "${table.node.id}" has the keys ${found}, expected ${expected}`]
}
