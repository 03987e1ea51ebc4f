import type { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch'
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { Architecture, IEventSource } from 'aws-cdk-lib/aws-lambda'
import type { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import type { Plan } from '../shared/plan/plan.ts'
import type { Bundling } from './bundling.ts'
import type { AnyTable } from './table.ts'

/** What is asked of a bucket: a Bucket is no IBucket under `exactOptionalPropertyTypes`. */
export type AnyBucket = Pick<IBucket, 'bucketArn' | 'bucketName' | 'arnForObjects' | 'encryptionKey'>

/** What a source reads: see PipelineProps. */
export type SourceProp = IStream | IEventSource | AnyBucket

/** What a deployment is told beside its pipeline and its handlers. Everything but the user's own streams has a default. */
export type PipelineProps = {
  /** As `pipeline(...)` made it. */
  readonly pipeline: { readonly plan: Plan }
  /**
   * The module that exports the handlers, each under its stage's name, in camel case where that is no identifier: `topClients` for the
   * stage `top-clients`. A path as of the working directory.
   */
  readonly entry: string
  /**
   * The stream of each source, by the source's name; of one that reads a Kafka topic the event source, as `new ManagedKafkaEventSource(...)` or
   * `new SelfManagedKafkaEventSource(...)` of aws-cdk-lib/aws-lambda-event-sources. Let that begin at TRIM_HORIZON, and try for ever:
   * records that it gives up on are lost. Of one that has a feed `new SqsEventSource(queue, { reportBatchItemFailures: true })` or
   * `new DynamoEventSource(...)`: the stream between is made, with the stage's options. Of one that reads files the
   * bucket: it is looked through once a minute, and whenever something else invokes the source's function, as a notification of the bucket.
   */
  readonly source: { readonly [source: string]: SourceProp }
  /** The stream of each `toStream`, by the stream's name in the program. @default {} */
  readonly sinks?: { readonly [stream: string]: IStream }
  /** Where `toFiles` writes. @default none: a pipeline that has file sinks needs one */
  readonly bucket?: AnyBucket
  /** An existing table with the keys `pk` and `sk`, both strings, and the time to live `expires`. @default one of its own */
  readonly table?: AnyTable
  /** Existing shuffle streams, by the stage that they feed. @default one of its own for each stage behind a shuffle */
  readonly shuffle?: { readonly [stage: string]: IStream }
  /** What the names of the table, the streams and the functions begin with: keeps deployments in one account apart. @default '' */
  readonly prefix?: string
  /** Options of single stages, by name, before those of all. @default {} */
  readonly stages?: { readonly [stage: string]: StageOptions }
  /** Options of every stage that does not say otherwise. @default {} */
  readonly everyStage?: Omit<StageOptions, 'startAt'>
  /**
   * How long shuffle streams, and those of sources with a feed, keep records: the longest stop of a stage that loses nothing. 1 to 365 days.
   *
   * @default 24 hours
   */
  readonly retention?: Duration
  /** A key of yours for the table and the shuffle streams. @default the keys that AWS keeps for DynamoDB and Kinesis */
  readonly encryptionKey?: IKey
  /**
   * What becomes of the table, the shuffle streams and the logs when they leave the stack.
   *
   * @default RemovalPolicy.RETAIN for the table, RETAIN_ON_UPDATE_OR_DELETE for the others: a first deployment that fails takes them back
   */
  readonly removalPolicy?: RemovalPolicy
  /** Whether DynamoDB refuses to delete the table. @default true, unless `removalPolicy` says to destroy it */
  readonly deletionProtection?: boolean
  /** @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays
  /** X-Ray traces of every function. @default false */
  readonly tracing?: boolean
  /** @default Architecture.ARM_64 */
  readonly architecture?: Architecture
  /** Further variables of every function. Names that begin with MILLRACE_, and POWERTOOLS_SERVICE_NAME, are the construct's. @default {} */
  readonly environment?: { readonly [name: string]: string }
  /** What differs from the construct's own way of bundling. @default {} */
  readonly bundling?: Partial<Bundling>
  /** `false`: no alarms. @default see AlarmOptions */
  readonly alarms?: AlarmOptions | false
  /** Whether to make a dashboard, named like the table and the region: an account's dashboards are those of all regions. @default true */
  readonly dashboard?: boolean
  /** Tags of everything, beside `millrace:pipeline` and `millrace:stage`. @default {} */
  readonly tags?: { readonly [name: string]: string }
}

/** What a stage may be told: its stream, its function and the mapping between them. */
export type StageOptions = {
  /** Shards of the stream: of a shuffle at most one for each key group, of a source that has a feed. @default 1 */
  readonly shards?: number
  /** That stream scales by itself, and is paid by what passes. It excludes `shards`. @default false */
  readonly onDemand?: boolean
  /** MiB. @default 1024 */
  readonly memoryMiB?: number
  /**
   * Where the function runs, to reach brokers and services of your own. The subnets need ways to DynamoDB, Kinesis and all else that the stage
   * calls: endpoints or a NAT. @default none: it reaches what the internet does
   */
  readonly vpc?: IVpc
  /** Those of the `vpc` that it runs in. @default its private subnets */
  readonly vpcSubnets?: SubnetSelection
  /** What the brokers let in. @default one of its own, which may call everything */
  readonly securityGroups?: readonly ISecurityGroup[]
  /** Of one invocation, 15 minutes at most. @default 1 minute */
  readonly timeout?: Duration
  /** Records that an invocation is handed at most, 1 to 10,000. One commit pays for all of them. @default 1000 */
  readonly batchSize?: number
  /** How long to wait for a full batch, 5 minutes at most. @default 1 second */
  readonly batchingWindow?: Duration
  /**
   * Whether a batch whose invocation failed is handed over in halves. Results are exact either way; a batch that needs more memory or
   * time than the function has gets through only in pieces. @default true
   */
  readonly bisect?: boolean
  /** Reads through a registered consumer, with 2 MB/s of its own. @default false */
  readonly enhancedFanOut?: boolean
  /**
   * Source stages: records that arrived before it are left out. For the first deployment: a change means another mapping, which Lambda
   * refuses while the old one is there. @default all records that the stream still has
   */
  readonly startAt?: Date
  /** Must be 1: several invocations at once on a shard would break the order of its records. @default 1 */
  readonly parallelizationFactor?: number
  /** Must be -1: if Lambda gave up on a batch, half of its effects could stand. @default -1, unlimited */
  readonly retryAttempts?: number
  /** Must be left out: a batch that Lambda drops for its age is lost. @default unlimited */
  readonly maxRecordAge?: Duration
}

/** When to raise an alarm, and whom to tell. */
export type AlarmOptions = {
  /** What every alarm does, beside being seen. @default [] */
  readonly actions?: readonly IAlarmAction[]
  /** A stage's oldest record waits this long: it is stuck, or too slow. @default 5 minutes */
  readonly iteratorAge?: Duration
  /** A stage's event time lags this far behind the clock; `false` where old data is replayed. @default 15 minutes */
  readonly watermarkLag?: Duration | false
}
