import { Token } from 'aws-cdk-lib'
import { CfnQueue } from 'aws-cdk-lib/aws-sqs'
import type { Feed } from '../shared/plan/source.ts'
import type { PipelineProps } from './props.ts'
import { isResource } from './resource-type.ts'
import { stageOptions } from './stage-options.ts'
import { bucketOf, eventSourceOf } from './streams.ts'

/** What is wrong with what feeds a source, as the ends of sentences. Of what an event source does not show nobody knows. */
export function wrongFeed(props: PipelineProps, source: string, feed: Feed): string[] {
  const given = eventSourceOf(props, source)
  if (given === undefined || feedIn(given) === otherThan[feed.kind]) {
    return [
      `source "${source}" reads ${whats[feed.kind]} and has ${foundFor(props, source)}, expected its event source as in { source: { '${source}': ${examples[feed.kind]} } }`,
    ]
  }
  const wrong = feed.kind === 'sqs' ? wrongQueue(given, feed, secondsOf(props, source)) : wrongTable(given)
  return wrong.map(what => `source "${source}" has an event source ${what}`)
}

function foundFor(props: PipelineProps, source: string): string {
  if (props.source[source] === undefined) return 'no event source'
  if (bucketOf(props, source) !== undefined) return 'a bucket'
  return eventSourceOf(props, source) === undefined ? 'a stream' : 'another one'
}

const whats = { sqs: 'a queue of SQS', dynamodb: 'the stream of a DynamoDB table' } as const
const otherThan = { sqs: 'dynamodb', dynamodb: 'sqs' } as const
const examples = {
  sqs: 'new SqsEventSource(queue, { reportBatchItemFailures: true })',
  dynamodb: 'new DynamoEventSource(table, { startingPosition: StartingPosition.TRIM_HORIZON })',
} as const

/** What the CDK's own event sources show of themselves. */
function feedIn(eventSource: object): Feed['kind'] | undefined {
  if ('queue' in eventSource) return 'sqs'
  return 'table' in eventSource ? 'dynamodb' : undefined
}

/** The stage's timeout. */
const secondsOf = (props: PipelineProps, stage: string): number =>
  stageOptions(props, stage).timeout?.toSeconds({ integral: false }) ?? 60

/** SQS: what a queue has that says nothing of them. */
const defaultRetentionSeconds = 345_600
const defaultVisibilitySeconds = 30

function wrongQueue(eventSource: object, { rememberMs }: Feed, timeoutSeconds: number): string[] {
  const wrong: string[] = []
  if ('props' in eventSource && Reflect.get(Object(eventSource.props), 'reportBatchItemFailures') !== true) {
    wrong.push(
      'that does not report failures message by message, so what no stream takes for its size would be lost, expected reportBatchItemFailures: true',
    )
  }
  const queue = resourceOf('queue' in eventSource ? eventSource.queue : undefined)
  if (queue === undefined) return wrong
  const { messageRetentionPeriod = defaultRetentionSeconds, visibilityTimeout = defaultVisibilitySeconds } = queue
  // What a parameter of the stack says is known when it is deployed.
  if (Token.isUnresolved(messageRetentionPeriod) || Token.isUnresolved(visibilityTimeout)) return wrong
  const rememberSeconds = rememberMs / 1_000
  if (messageRetentionPeriod > rememberSeconds) {
    wrong.push(
      `of a queue that keeps messages for ${messageRetentionPeriod} s and the program remembers their ids for ${rememberSeconds} s, so one that comes again could count twice, expected sqs({ remember }) of more than the queue's retention`,
    )
  }
  if (visibilityTimeout < timeoutSeconds) {
    wrong.push(
      `of a queue that gives messages out again after ${visibilityTimeout} s, while the function may take ${timeoutSeconds} s, which Lambda refuses, expected a visibility timeout of at least that, better of six times as much`,
    )
  }
  return wrong
}

const resourceOf = (queue: unknown): CfnQueue | undefined => {
  const { defaultChild } = Object(Object(queue).node)
  return isResource(defaultChild, CfnQueue) ? defaultChild : undefined
}

function wrongTable(eventSource: object): string[] {
  const { retryAttempts, maxRecordAge, tumblingWindow } = Object('props' in eventSource ? eventSource.props : undefined)
  const gives = retryAttempts !== undefined && retryAttempts !== -1
  return [
    ...(gives ? [`that gives up on changes after ${retryAttempts} tries, which loses them, expected no limit`] : []),
    ...(maxRecordAge === undefined ? [] : ['that drops changes by their age, which loses them, expected no limit']),
    ...(tumblingWindow === undefined
      ? []
      : ["with a tumbling window, whose state the stage does not keep, expected none: windows are the pipeline's"]),
  ]
}
