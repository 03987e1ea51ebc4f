import { Duration, Tags } from 'aws-cdk-lib'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs'
import { Construct } from 'constructs'
import type { Stage } from '../shared/plan/plan.ts'
import { feedOf, folderSourceOf, functionName, insteadOfStream, resourcesOf } from '../shared/plan/resources.ts'
import { EventSource } from './event-source.ts'
import { FolderReading } from './folder-reading.ts'
import { FunctionGround, functionSettings } from './function-ground.ts'
import { acknowledgeTableStreams } from './nag.ts'
import { allowFiles, allowNetwork, readStream, stageItems, useKeysOf, writeStream } from './permissions.ts'
import type { PipelineProps, StageOptions } from './props.ts'
import { stageOptions } from './stage-options.ts'
import { bucketOf, eventSourceOf, type Streams } from './streams.ts'
import type { AnyTable } from './table.ts'

/** A stage and what it works with. */
export type StageSetting = {
  readonly stage: Stage
  /** What the entry exports the stage's handler as. */
  readonly handler: string
  readonly table: AnyTable
  readonly streams: Streams
  readonly props: PipelineProps
}

/** One stage: its function, its role, its log, and the mapping that hands it the records of its stream. */
export class StageFunction extends Construct {
  readonly function: NodejsFunction

  constructor(scope: Construct, id: string, setting: StageSetting) {
    super(scope, id)
    const { stage, handler, table, streams, props } = setting
    const { plan } = props.pipeline
    const options = stageOptions(props, stage.name)
    const physicalName = functionName(plan, stage, props.prefix)
    const description = `Stage "${stage.name}" of pipeline "${plan.name}"`
    const { logGroup, role } = new FunctionGround(this, 'Ground', { description, props })
    for (const statement of statementsOf(setting)) role.addToPolicy(statement)
    if (options.vpc !== undefined) allowNetwork(role)
    const files = stage.sinks.filter(sink => sink.kind === 'files')
    const bucket = files.length > 0 ? props.bucket : undefined
    if (bucket !== undefined) for (const { name } of files) allowFiles(role, bucket, name)

    const { environment, ...settings } = functionSettings(props)
    this.function = new NodejsFunction(this, 'Function', {
      ...settings,
      functionName: physicalName,
      description,
      entry: props.entry,
      handler: `index.${handler}`,
      memorySize: options.memoryMiB ?? 1024,
      timeout: options.timeout ?? Duration.minutes(1),
      role,
      logGroup,
      ...networkOf(options),
      environment: {
        ...environment,
        // Metrics and logs of deployments of one pipeline are told apart by it: see functions/observed.ts.
        POWERTOOLS_SERVICE_NAME: resourcesOf(plan, props.prefix).table,
        MILLRACE_TABLE: table.tableName,
        MILLRACE_STREAMS: streams.toJson([...inputOf(stage), ...outputsOf(stage)]),
        ...(bucket === undefined ? {} : { MILLRACE_BUCKET: bucket.bucketName }),
      },
    })
    const eventSource = eventSourceOf(props, stage.name)
    for (const input of inputOf(stage)) {
      const stream = streams.named(input)
      new EventSource(this, 'Records', {
        stage,
        stream,
        target: this.function,
        role,
        options,
        consumerName: physicalName,
      })
    }
    if (eventSource !== undefined) this.function.addEventSource(eventSource)
    if (feedOf(stage.input)?.kind === 'dynamodb') acknowledgeTableStreams(role)
    const source = folderSourceOf(stage.input)
    const folderBucket = bucketOf(props, stage.name)
    if (source !== undefined && folderBucket !== undefined) {
      new FolderReading(this, 'Files', { source, bucket: folderBucket, target: this.function, role })
    }
    Tags.of(this).add('millrace:stage', stage.name)
  }
}

const networkOf = ({ vpc, vpcSubnets, securityGroups }: StageOptions) =>
  vpc === undefined
    ? {}
    : { vpc, ...(vpcSubnets && { vpcSubnets }), ...(securityGroups && { securityGroups: [...securityGroups] }) }

/** The stream that a stage reads, if it reads one. */
const inputOf = ({ input }: Stage): string[] => (insteadOfStream(input) === undefined ? [input.stream] : [])

/** Streams that a stage puts to, by their names in the program: of a source that has a feed, its own too. */
const outputsOf = ({ input, shuffles, sinks }: Stage): string[] => [
  ...new Set([
    ...(feedOf(input) === undefined ? [] : [input.stream]),
    ...[...shuffles, ...sinks.filter(sink => sink.kind === 'stream')].map(({ stream }) => stream),
  ]),
]

function statementsOf({ stage, table, streams, props }: StageSetting): PolicyStatement[] {
  const inputs = inputOf(stage).map(stream => streams.named(stream))
  const outputs = outputsOf(stage).map(stream => streams.named(stream))
  return [
    ...inputs.map(readStream),
    ...outputs.map(writeStream),
    ...stageItems(props.pipeline.plan, stage, table.tableArn),
    ...useKeysOf([...inputs, ...outputs, table]),
  ]
}
