import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { StartingPosition } from 'aws-cdk-lib/aws-lambda'
import { ManagedKafkaEventSource, SelfManagedKafkaEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { kafka, pipeline, utf8 } from 'millrace'
import type { PipelineProps } from '../../infra/props.ts'
import { newApp, wordCountIn } from './examples.ts'

const words = pipeline('topic-words', ({ source }) => ({
  counts: source('lines', { codec: utf8, from: kafka({ topic: 'all-lines', partitions: 6 }) })
    .keyBy('word', line => line)
    .count('counts'),
}))
const clusterArn = 'arn:aws:kafka:eu-central-1:111122223333:cluster/mine/00000000-0000-0000-0000-000000000000-1'
const startingPosition = StartingPosition.TRIM_HORIZON
const unbundled = () => newApp({ 'aws:cdk:bundling-stacks': [] })

describe('a source that reads a Kafka topic', () => {
  test('is fed by the event source of a cluster of MSK, and reads no stream', () => {
    const { stack, pipeline: deployed } = wordCountIn(unbundled(), {
      pipeline: words,
      source: { lines: new ManagedKafkaEventSource({ clusterArn, topic: 'all-lines', startingPosition }) },
    })
    const template = Template.fromStack(stack)
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: clusterArn,
      Topics: ['all-lines'],
      StartingPosition: 'TRIM_HORIZON',
    })
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'topic-words-lines',
      // The name of a stream that the stack makes is a reference: only that of the word stage is asked for.
      Environment: {
        Variables: {
          MILLRACE_STREAMS: Match.objectLike({ 'Fn::Join': ['', Match.arrayWith(['{"topic-words-word":"'])] }),
        },
      },
    })
    const policies = Object.values(template.findResources('AWS::IAM::Policy'))
    const ofLines = policies.filter(policy => JSON.stringify(policy).includes('kafka:'))
    assert.equal(ofLines.length, 1)
    assert.doesNotMatch(JSON.stringify(ofLines), /kinesis:GetRecords/)
    assert.match(JSON.stringify(ofLines), /dynamodb:LeadingKeys/, 'it is a logged stage')
    assert.throws(
      () => deployed.stream('lines'),
      /^RangeError: Cannot find stream "lines": the pipeline has no such stream$/,
    )
  })

  test("is fed by that of one's own brokers", () => {
    const { stack } = wordCountIn(unbundled(), stack => ({
      pipeline: words,
      source: {
        lines: new SelfManagedKafkaEventSource({
          bootstrapServers: ['kafka.example.com:9096'],
          topic: 'all-lines',
          startingPosition,
          secret: Secret.fromSecretNameV2(stack, 'Login', 'kafka-login'),
        }),
      },
    }))
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['kafka.example.com:9096'] } },
      Topics: ['all-lines'],
    })
  })

  const source = { lines: new ManagedKafkaEventSource({ clusterArn, topic: 'all-lines', startingPosition }) }
  const refused: readonly [what: string, props: Partial<PipelineProps>, sentence: RegExp][] = [
    [
      'a stream in place of it',
      { pipeline: words },
      /source "lines" reads Kafka topic "all-lines" and has a stream, expected an event source as in \{ source: \{ 'lines': new ManagedKafkaEventSource\(/,
    ],
    [
      'nothing at all',
      { pipeline: words, source: {} },
      /source "lines" reads Kafka topic "all-lines" and has no event source/,
    ],
    [
      'options that its event source has',
      { pipeline: words, source, stages: { lines: { batchSize: 10 } } },
      /stage "lines" reads a Kafka topic and has batchSize, expected that on its event source/,
    ],
    [
      'an event source for a source that reads a stream',
      { source },
      /source "lines" reads a Kinesis stream and has an event source, expected a stream/,
    ],
  ]
  for (const [what, props, sentence] of refused) {
    test(`is refused with ${what}`, () => {
      assert.throws(() => wordCountIn(unbundled(), props), sentence)
    })
  }
})
