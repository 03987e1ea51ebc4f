import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { AwsSolutionsChecks } from 'cdk-nag'
import { orders } from '../../functions/orders/pipeline.ts'
import { exampleStacks } from '../../infra/examples.ts'
import { newApp } from './examples.ts'
import { permissionsOf, tooMuchAllowed } from './permissions.ts'

// The examples as `npm run synth` makes them, bundled and all: one synthesis for all tests of this file.
const app = newApp()
const stacks = exampleStacks(app)
const templates = new Map(stacks.map(stack => [stack.stackName, Template.fromStack(stack)]))
const template = templates.get('orders')!
const stages = orders.plan.stages.map(({ name }) => name)

describe('a template', () => {
  for (const [name, each] of templates) {
    test(`of ${name} is as it was: run with --test-update-snapshots where a change is meant`, t => {
      const path = join(import.meta.dirname, 'snapshots', `${name}.json`)
      t.assert.fileSnapshot(each.toJSON(), path, { serializers: [withoutHashes] })
    })

    test(`of ${name} has no star in an action or a resource`, () => assert.deepEqual(tooMuchAllowed(each), []))
  }

  test("keeps cdk-nag's rules for AWS Solutions", () => {
    assert.deepEqual(new AwsSolutionsChecks(app).validateScope(app).violations, [])
  })
})

describe('what would be lost', () => {
  test('is kept when it leaves the stack: table, streams, logs', () => {
    const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }
    template.allResources('AWS::DynamoDB::Table', { ...kept, Properties: { DeletionProtectionEnabled: true } })
    // What has nothing in it yet is not in the way of a second try to deploy.
    const keptOnceMade = { ...kept, DeletionPolicy: 'RetainExceptOnCreate' }
    for (const type of ['AWS::Kinesis::Stream', 'AWS::Logs::LogGroup']) template.allResources(type, keptOnceMade)
  })

  test('no log has a name, which one that was kept would hold', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { LogGroupName: Match.absent() })
  })

  test('is deleted where the deployment was to keep nothing', () => {
    const own = newApp({ 'keep-nothing': 'true', prefix: 'mine-', 'aws:cdk:bundling-stacks': [] })
    const [mine] = exampleStacks(own).map(stack => Template.fromStack(stack))
    for (const type of ['AWS::DynamoDB::Table', 'AWS::Kinesis::Stream', 'AWS::Logs::LogGroup']) {
      mine!.allResources(type, { DeletionPolicy: 'Delete' })
    }
    mine!.hasResourceProperties('AWS::DynamoDB::Table', {
      TableName: 'mine-orders',
      DeletionProtectionEnabled: false,
    })
    mine!.hasResourceProperties('AWS::Kinesis::Stream', { Name: 'mine-orders-side' })
    mine!.hasResourceProperties('AWS::Lambda::Function', { FunctionName: 'mine-orders-side' })
  })
})

test('the table is paid by use, encrypted, and can be set back', () => {
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    TableName: 'orders',
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
  })
})

test('a stream between stages has a shard, and is encrypted', () => {
  for (const stage of ['side', 'clientId', 'symbol', 'top-clients', 'top-symbols']) {
    template.hasResourceProperties('AWS::Kinesis::Stream', {
      Name: `orders-${stage}`,
      ShardCount: 1,
      RetentionPeriodHours: 24,
      StreamEncryption: { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' },
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
    })
  }
})

test('each stage has a function of its name, on Node 24 and arm64', () => {
  for (const stage of stages) {
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: `orders-${stage}`,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: `index.${stage.replace(/-(.)/, (_, letter) => letter.toUpperCase())}`,
      Environment: { Variables: { MILLRACE_TABLE: Match.anyValue(), MILLRACE_STREAMS: Match.anyValue() } },
    })
  }
})

test('each mapping takes one invocation a shard, retries without end, and begins at the oldest record', () => {
  template.resourceCountIs('AWS::Lambda::EventSourceMapping', stages.length)
  template.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumRetryAttempts: -1,
    MaximumRecordAgeInSeconds: -1,
    ParallelizationFactor: 1,
    StartingPosition: 'TRIM_HORIZON',
    BisectBatchOnFunctionError: true,
    DestinationConfig: Match.absent(),
    FilterCriteria: Match.absent(),
  })
})

describe('permissions', () => {
  const logs = { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], on: ['its log'] }
  const reads = (on: string) => ({
    actions: [
      'kinesis:DescribeStream',
      'kinesis:DescribeStreamSummary',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
      'kinesis:ListShards',
    ],
    on: [on],
  })
  const puts = (...on: string[]) => ({ actions: ['kinesis:ListShards', 'kinesis:PutRecords'], on })

  test('of a source stage: its source, the streams that it feeds, dead letters', () => {
    assert.deepEqual(permissionsOf(template, 'orders-trades'), [
      logs,
      reads('trades'),
      puts('orders-clientId', 'orders-side', 'orders-symbol'),
      { actions: ['dynamodb:PutItem'], on: ['orders'], keys: ['letter/orders/*'] },
    ])
  })

  test('of a keyed stage: its stream, its state, its views, dead letters', () => {
    assert.deepEqual(permissionsOf(template, 'orders-side'), [
      logs,
      reads('orders-side'),
      {
        actions: ['dynamodb:PutItem'],
        on: ['orders'],
        keys: [
          'view/orders/sides/*',
          'view/orders/totals/*',
          'letter/orders/*',
          'log/orders/side/*',
          'page/orders/side/*',
        ],
      },
      {
        actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
        on: ['orders'],
        keys: ['log/orders/side/*', 'page/orders/side/*'],
      },
    ])
  })

  test('of two stages never overlap in what they keep', () => {
    const keys = stages.flatMap(stage => {
      const kept = permissionsOf(template, `orders-${stage}`).flatMap(({ keys = [] }) => keys)
      return [...new Set(kept)].filter(key => !key.startsWith('letter/'))
    })
    assert.equal(new Set(keys).size, keys.length)
  })
})

test('the clock invokes its function once a minute, which knows the streams between stages', () => {
  template.hasResourceProperties('AWS::Scheduler::Schedule', {
    ScheduleExpression: 'rate(1 minute)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { RetryPolicy: { MaximumRetryAttempts: 0 } },
  })
  const [clock] = Object.values(
    template.findResources('AWS::Lambda::Function', { Properties: { Description: 'Clock of pipeline "orders"' } }),
  )
  const streams = JSON.stringify(clock?.Properties.Environment.Variables.MILLRACE_STREAMS)
  assert.deepEqual([...streams.matchAll(/orders-[\w-]+/g)].map(String).sort(), [
    'orders-clientId',
    'orders-side',
    'orders-symbol',
    'orders-top-clients',
    'orders-top-symbols',
  ])
})

describe('watching', () => {
  const words = templates.get('word-count')!

  test('each stage has alarms for age, errors, throttles, dead letters and the lag of the watermark', () => {
    const alarms = Object.values(words.findResources('AWS::CloudWatch::Alarm'))
    const metrics = alarms.map(({ Properties: { Namespace, MetricName } }) => `${Namespace} ${MetricName}`).sort()
    const ofStage = ['Errors', 'IteratorAge', 'Throttles'].map(name => `AWS/Lambda ${name}`)
    const own = ['DeadLetters', 'WatermarkLag'].map(name => `Millrace ${name}`)
    assert.deepEqual(metrics, [...ofStage, ...own, ...ofStage, ...own, 'AWS/Lambda Errors'].sort())
  })

  test("the watermark's alarm can be left out, as where old data is replayed", () => {
    template.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', { MetricName: 'WatermarkLag' }, 0)
  })

  test('a dashboard shows each stage', () => {
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'))
    // Dashboards of all regions of an account are in one place.
    assert.deepEqual(dashboard?.Properties.DashboardName, { 'Fn::Join': ['', ['orders-', { Ref: 'AWS::Region' }]] })
    const body = JSON.stringify(dashboard?.Properties.DashboardBody)
    for (const stage of stages) assert.ok(body.includes(`\\"stage\\",\\"${stage}\\"`), stage)
  })
})

test('everything is tagged with its pipeline, and what a stage has with the stage', () => {
  template.hasResourceProperties('AWS::DynamoDB::Table', { Tags: [{ Key: 'millrace:pipeline', Value: 'orders' }] })
  template.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: 'orders-side',
    Tags: [
      { Key: 'millrace:pipeline', Value: 'orders' },
      { Key: 'millrace:stage', Value: 'side' },
    ],
  })
})

/** Of the functions' code: it changes with every line of the engine. */
const withoutHashes = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replaceAll(/[0-9a-f]{64}/g, 'hash')}\n`
