import { Duration } from 'aws-cdk-lib'
import type { Role } from 'aws-cdk-lib/aws-iam'
import { type IStream, StreamConsumer } from 'aws-cdk-lib/aws-kinesis'
import { CfnEventSourceMapping, type IFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import type { Stage } from '../shared/plan/plan.ts'
import { readAsConsumer } from './permissions.ts'
import type { StageOptions } from './props.ts'

export type EventSourceProps = {
  readonly stage: Stage
  readonly stream: IStream
  readonly target: IFunction
  readonly role: Role
  readonly options: StageOptions
  /** Of the registered consumer, where there is one. */
  readonly consumerName: string
}

/**
 * The mapping from a stage's stream to its function, as the protocol needs it: one invocation at a time on a shard, failed items
 * reported, and a batch retried until it is dealt with. It begins at the oldest record, never at the newest: a mapping that is replaced
 * reads again what its predecessor did, and the stage drops that by position.
 */
export class EventSource extends Construct {
  constructor(scope: Construct, id: string, { stage, stream, target, role, options, consumerName }: EventSourceProps) {
    super(scope, id)
    const { batchSize = 1_000, batchingWindow = Duration.seconds(1), bisect = true, enhancedFanOut, startAt } = options
    const mapping = new CfnEventSourceMapping(this, 'Mapping', {
      functionName: target.functionArn,
      eventSourceArn: enhancedFanOut ? this.#consumer(stream, role, consumerName) : stream.streamArn,
      functionResponseTypes: ['ReportBatchItemFailures'],
      parallelizationFactor: 1,
      maximumRetryAttempts: -1,
      maximumRecordAgeInSeconds: -1,
      bisectBatchOnFunctionError: bisect,
      batchSize,
      maximumBatchingWindowInSeconds: batchingWindow.toSeconds(),
      ...(stage.input.kind === 'source' && startAt !== undefined
        ? { startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: startAt.getTime() / 1_000 }
        : { startingPosition: 'TRIM_HORIZON' }),
    })
    // Lambda looks at the stream in the role's name when the mapping is made.
    mapping.node.addDependency(role)
  }

  #consumer(stream: IStream, role: Role, streamConsumerName: string): string {
    const { streamConsumerArn } = new StreamConsumer(this, 'Consumer', { stream, streamConsumerName })
    role.addToPolicy(readAsConsumer(streamConsumerArn))
    return streamConsumerArn
  }
}
