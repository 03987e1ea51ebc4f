import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Duration } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Table } from 'aws-cdk-lib/aws-dynamodb'
import { Stream } from 'aws-cdk-lib/aws-kinesis'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { AwsSolutionsChecks } from 'cdk-nag'
import { pipeline, utf8 } from 'millrace'
import { newApp, wordCountIn } from './examples.ts'
import { permissionsOf, tooMuchAllowed } from './permissions.ts'

/** Code is bundled in template.test.ts. */
const unbundled = () => newApp({ 'aws:cdk:bundling-stacks': [] })

function templateOf(props: Parameters<typeof wordCountIn>[1]): Template {
  return Template.fromStack(wordCountIn(unbundled(), props).stack)
}

describe('what is passed in', () => {
  test('a table and a shuffle stream are used, and none is made', () => {
    const template = templateOf(stack => ({
      table: Table.fromTableName(stack, 'Mine', 'my-table'),
      shuffle: {
        word: Stream.fromStreamArn(stack, 'Words', 'arn:aws:kinesis:eu-central-1:111122223333:stream/my-words'),
      },
    }))
    template.resourceCountIs('AWS::DynamoDB::Table', 0)
    template.resourceCountIs('AWS::Kinesis::Stream', 1)
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'word-count-word',
      Environment: { Variables: { MILLRACE_TABLE: 'my-table', MILLRACE_STREAMS: '{"word-count-word":"my-words"}' } },
    })
  })

  test('a bucket takes the files of the sink that a stage has, and no others', () => {
    const lines = pipeline('archive', ({ source }) => ({
      all: source('lines', { codec: utf8 }).toFiles(utf8),
    }))
    const app = unbundled()
    const { stack } = wordCountIn(app, stack => ({
      pipeline: lines,
      bucket: Bucket.fromBucketName(stack, 'Bucket', 'my-bucket'),
    }))
    const template = Template.fromStack(stack)
    assert.deepEqual(new AwsSolutionsChecks(app).validateScope(stack.node.findChild('Pipeline')).violations, [])
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'archive-lines',
      Environment: { Variables: { MILLRACE_BUCKET: 'my-bucket' } },
    })
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 's3:PutObject' })]) },
    })
    template.resourceCountIs('AWS::Scheduler::Schedule', 0)
  })

  test('a stream takes the records of the sink that a stage has', () => {
    const copy = pipeline('copy', ({ source }) => ({ all: source('lines', { codec: utf8 }).toStream('copies', utf8) }))
    const template = templateOf(stack => ({
      pipeline: copy,
      sinks: { copies: new Stream(stack, 'Copies', { streamName: 'my-copies' }) },
    }))
    const puts = permissionsOf(template, 'copy-lines').find(({ actions }) => actions.includes('kinesis:PutRecords'))
    assert.deepEqual(puts?.on, ['my-copies'])
  })

  test('a key encrypts the table and the streams, and the functions may use it', () => {
    const template = templateOf(stack => ({ encryptionKey: new Key(stack, 'Key') }))
    template.hasResourceProperties('AWS::DynamoDB::Table', { SSESpecification: { SSEType: 'KMS' } })
    template.hasResourceProperties('AWS::Kinesis::Stream', { Name: 'word-count-word', StreamEncryption: { KeyId: {} } })
    for (const name of ['word-count-lines', 'word-count-word']) {
      assert.ok(
        permissionsOf(template, name).some(({ actions }) => actions.includes('kms:GenerateDataKey')),
        name,
      )
    }
    assert.deepEqual(tooMuchAllowed(template), [])
  })

  test('actions of alarms are told when one is raised and when it is over', () => {
    const template = templateOf(stack => ({ alarms: { actions: [new SnsAction(new Topic(stack, 'Pager'))] } }))
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [Match.anyValue()],
      OKActions: [Match.anyValue()],
    })
  })
})

describe('options', () => {
  test('of all stages and of one: the one comes first', () => {
    const template = templateOf({
      everyStage: { memoryMiB: 512, batchSize: 10, bisect: false },
      stages: { word: { batchSize: 20, timeout: Duration.minutes(2), batchingWindow: Duration.seconds(5), shards: 4 } },
      retention: Duration.days(7),
    })
    const batchSizes = template.findResources('AWS::Lambda::EventSourceMapping')
    assert.deepEqual(
      Object.values(batchSizes).map(({ Properties: { BatchSize } }) => BatchSize),
      [10, 20],
    )
    template.allResourcesProperties('AWS::Lambda::EventSourceMapping', { BisectBatchOnFunctionError: false })
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'word-count-word',
      MemorySize: 512,
      Timeout: 120,
    })
    template.hasResourceProperties('AWS::Kinesis::Stream', {
      Name: 'word-count-word',
      ShardCount: 4,
      RetentionPeriodHours: 168,
    })
  })

  test('an on-demand stream is told to honour the keys of its records', () => {
    const template = templateOf({ stages: { word: { onDemand: true } } })
    template.hasResourceProperties('AWS::Kinesis::Stream', {
      Name: 'word-count-word',
      ShardCount: Match.absent(),
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      RecordDistributionStrategy: 'USER_PARTITION_KEY',
    })
  })

  test('enhanced fan-out reads through a consumer, which the role may do', () => {
    const template = templateOf({ stages: { word: { enhancedFanOut: true } } })
    template.hasResourceProperties('AWS::Kinesis::StreamConsumer', { ConsumerName: 'word-count-word' })
    const consumer = permissionsOf(template, 'word-count-word').at(-1)
    assert.ok(consumer?.actions.includes('kinesis:SubscribeToShard'))
    assert.deepEqual(tooMuchAllowed(template), [])
  })

  test('a source may begin at a time, a stage behind a shuffle never does', () => {
    const template = templateOf({ stages: { lines: { startAt: new Date('2026-01-01T00:00:00Z') } } })
    template.resourcePropertiesCountIs(
      'AWS::Lambda::EventSourceMapping',
      { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_767_225_600 },
      1,
    )
    template.resourcePropertiesCountIs('AWS::Lambda::EventSourceMapping', { StartingPosition: 'TRIM_HORIZON' }, 1)
  })

  test("traces by X-Ray are its one star, with cdk-nag's rules kept otherwise", () => {
    const app = unbundled()
    const { stack } = wordCountIn(app, { tracing: true })
    const template = Template.fromStack(stack)
    template.allResourcesProperties('AWS::Lambda::Function', { TracingConfig: { Mode: 'Active' } })
    assert.ok(tooMuchAllowed(template).every(found => found.endsWith('allows "*"')))
    assert.deepEqual(new AwsSolutionsChecks(app).validateScope(stack.node.findChild('Pipeline')).violations, [])
  })

  test('alarms and the dashboard can be left out', () => {
    const template = templateOf({ alarms: false, dashboard: false })
    template.resourceCountIs('AWS::CloudWatch::Alarm', 0)
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0)
  })

  test('function() and stream() give what a stage has, and name the stages when there is no such one', () => {
    const { pipeline: made, lines } = wordCountIn(unbundled())
    assert.equal(made.stream('lines'), lines)
    assert.ok(made.function('word').functionArn.length > 0)
    assert.throws(() => made.function('words'), /Cannot find stage "words": pipeline "word-count" has "lines", "word"/)
  })
})

test('an app in a project of its own is deployed too, with the clock of this package', t => {
  const project = mkdtempSync(join(tmpdir(), 'millrace-project-'))
  const before = process.cwd()
  t.after(() => {
    process.chdir(before)
    rmSync(project, { recursive: true })
  })
  writeFileSync(join(project, 'package-lock.json'), '{}')
  writeFileSync(join(project, 'handlers.ts'), 'export const lines = 1, word = 2\n')
  process.chdir(project)
  templateOf({ entry: 'handlers.ts' }).resourceCountIs('AWS::Lambda::Function', 3)
})
