import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Duration, type Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb'
import { CfnStream, Stream, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import { pipeline, utf8 } from 'millrace'
import type { PipelineProps } from '../../infra/props.ts'
import { newApp, wordCountIn } from './examples.ts'

/** Code is bundled in template.test.ts. */
const unbundled = () => newApp({ 'aws:cdk:bundling-stacks': [] })

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
      'stage "word" has a timeout of 960 s, expected whole seconds from 1 to 900',
    ],
    [
      'a long wait',
      () => ({ stages: { word: { batchingWindow: Duration.minutes(6) } } }),
      'stage "word" waits 360 s for a full batch, expected whole seconds from 0 to 300',
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
      'a beginning at no date',
      () => ({ stages: { lines: { startAt: new Date('soon') } } }),
      'stage "lines" begins at a date that is none, expected one as in new Date(\'2026-01-31T00:00:00Z\')',
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
      'streams are to keep records for 1 h, expected whole hours from 24 to 8760',
    ],
    [
      "a variable of the construct's",
      () => ({ environment: { MILLRACE_TABLE: 'x' } }),
      'environment sets "MILLRACE_TABLE", which the construct does, expected another name',
    ],
    [
      'the service that the alarms watch',
      () => ({ environment: { POWERTOOLS_SERVICE_NAME: 'x' } }),
      'environment sets "POWERTOOLS_SERVICE_NAME", which the construct does, expected another name',
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
