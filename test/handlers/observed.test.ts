import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { json, pipeline, sqs } from 'millrace'
import { kinesisEvent, lambdaContext, sqsEvent, TestCloud } from 'millrace/testing'
import { handlers } from '../../functions/handlers.ts'
import { side, trades } from '../../functions/orders/handlers.ts'
import { orders } from '../../functions/orders/pipeline.ts'
import { sizes } from '../../shared/plan/cost-sizes.ts'
import { hostSymbol } from '../../shared/ports/host.ts'

const lines = ['2016-03-22 20:25:28,1,80,EPE,710,51.00,B', 'no trade']

test('an invocation publishes what it did as embedded metrics of its stage', async () => {
  const printed = await printedBy(() =>
    trades(kinesisEvent('trades', lines), lambdaContext({ cloud: new TestCloud(), isQuiet: false })),
  )
  assert.equal(printed.length, 1)
  const [document] = printed
  assert.equal(document.service, 'orders')
  assert.equal(document.stage, 'trades')
  assert.equal(document.RecordsIn, 2)
  assert.equal(document.MalformedRecords, 1)
  assert.equal(document.DeadLetters, 1)
  assert.equal(document.MessagesOut, 3)
  assert.equal(document.shard, 'shardId-000000000000')
})

const counts = ['RecordsIn', 'RecordsOut', 'LateRecords', 'DeadLetters', 'DuplicatesDropped', 'ColdLoads']
const sourceMetrics: Readonly<Record<string, string>> = {
  ...Object.fromEntries(counts.map(name => [name, 'Count'])),
  PublishLatency: 'Milliseconds',
  WatermarkLag: 'Milliseconds',
}
const loggedMetrics = {
  ...sourceMetrics,
  CommitBytes: 'Bytes',
  StateBytes: 'Bytes',
  CommitLatency: 'Milliseconds',
}

test('the metrics of a stage are an embedded metric document that CloudWatch reads', async () => {
  const cloud = new TestCloud()
  const printed = await printedBy(async () => {
    await trades(kinesisEvent('trades', lines), lambdaContext({ cloud, isQuiet: false }))
    const [chunks] = cloud.of(orders).events('side')
    await side(chunks, lambdaContext({ cloud, isQuiet: false }))
    await side(chunks, lambdaContext({ cloud, isQuiet: false }))
  })
  const [source, logged, again] = printed
  assertEmbeddedMetrics(source, sourceMetrics)
  assertEmbeddedMetrics(logged, loggedMetrics)
  assert.equal(logged.stage, 'side')
  assert.equal(logged.RecordsIn, 1)
  assert.equal(logged.version, '0')
  assert.equal(logged.ColdLoads, 1)
  assert.ok(Number(logged.CommitBytes) > 0)
  assert.equal(logged.StateBytes, logged.CommitBytes, 'the ring holds one commit, and nothing is paged yet')
  assert.equal(again.RecordsIn, 0, 'a batch that comes again is done already')
})

test('a stage has as many metrics, and about as many bytes of log, as the cost of it says', async () => {
  const cloud = new TestCloud()
  const late = ['2016-03-22 20:25:28,1,80,EPE,710,51.00,B', '2016-03-22 20:25:30,2,81,EPE,710,51.00,B']
  const [source, logged] = await printedBy(async () => {
    await trades(kinesisEvent('trades', late), lambdaContext({ cloud, isQuiet: false }))
    const [chunks] = cloud.of(orders).events('side')
    await side(chunks, lambdaContext({ cloud, isQuiet: false }))
  })
  assert.equal(metricsOf(source), sizes.transientMetrics)
  // A stage behind a shuffle has a watermark once all of its producers have.
  assert.equal(metricsOf(logged) + ('WatermarkLag' in logged ? 0 : 1), sizes.loggedMetrics)
  const bytes = JSON.stringify(logged).length
  assert.ok(bytes < sizes.logBytes && bytes > sizes.logBytes / 2, `${bytes} bytes`)
})

const metricsOf = (document: Printed): number => Object.keys(document).filter(name => /^[A-Z]/.test(name)).length

/** The specification: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
function assertEmbeddedMetrics(document: Printed, expected: Readonly<Record<string, string>>): void {
  const metadata = document._aws as {
    readonly Timestamp: number
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string
      readonly Dimensions: readonly (readonly string[])[]
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[]
    }[]
  }
  assert.ok(Number.isInteger(metadata.Timestamp))
  assert.equal(metadata.CloudWatchMetrics.length, 1)
  const [{ Namespace, Dimensions, Metrics }] = metadata.CloudWatchMetrics
  assert.equal(Namespace, 'Millrace')
  assert.deepEqual(Dimensions, [['service', 'stage']])
  for (const name of Dimensions[0]) assert.equal(typeof document[name], 'string', name)
  assert.ok(Metrics.length <= 100, 'a document holds at most 100 metrics')
  for (const { Name } of Metrics) assert.equal(typeof document[Name], 'number', Name)
  const units = Object.fromEntries(Metrics.map(({ Name, Unit }) => [Name, Unit]))
  for (const [name, unit] of Object.entries(expected)) assert.equal(units[name], unit, name)
}

test('a stage without a watermark yet publishes no lag of it', async () => {
  const [document] = await printedBy(() =>
    trades(kinesisEvent('trades', ['no trade']), lambdaContext({ cloud: new TestCloud(), isQuiet: false })),
  )
  assert.equal(document.DeadLetters, 1)
  assert.ok(!('WatermarkLag' in document))
})

test('what an invocation throws is logged with its place, and what it had done is measured', async () => {
  const cloud = new TestCloud()
  Reflect.set(cloud.ports.streams, 'putRecords', () => Promise.reject(new Error('out of reach')))
  const printed = await printedBy(() =>
    assert.rejects(trades(kinesisEvent('trades', lines), lambdaContext({ cloud, isQuiet: false }))),
  )
  const [document, log] = printed
  assert.equal(printed.length, 2)
  assert.equal(document.RecordsIn, 2)
  assert.equal(log.level, 'ERROR')
  assert.equal(log.message, 'Invocation failed')
  assert.equal(log.stage, 'trades')
  assert.equal(log.records, 2)
  assert.equal(log.shard, 'shardId-000000000000')
  assert.match(String(log.first), /^\d+$/)
  assert.match(String(log.last), /^\d+$/)
  assert.doesNotMatch(JSON.stringify(log), /EPE|no trade/, 'no payload is logged')
})

test('what an invocation throws before it knows its shard is logged all the same', async () => {
  const printed = await printedBy(async () => {
    const context = lambdaContext({ cloud: new TestCloud(), isQuiet: false })
    await assert.rejects(trades(kinesisEvent('trades', lines, { shard: 7 }), context))
  })
  assert.equal(printed.length, 1)
  assert.equal(printed[0].message, 'Invocation failed')
  assert.equal(printed[0].shard, 'shardId-000000000007')
})

test('what a feed could not put is logged by its ids', async () => {
  const shop = pipeline('shop', ({ source }) => ({
    out: source('orders', { codec: json<string>(), from: sqs() }).forEach(() => {}),
  }))
  const large = { messageId: 'm-2', body: JSON.stringify('x'.repeat(1024 * 1024)) }
  const event = sqsEvent('orders', [{ messageId: 'm-1', body: '"secret"' }, large])
  const printed = await printedBy(async () => {
    const cloud = new TestCloud()
    await handlers(shop).orders(event, lambdaContext({ cloud, isQuiet: false }))
    Reflect.set(cloud.ports.streams, 'putRecords', () => Promise.reject(new Error('out of reach')))
    await assert.rejects(handlers(shop).orders(event, lambdaContext({ cloud, isQuiet: false })))
  })
  const [givenBack, , failed] = printed
  assert.equal(printed.length, 3)
  for (const log of printed) {
    assert.equal(log.level, 'ERROR')
    assert.equal(log.stage, 'orders')
    assert.deepEqual([log.from, log.first, log.last, log.records], ['aws:sqs', 'm-1', 'm-2', 2])
    assert.doesNotMatch(JSON.stringify(log), /secret|xxx/, 'no payload is logged')
  }
  assert.match(String(givenBack.message), /^Cannot put message "m-2" on stream "orders": it has 1048/)
  assert.equal(failed.message, 'Invocation failed')
})

test('a deployment with a name of its own has metrics of its own', async t => {
  process.env.POWERTOOLS_SERVICE_NAME = 'prod-orders'
  const { trades } = handlers(orders)
  t.after(() => delete process.env.POWERTOOLS_SERVICE_NAME)
  const [document] = await printedBy(() =>
    trades(kinesisEvent('trades', lines), lambdaContext({ cloud: new TestCloud(), isQuiet: false })),
  )
  assert.equal(document.service, 'prod-orders')
})

test('POWERTOOLS_LOG_LEVEL=DEBUG logs each invocation with shard, version and position', async t => {
  process.env.POWERTOOLS_LOG_LEVEL = 'DEBUG'
  const { trades, side } = handlers(orders)
  t.after(() => delete process.env.POWERTOOLS_LOG_LEVEL)
  const cloud = new TestCloud()
  const printed = await printedBy(async () => {
    await trades(kinesisEvent('trades', lines), lambdaContext({ cloud, isQuiet: false }))
    const [chunks] = cloud.of(orders).events('side')
    await side(chunks, lambdaContext({ cloud, isQuiet: false }))
  })
  const logs = printed.filter(({ level }) => level === 'DEBUG')
  assert.deepEqual(
    logs.map(({ message, stage, version, records }) => ({ message, stage, version, records })),
    [
      { message: 'Invocation done', stage: 'trades', version: undefined, records: 2 },
      { message: 'Invocation done', stage: 'side', version: 0, records: 32 },
    ],
  )
  for (const { shard, first, last } of logs) {
    assert.equal(shard, 'shardId-000000000000')
    assert.match(`${first} ${last}`, /^\d+ \d+$/)
  }
})

test('a host that listens itself prints nothing, whether it goes well or not', async () => {
  const printed = await printedBy(async () => {
    const cloud = new TestCloud()
    await trades(kinesisEvent('trades', lines), lambdaContext({ cloud }))
    await assert.rejects(trades(kinesisEvent('trades', lines, { shard: 7 }), lambdaContext({ cloud })))
  })
  assert.deepEqual(printed, [])
})

test('a context that names no cloud stops the deployment with a sentence', async () => {
  const context = lambdaContext({ cloud: new TestCloud() })
  Reflect.deleteProperty(context, hostSymbol)
  await printedBy(() =>
    assert.rejects(trades(kinesisEvent('trades', lines), context), {
      name: 'StopDeploymentError',
      message:
        'Cannot run stage "trades": the invocation\'s context names no cloud, expected one made by lambdaContext() of "millrace/testing", or MILLRACE_TABLE in the environment',
    }),
  )
})

type Printed = Readonly<Record<string, unknown>>

/** The JSON lines on standard output and standard error. What else is printed, as by the test runner, goes on. */
async function printedBy(work: () => Promise<unknown>): Promise<readonly Printed[]> {
  const printed: Printed[] = []
  const spies = [process.stdout, process.stderr].map(stream => {
    const write = stream.write.bind(stream)
    return mock.method(stream, 'write', (chunk: string | Uint8Array) => {
      if (typeof chunk !== 'string' || !chunk.startsWith('{')) return write(chunk)
      printed.push(JSON.parse(chunk))
      return true
    })
  })
  try {
    await work()
  } finally {
    for (const spy of spies) spy.mock.restore()
  }
  return printed
}
