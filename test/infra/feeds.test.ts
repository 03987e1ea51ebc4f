import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Duration, type Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { Table } from 'aws-cdk-lib/aws-dynamodb'
import { Stream } from 'aws-cdk-lib/aws-kinesis'
import { StartingPosition } from 'aws-cdk-lib/aws-lambda'
import {
  DynamoEventSource,
  type DynamoEventSourceProps,
  SqsEventSource,
  type SqsEventSourceProps,
} from 'aws-cdk-lib/aws-lambda-event-sources'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Queue, type QueueProps } from 'aws-cdk-lib/aws-sqs'
import { AwsSolutionsChecks } from 'cdk-nag'
import { days, pipeline, sqs, utf8 } from 'millrace'
import type { PipelineProps } from '../../infra/props.ts'
import { newApp, wordCountIn } from './examples.ts'
import { users, words } from './fed-handlers.ts'

/** Remembers ids for less than a queue may keep messages. */
const forgetful = pipeline('queue-words', ({ source }) => ({
  counts: source('lines', { codec: utf8, from: sqs({ remember: days(5) }) })
    .keyBy('word', line => line)
    .count('counts'),
}))

const tableArn = 'arn:aws:dynamodb:eu-central-1:111122223333:table/users'
const tableStreamArn = `${tableArn}/stream/2026-01-01T00:00:00.000`

const entry = 'test/infra/fed-handlers.ts'
const unbundled = () => newApp({ 'aws:cdk:bundling-stacks': [] })
const startingPosition = StartingPosition.TRIM_HORIZON

const queueIn = (stack: Stack, props: QueueProps = {}): Queue =>
  new Queue(stack, 'Queue', { visibilityTimeout: Duration.minutes(6), ...props })

const fromQueue =
  (of: QueueProps = {}, props: SqsEventSourceProps = { reportBatchItemFailures: true }) =>
  (stack: Stack): Partial<PipelineProps> => ({
    pipeline: words,
    entry,
    source: { lines: new SqsEventSource(queueIn(stack, of), props) },
  })

const fromTable =
  (props: Partial<DynamoEventSourceProps> = {}) =>
  (stack: Stack): Partial<PipelineProps> => {
    const table = Table.fromTableAttributes(stack, 'Users', { tableArn, tableStreamArn })
    return { pipeline: users, entry, source: { lines: new DynamoEventSource(table, { startingPosition, ...props }) } }
  }

/** The policies that name an action of a service. */
const policiesWith = (template: Template, action: string): string[] =>
  Object.values(template.findResources('AWS::IAM::Policy'))
    .map(policy => JSON.stringify(policy))
    .filter(policy => policy.includes(action))

describe('a source that reads a queue', () => {
  test('has a stream that is made, and a function that the queue and the stream invoke', () => {
    const app = unbundled()
    const { stack, pipeline: deployed } = wordCountIn(app, stack => ({
      ...fromQueue()(stack),
      stages: { lines: { shards: 3, batchSize: 500 } },
      retention: Duration.hours(48),
    }))
    const template = Template.fromStack(stack)
    const streams = template.findResources('AWS::Kinesis::Stream', {
      Properties: { Name: 'lines', ShardCount: 3, RetentionPeriodHours: 48, StreamEncryption: Match.anyValue() },
    })
    const [stream] = Object.keys(streams)
    const functions = template.findResources('AWS::Lambda::Function', {
      Properties: { FunctionName: 'queue-words-lines' },
    })
    const FunctionName = { Ref: Object.keys(functions)[0] }
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [stream, 'Arn'] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 500,
    })
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Queue'), 'Arn'] },
      FunctionName,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
    const [ofLines, ...others] = policiesWith(template, 'sqs:ReceiveMessage')
    assert.deepEqual(others, [])
    const onStream = (action: string) =>
      new RegExp(`"${action}"[^{}]*"Effect":"Allow","Resource":\\{"Fn::GetAtt":\\["${stream}","Arn"\\]\\}`)
    assert.match(ofLines, onStream('kinesis:GetRecords'))
    assert.match(ofLines, onStream('kinesis:PutRecords'))
    assert.doesNotMatch(ofLines, /dynamodb:Query/, 'it is a transient stage')
    assert.match(ofLines, /"claim\/[^/"]+\/lines\/\*"/)
    assert.equal(deployed.stream('lines').streamArn !== undefined, true)
    assert.deepEqual(new AwsSolutionsChecks(app).validateScope(stack.node.findChild('Pipeline')).violations, [])
  })

  const refused: readonly [what: string, props: (stack: Stack) => Partial<PipelineProps>, sentence: RegExp][] = [
    [
      'a stream in place of it',
      () => ({ pipeline: words }),
      /source "lines" reads a queue of SQS and has a stream, expected its event source as in \{ source: \{ 'lines': new SqsEventSource\(queue, \{ reportBatchItemFailures: true \}\) \} \}/,
    ],
    ['nothing at all', () => ({ pipeline: words, source: {} }), /reads a queue of SQS and has no event source/],
    [
      'a bucket',
      stack => ({ pipeline: words, source: { lines: new Bucket(stack, 'Bucket') } }),
      /reads a queue of SQS and has a bucket/,
    ],
    [
      'the event source of a table',
      stack => ({ ...fromTable()(stack), pipeline: words }),
      /reads a queue of SQS and has another one/,
    ],
    [
      'failures that are not reported one by one',
      fromQueue({}, {}),
      /source "lines" has an event source that does not report failures message by message, so what no stream takes for its size would be lost, expected reportBatchItemFailures: true/,
    ],
    [
      'a queue that keeps messages for longer than their ids are remembered',
      stack => ({ ...fromQueue({ retentionPeriod: Duration.days(14) })(stack), pipeline: forgetful }),
      /of a queue that keeps messages for 1209600 s and the program remembers their ids for 432000 s, so one that comes again could count twice/,
    ],
    [
      'a queue that gives messages out again while the function may be at work on them',
      fromQueue({ visibilityTimeout: Duration.seconds(30) }),
      /of a queue that gives messages out again after 30 s, while the function may take 60 s, which Lambda refuses/,
    ],
    [
      'no shards',
      stack => ({ ...fromQueue()(stack), stages: { lines: { shards: 0 } } }),
      /stage "lines" has 0 shards, expected 1 to 1024/,
    ],
    [
      'a stream that is on demand and has shards',
      stack => ({ ...fromQueue()(stack), stages: { lines: { shards: 2, onDemand: true } } }),
      /stage "lines" has an on-demand stream and shards, expected one of the two/,
    ],
    [
      'a name that is too long for its stream',
      stack => ({ ...fromQueue()(stack), prefix: 'p'.repeat(124) }),
      /stream "p+lines" has a name of 129 characters, expected at most 128/,
    ],
  ]
  for (const [what, props, sentence] of refused) {
    test(`is refused with ${what}`, () => {
      assert.throws(() => wordCountIn(unbundled(), props), sentence)
    })
  }

  test('takes a queue of which nothing is known', () => {
    wordCountIn(unbundled(), stack => {
      const queue = Queue.fromQueueArn(stack, 'Known', 'arn:aws:sqs:eu-central-1:111122223333:lines')
      return { pipeline: words, entry, source: { lines: new SqsEventSource(queue, { reportBatchItemFailures: true }) } }
    })
  })
})

describe('a source that reads the stream of a table', () => {
  test('has a stream that is made, and a function that the table and the stream invoke', () => {
    const app = unbundled()
    const { stack } = wordCountIn(app, stack => ({
      ...fromTable({ parallelizationFactor: 4, retryAttempts: -1 })(stack),
      stages: { lines: { onDemand: true } },
    }))
    const template = Template.fromStack(stack)
    template.hasResourceProperties('AWS::Kinesis::Stream', {
      Name: 'lines',
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      RecordDistributionStrategy: 'USER_PARTITION_KEY',
    })
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: tableStreamArn,
      StartingPosition: 'TRIM_HORIZON',
    })
    const policies = policiesWith(template, 'dynamodb:GetShardIterator')
    assert.equal(policies.length, 1)
    assert.match(policies[0], /kinesis:PutRecords/)
    assert.deepEqual(new AwsSolutionsChecks(app).validateScope(stack.node.findChild('Pipeline')).violations, [])
  })

  const refused: readonly [what: string, props: (stack: Stack) => Partial<PipelineProps>, sentence: RegExp][] = [
    [
      'the event source of a queue',
      stack => ({ ...fromQueue()(stack), pipeline: users }),
      /source "lines" reads the stream of a DynamoDB table and has another one, expected its event source as in/,
    ],
    [
      'tries that come to an end',
      fromTable({ retryAttempts: 3 }),
      /source "lines" has an event source that gives up on changes after 3 tries, which loses them, expected no limit/,
    ],
    [
      'an age at which changes are dropped',
      fromTable({ maxRecordAge: Duration.hours(1) }),
      /has an event source that drops changes by their age, which loses them, expected no limit/,
    ],
    ['a tumbling window', fromTable({ tumblingWindow: Duration.minutes(1) }), /with a tumbling window, whose state/],
  ]
  for (const [what, props, sentence] of refused) {
    test(`is refused with ${what}`, () => {
      assert.throws(() => wordCountIn(unbundled(), props), sentence)
    })
  }
})

test('a source of a stream is refused with a feed', () => {
  assert.throws(
    () => wordCountIn(unbundled(), stack => ({ source: { lines: new SqsEventSource(queueIn(stack)) } })),
    /source "lines" reads a Kinesis stream and has an event source, expected a stream/,
  )
  assert.throws(
    () =>
      wordCountIn(unbundled(), stack => ({
        source: { lines: new Stream(stack, 'S') },
        stages: { lines: { shards: 2 } },
      })),
    /stage "lines" reads a stream of yours and has no shards to choose/,
  )
})

test('ids are remembered for as long as the program says', () => {
  const longer = pipeline('queue-words', ({ source }) => ({
    out: source('lines', { codec: utf8, from: sqs({ remember: days(15) }) }).forEach(() => {}),
  }))
  wordCountIn(unbundled(), stack => ({ ...fromQueue({ retentionPeriod: Duration.days(14) })(stack), pipeline: longer }))
})
