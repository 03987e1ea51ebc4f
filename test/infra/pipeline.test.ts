import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Duration, type Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb'
import { CfnStream, Stream, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { AwsSolutionsChecks } from 'cdk-nag'
import { pipeline, utf8 } from 'millrace'
import type { PipelineProps } from '../../infra/props.ts'
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

describe('refused', () => {
  const refused: readonly (readonly [string, (stack: Stack) => Partial<PipelineProps>, string])[] = [
    [
      'a parallelization factor above 1',
      () => ({ stages: { word: { parallelizationFactor: 2 } } }),
      'stage "word" has a parallelization factor of 2, which breaks the order within a shard, expected 1: more shards do more at once',
    ],
    [
      'finite retries',
      () => ({ everyStage: { retryAttempts: 3 }, stages: { lines: { retryAttempts: -1 } } }),
      'stage "word" is to be tried 3 times, after which half of a batch\'s effects could stand, expected -1: records that fail for good become dead letters',
    ],
    [
      'a finite age',
      () => ({ stages: { word: { maxRecordAge: Duration.hours(1) } } }),
      'stage "word" is to drop records of an age of 1 hour, which loses them, expected no limit',
    ],
    [
      'a stream that distributes records by itself',
      stack => ({ source: { lines: distributing(stack) } }),
      'stream "lines" deals its records out over the shards by itself, which breaks the order of each key, expected the record distribution strategy USER_PARTITION_KEY',
    ],
    [
      'the same, between stages',
      stack => ({ shuffle: { word: distributing(stack) } }),
      'stream "word-count-word" deals its records out over the shards by itself, which breaks the order of each key, expected the record distribution strategy USER_PARTITION_KEY',
    ],
    [
      'a source without a stream',
      () => ({ source: {} }),
      'source "lines" has no stream, expected one as in { source: { \'lines\': stream } }',
    ],
    [
      'a source that the pipeline has not',
      stack => ({ source: { lines: new Stream(stack, 'A'), line: new Stream(stack, 'B') } }),
      'source names "line" and the pipeline has no such source, expected one of "lines"',
    ],
    [
      'a sink that the pipeline has not',
      stack => ({ sinks: { copy: new Stream(stack, 'A') } }),
      'sinks names "copy" and the pipeline writes to no such stream, expected none',
    ],
    [
      'options of a stage that the pipeline has not',
      () => ({ stages: { words: { memoryMiB: 512 } } }),
      'stages names "words" and the pipeline has no such stage, expected one of "lines", "word"',
    ],
    [
      'a batch too large',
      () => ({ stages: { word: { batchSize: 10_001 } } }),
      'stage "word" has a batch size of 10001, expected 1 to 10000',
    ],
    [
      'little memory',
      () => ({ stages: { word: { memoryMiB: 64 } } }),
      'stage "word" has 64 MiB of memory, expected 128 to 10240',
    ],
    [
      'a long timeout',
      () => ({ stages: { word: { timeout: Duration.minutes(16) } } }),
      'stage "word" has a timeout of 960 s, expected 1 to 900',
    ],
    [
      'a long wait',
      () => ({ stages: { word: { batchingWindow: Duration.minutes(6) } } }),
      'stage "word" waits 360 s for a full batch, expected 0 to 300',
    ],
    [
      'more shards than key groups',
      () => ({ stages: { word: { shards: 33 } } }),
      'stage "word" has 33 shards, expected 1 to 32, one for each key group',
    ],
    [
      'shards of a stream that scales by itself',
      () => ({ stages: { word: { shards: 2, onDemand: true } } }),
      'stage "word" has an on-demand stream and shards, expected one of the two',
    ],
    [
      "shards of the user's own stream",
      () => ({ stages: { lines: { shards: 2 } } }),
      'stage "lines" reads a stream of yours and has no shards to choose, expected none',
    ],
    [
      'a beginning in the middle, behind a shuffle',
      () => ({ stages: { word: { startAt: new Date(0) } } }),
      'stage "word" is behind a shuffle and must read all of its stream, expected no startAt',
    ],
    [
      'a prefix of other characters',
      () => ({ prefix: 'a.' }),
      'prefix "a." cannot begin a name, expected letters, digits, "-" and "_"',
    ],
    [
      'a name too long',
      () => ({ prefix: 'p'.repeat(49) }),
      `function "${'p'.repeat(49)}word-count-lines" has a name of 65 characters, expected at most 64`,
    ],
    [
      'a short retention',
      () => ({ retention: Duration.hours(1) }),
      'streams are to keep records for 1 h, expected 24 to 8760',
    ],
    [
      "a variable of the construct's",
      () => ({ environment: { MILLRACE_TABLE: 'x' } }),
      'environment sets "MILLRACE_TABLE", which the construct does, expected another name',
    ],
    [
      'a table with other keys',
      stack => ({ table: new Table(stack, 'Other', { partitionKey: { name: 'id', type: AttributeType.STRING } }) }),
      'table "Other" has the keys id S, none, expected pk S, sk S',
    ],
    [
      'an entry without the handlers',
      () => ({ entry: 'functions/orders/handlers.ts' }),
      '"functions/orders/handlers.ts" exports no handler of lines, word, expected "lines", "word" as well',
    ],
  ]
  for (const [what, props, sentence] of refused) {
    test(what, () => {
      assert.throws(
        () => wordCountIn(unbundled(), props),
        messageWith(`Cannot deploy pipeline "word-count": ${sentence}`),
      )
    })
  }

  test('files without a bucket', () => {
    const archive = pipeline('archive', ({ source }) => ({
      all: source('lines', { codec: utf8 }).toFiles(utf8),
    }))
    const sentence =
      'Cannot deploy pipeline "archive": sink "all" writes files and there is no bucket, expected one as in { bucket }'
    assert.throws(() => wordCountIn(unbundled(), { pipeline: archive }), messageWith(sentence))
  })

  test('everything wrong at once is told at once', () => {
    const make = () => wordCountIn(unbundled(), { source: {}, stages: { words: {} }, prefix: '!' })
    assert.throws(make, ({ message }: Error) => message.split('\n').length === 3)
  })

  test('an entry that is not there', () => {
    assert.throws(
      () => wordCountIn(unbundled(), { entry: 'nowhere.ts' }),
      messageWith('Cannot read "nowhere.ts": there is no such file'),
    )
  })

  test('two pipelines of one name in one place, by synth', () => {
    const app = unbundled()
    wordCountIn(app, {}, 'One')
    wordCountIn(app, {}, 'Two')
    assert.throws(
      () => app.synth(),
      /there are two tables named "word-count" in aws:\/\/\S+, expected a prefix for one of them/,
    )
  })

  test('two of one name, unless a prefix keeps them apart', () => {
    const app = unbundled()
    wordCountIn(app, {}, 'One')
    const { stack } = wordCountIn(app, { prefix: 'second-' }, 'Two')
    app.synth()
    const template = Template.fromStack(stack)
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ POWERTOOLS_SERVICE_NAME: 'second-word-count' }) },
    })
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Dimensions: Match.arrayWith([{ Name: 'service', Value: 'second-word-count' }]),
      MetricName: 'DeadLetters',
    })
  })
})

function distributing(stack: Stack): Stream {
  const stream = new Stream(stack, 'Distributing', { streamMode: StreamMode.ON_DEMAND })
  assert.ok(stream.node.defaultChild instanceof CfnStream)
  stream.node.defaultChild.recordDistributionStrategy = 'AUTO'
  return stream
}

const messageWith =
  (sentence: string) =>
  ({ message }: Error): boolean => {
    assert.equal(message, sentence)
    return true
  }
