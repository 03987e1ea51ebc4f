import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { CfnStream, type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import type { IEventSource } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import type { Stage } from '../shared/plan/plan.ts'
import { resourcesOf } from '../shared/plan/resources.ts'
import type { AnyBucket, PipelineProps, SourceProp } from './props.ts'
import { isResource } from './resource-type.ts'
import { stageOptions } from './stage-options.ts'

/**
 * The streams of a pipeline by their names in the program: the user's as passed in, those between stages made unless passed in, those of sources
 * that have a feed made.
 */
export class Streams extends Construct {
  /** Those between stages. */
  readonly shuffle: readonly string[]
  readonly #streams: ReadonlyMap<string, IStream>

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id)
    const { plan } = props.pipeline
    const streams = resourcesOf(plan, props.prefix).streams.filter(({ insteadOf }) => insteadOf === undefined)
    const receivers = new Map(plan.stages.map(stage => [stage.input.stream, stage]))
    const streamOf = (name: string, physicalName: string): IStream => {
      const passed = passedIn(props, name, receivers.get(name))
      return passed ?? ownStream(this, receivers.get(name)?.name ?? name, physicalName, props)
    }
    this.shuffle = streams.filter(({ kind }) => kind === 'shuffle').map(({ name }) => name)
    this.#streams = new Map(streams.map(({ name, physicalName }) => [name, streamOf(name, physicalName)]))
  }

  named(name: string): IStream {
    const stream = this.#streams.get(name)
    if (stream === undefined) throw new RangeError(`Cannot find stream "${name}": the pipeline has no such stream`)
    return stream
  }

  /** Names on AWS by the names in the program, as a function finds them in its environment. */
  toJson(names: readonly string[]): string {
    return Stack.of(this).toJsonString(Object.fromEntries(names.map(name => [name, this.named(name).streamName])))
  }
}

/** The stream that the user has for a name in the program, if any. */
export function passedIn(props: PipelineProps, name: string, receiver: Stage | undefined): IStream | undefined {
  if (receiver === undefined) return props.sinks?.[name]
  if (receiver.input.kind !== 'source') return props.shuffle?.[receiver.name]
  const given = props.source[name]
  return given === undefined || isEventSource(given) || isBucket(given) ? undefined : given
}

/** What hands over the records of a source that reads no stream, if the user gave any. */
export function eventSourceOf({ source }: PipelineProps, name: string): IEventSource | undefined {
  const given = source[name]
  return given !== undefined && isEventSource(given) ? given : undefined
}

/** The bucket whose files a source reads, if the user gave any. */
export function bucketOf({ source }: PipelineProps, name: string): AnyBucket | undefined {
  const given = source[name]
  return given !== undefined && isBucket(given) ? given : undefined
}

const isEventSource = (given: SourceProp): given is IEventSource => 'bind' in given
const isBucket = (given: SourceProp): given is AnyBucket => 'bucketArn' in given

/** Whether Kinesis ignores the keys of a stream's records and deals them out evenly. Of an imported stream nobody knows. */
export function distributesByItself(stream: IStream): boolean {
  const strategy = resourceOf(stream)?.recordDistributionStrategy
  return strategy !== undefined && strategy !== byPartitionKey
}

const byPartitionKey = 'USER_PARTITION_KEY'

const resourceOf = ({ node: { defaultChild } }: IStream): CfnStream | undefined =>
  isResource(defaultChild, CfnStream) ? defaultChild : undefined

function ownStream(scope: Construct, stage: string, streamName: string, props: PipelineProps): IStream {
  const { shards = 1, onDemand = false } = stageOptions(props, stage)
  const { encryptionKey } = props
  const stream = new Stream(scope, stage, {
    streamName,
    ...(onDemand ? { streamMode: StreamMode.ON_DEMAND } : { streamMode: StreamMode.PROVISIONED, shardCount: shards }),
    retentionPeriod: props.retention ?? Duration.hours(24),
    ...(encryptionKey === undefined
      ? { encryption: StreamEncryption.MANAGED }
      : { encryption: StreamEncryption.KMS, encryptionKey }),
    removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  })
  const resource = resourceOf(stream)
  if (onDemand && resource !== undefined) resource.recordDistributionStrategy = byPartitionKey
  return stream
}
