import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Context, KinesisStreamEvent } from 'aws-lambda'
import type { StageHandler } from 'millrace/lambda'
import { kinesisEvent, lambdaContext, testCloud } from 'millrace/testing'
import { orders } from '../../functions/orders/pipeline.ts'
import { rowsOfView } from '../../local/cloud/rows.ts'
import { createStream } from '../../shared/aws/index.ts'
import { encodeControl } from '../../shared/codecs/control.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import { hashSpace } from '../../shared/model/hash-range.ts'
import { resourcesOf } from '../../shared/plan/resources.ts'
import { hostSymbol } from '../../shared/ports/host.ts'
import { onEmulatedAws, portsOn } from '../aws/aws-test.ts'
import type { ServiceCall } from '../aws/emulated-aws.ts'
import { type ReadRecord, readShard } from '../conformance/subject.ts'

const on = await onEmulatedAws()
const { streams } = resourcesOf(orders.plan, 'prod-')
const names = Object.fromEntries(streams.map(({ name, physicalName }) => [name, physicalName]))
const ports = () => portsOn(on, undefined, { streams: names })
const variables = {
  MILLRACE_TABLE: on.table,
  MILLRACE_STREAMS: JSON.stringify(names),
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  POWERTOOLS_METRICS_DISABLED: 'true',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
}

let stages: Readonly<Record<string, StageHandler>> = {}

before(async () => {
  for (const { physicalName } of streams) await createStream(on.clients, physicalName, 2)
  Object.assign(process.env, variables, { AWS_ENDPOINT_URL: on.aws.endpoint })
  const { trades, side, clientId, symbol, topClients, topSymbols } = await import('../../functions/orders/handlers.ts')
  stages = { trades, side, clientId, symbol, 'top-clients': topClients, 'top-symbols': topSymbols }
})
after(() => {
  for (const name of [...Object.keys(variables), 'AWS_ENDPOINT_URL']) delete process.env[name]
})

const lines = (minute: number) => [
  `2016-03-22 20:${minute}:28,1,80,EPE,710,51.00,B`,
  `2016-03-22 20:${minute}:30,2,81,XYZ,10,1.50,S`,
  `2016-03-22 20:${minute}:31,3,80,EPE,90,51.00,B`,
]

test('orders run on AWS by their environment variables, where streams have other names', async () => {
  await produce([...lines(25), 'no trade'])
  await produce(lines(26))
  await deliverAll()
  assert.deepEqual(rowsOfView(await ports().views.scan('orders/totals')), [
    { key: 'B', value: 4 },
    { key: 'S', value: 2 },
  ])
  const [letter, ...others] = await ports().deadLetters.list('orders')
  assert.match(letter.place, /^trades shardId-\d{12} \d+#0$/, 'the name in the program')
  assert.deepEqual(others, [])
})

test('a warm invocation of a logged stage is one conditional write and no read, of a transient one neither', async () => {
  for (let round = 0; round < 3; round++) {
    await produce(lines(27 + round))
    const byStage = await deliverAll()
    if (round === 0) continue
    for (const { stage, calls } of byStage) {
      const ofTable = calls.filter(({ operation }) => isOfTable(operation))
      const commits = ofTable.filter(call => partitionOf(call).startsWith('log/'))
      const rows = ofTable.filter(call => partitionOf(call).startsWith('view/'))
      assert.deepEqual(calls.filter(isRead), [], `${stage} reads nothing`)
      assert.equal(commits.length, stage === 'trades' ? 0 : 1, `${stage} commits once`)
      assert.equal(commits.length + rows.length, ofTable.length, `${stage} writes its commit and its rows, no more`)
      assert.ok(ofTable.every(({ operation, input }) => operation === 'PutItem' && 'ConditionExpression' in input))
    }
    const seen = new Set(byStage.map(({ stage }) => stage))
    assert.ok(['trades', 'side', 'clientId', 'symbol'].every(stage => seen.has(stage)))
  }
})

test('the same event again is acknowledged and changes nothing', async () => {
  const rows = rowsOfView(await ports().views.scan('orders/totals'))
  for (const { stage, event } of delivered) {
    assert.deepEqual(await stages[stage](event, plainContext()), { batchItemFailures: [] })
  }
  await deliverAll()
  assert.deepEqual(rowsOfView(await ports().views.scan('orders/totals')), rows)
})

test('the invocation of now says how long calls may take', async () => {
  await produce(lines(40))
  on.aws.decide = ({ operation }) => (operation === 'PutRecords' ? 'hold' : 'serve')
  const [event] = await eventsOf('trades')
  await assert.rejects(stages.trades(event, plainContext(400)), {
    name: 'RetryBatchError',
    message: /^Cannot put records to stream ".*": the invocation's time is up/,
  })
  on.aws.decide = () => 'serve'
  assert.deepEqual(await stages.trades(event, plainContext()), { batchItemFailures: [] })
})

test('at the end of the input every view is what it is on the embedded cloud', async () => {
  const end = encodeControl({ kind: 'watermark', time: endOfTime })
  for (const explicitHashKey of [0n, hashSpace - 1n]) {
    await ports().streams.putRecords('trades', [{ data: end, partitionKey: 'end', explicitHashKey }])
  }
  await deliverAll()
  const cloud = testCloud(orders)
  await stages.trades(kinesisEvent('trades', [...produced, end]), lambdaContext())
  for (const name of ['side', 'clientId', 'symbol', 'top-clients', 'top-symbols'] as const) {
    await cloud.deliver(name, stages[name])
  }
  for (const view of ['sides', 'totals', 'topClients', 'topSymbols'] as const) {
    const rows = await cloud.rows(view)
    assert.ok(rows.length > 0)
    assert.deepEqual(rowsOfView(await ports().views.scan(`orders/${view}`)), rows)
  }
})

type Delivery = { readonly stage: string; readonly event: KinesisStreamEvent; readonly calls: readonly ServiceCall[] }

const delivered: Delivery[] = []

const produced: string[] = []

async function produce(records: readonly string[]): Promise<void> {
  produced.push(...records)
  await ports().streams.putRecords(
    'trades',
    records.map(data => ({ data: Buffer.from(data), partitionKey: 'all to one shard' })),
  )
}

/** Hands every stage what is new on its stream, in the order of the plan: a batch for each shard. */
async function deliverAll(): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = []
  for (const stage of orders.plan.stages) {
    for (const event of await eventsOf(stage.input.stream)) {
      on.aws.calls.length = 0
      assert.deepEqual(await stages[stage.name](event, plainContext()), { batchItemFailures: [] })
      deliveries.push({ stage: stage.name, event, calls: [...on.aws.calls] })
    }
  }
  delivered.push(...deliveries)
  return deliveries
}

const handedOver = new Map<string, number>()

async function eventsOf(stream: string): Promise<readonly KinesisStreamEvent[]> {
  const events: KinesisStreamEvent[] = []
  for (const { id } of await ports().streams.listShards(stream)) {
    const records = await readShard(on.clients, names[stream], id)
    const place = `${stream}/${id}`
    const fresh = records.slice(handedOver.get(place) ?? 0)
    handedOver.set(place, records.length)
    if (fresh.length > 0) events.push({ Records: fresh.map(record => eventRecord(names[stream], id, record)) })
  }
  return events
}

/** As Lambda hands it over: the ARN has the stream's name on AWS. */
function eventRecord(
  physicalName: string,
  shard: string,
  { sequence, partitionKey, data }: ReadRecord,
): KinesisStreamEvent['Records'][number] {
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey,
      sequenceNumber: sequence,
      data: Buffer.from(data).toString('base64'),
      approximateArrivalTimestamp: 1_700_000_000.5,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shard}:${sequence}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: 'arn:aws:iam::123456789012:role/stage',
    awsRegion: 'us-east-1',
    eventSourceARN: `arn:aws:kinesis:us-east-1:123456789012:stream/${physicalName}`,
  }
}

/** A context of Lambda's: it knows nothing of a host. */
function plainContext(remainingMs = 60_000): Context {
  const until = Date.now() + remainingMs
  const context = lambdaContext({ remainingMs: () => until - Date.now() })
  Reflect.deleteProperty(context, hostSymbol)
  return context
}

const tableOperations = ['PutItem', 'UpdateItem', 'DeleteItem', 'GetItem', 'Query', 'Scan', 'BatchGetItem']
const isOfTable = (operation: string): boolean => tableOperations.includes(operation)
const isRead = ({ operation }: ServiceCall): boolean =>
  ['GetItem', 'Query', 'Scan', 'BatchGetItem', 'ListShards'].includes(operation)

function partitionOf({ input }: ServiceCall): string {
  const item = input.Item as { readonly pk: { readonly S: string } }
  return item.pk.S
}
