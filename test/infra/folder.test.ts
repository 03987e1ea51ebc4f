import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { Stream } from 'aws-cdk-lib/aws-kinesis'
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3'
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications'
import { files, pipeline, rate, socket, utf8 } from 'millrace'
import { newApp, wordCountIn } from './examples.ts'

const words = pipeline('folder-words', ({ source }) => ({
  counts: source('lines', { codec: utf8, from: files({ folder: 'in/lines' }) })
    .keyBy('word', line => line)
    .count('counts'),
}))
const unbundled = () => newApp({ 'aws:cdk:bundling-stacks': [] })

describe('a source that reads files', () => {
  test('has its function look into the bucket once a minute, and reads no stream', () => {
    const { stack, pipeline: deployed } = wordCountIn(unbundled(), stack => ({
      pipeline: words,
      source: { lines: new Bucket(stack, 'Bucket') },
    }))
    const template = Template.fromStack(stack)
    const [bucket] = Object.keys(template.findResources('AWS::S3::Bucket'))
    const [reader] = Object.keys(
      template.findResources('AWS::Lambda::Function', {
        Properties: {
          FunctionName: 'folder-words-lines',
          Environment: { Variables: Match.objectLike({ MILLRACE_SOURCE_BUCKET: { Ref: bucket } }) },
        },
      }),
    )
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 minute)',
      Target: { Arn: { 'Fn::GetAtt': [reader, 'Arn'] } },
    })
    const mappings = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'))
    assert.equal(mappings.length, 1, 'that of the word stage')
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).map(policy => JSON.stringify(policy))
    const [ofLines, ...others] = policies.filter(policy => policy.includes('s3:'))
    assert.deepEqual(others, [])
    assert.match(ofLines, /"s3:ListBucket"/)
    assert.match(ofLines, /"s3:GetObject".*\/in\/lines\/\*/)
    assert.doesNotMatch(ofLines, /kinesis:GetRecords|s3:Put|s3:Delete/)
    assert.match(ofLines, /dynamodb:LeadingKeys/, 'it is a logged stage')
    assert.throws(
      () => deployed.stream('lines'),
      /^RangeError: Cannot find stream "lines": the pipeline has no such stream$/,
    )
  })

  test('may be told of new files by the bucket itself', () => {
    let bucket: Bucket | undefined
    const { stack, pipeline: deployed } = wordCountIn(unbundled(), stack => {
      bucket = new Bucket(stack, 'Bucket')
      return { pipeline: words, source: { lines: bucket } }
    })
    bucket?.addEventNotification(EventType.OBJECT_CREATED, new LambdaDestination(deployed.function('lines')), {
      prefix: 'in/lines/',
    })
    Template.fromStack(stack).hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [Match.objectLike({ Events: ['s3:ObjectCreated:*'] })],
      },
    })
  })

  const refused: readonly [what: string, props: Parameters<typeof wordCountIn>[1], sentence: RegExp][] = [
    [
      'a stream in place of its bucket',
      { pipeline: words },
      /source "lines" reads files of folder "in\/lines" and has something else, expected their bucket as in \{ source: \{ 'lines': bucket \} \}/,
    ],
    [
      'nothing at all',
      { pipeline: words, source: {} },
      /source "lines" reads files of folder "in\/lines" and has no bucket/,
    ],
    [
      'options of a stream',
      stack => ({
        pipeline: words,
        source: { lines: new Bucket(stack, 'Bucket') },
        stages: { lines: { batchSize: 10 } },
      }),
      /stage "lines" reads files and has batchSize, expected none: they are read as they come/,
    ],
    [
      'a bucket for a source that reads a stream',
      stack => ({ source: { lines: new Bucket(stack, 'Bucket') } }),
      /source "lines" reads a Kinesis stream and has a bucket, expected a stream/,
    ],
    [
      'shards of the stream that it has not',
      stack => ({
        pipeline: words,
        source: { lines: new Bucket(stack, 'Bucket') },
        shuffle: { word: new Stream(stack, 'Word') },
        stages: { lines: { shards: 2 } },
      }),
      /stage "lines" reads a stream of yours and has no shards to choose, expected none/,
    ],
  ]
  for (const [kind, from] of [
    ['rate', rate()],
    ['socket', socket({ port: 9999 })],
  ] as const) {
    test(`is refused where it is a ${kind}`, () => {
      const program = pipeline('local-words', ({ source }) => ({
        counts:
          from.kind === 'rate'
            ? source('lines', { from }).keyBy('value').count('counts')
            : source('lines', { codec: utf8, from })
                .keyBy('word', line => line)
                .count('counts'),
      }))
      assert.throws(
        () => wordCountIn(unbundled(), { pipeline: program }),
        new RegExp(
          `source "lines" is a ${kind}, for trying a program out, expected another to deploy: leave its from out`,
        ),
      )
    })
  }

  for (const [what, props, sentence] of refused) {
    test(`is refused with ${what}`, () => {
      assert.throws(() => wordCountIn(unbundled(), props), sentence)
    })
  }
})
