import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { kinesisEvent, lambdaContext, TestCloud } from 'millrace/testing'
import { trades } from '../../functions/orders/handlers.ts'
import { hostSymbol } from '../../shared/ports/host.ts'

const lines = ['2016-03-22 20:25:28,1,80,EPE,710,51.00,B', 'no trade']

test('an invocation publishes what it did as embedded metrics of its stage', async () => {
  const printed = await printedBy(() =>
    trades(kinesisEvent('trades', lines), lambdaContext({ cloud: new TestCloud(), isQuiet: false })),
  )
  assert.equal(printed.length, 1)
  const [metrics] = printed
  assert.equal(metrics.service, 'orders')
  assert.equal(metrics.stage, 'trades')
  assert.equal(metrics.RecordsIn, 2)
  assert.equal(metrics.MalformedRecords, 1)
  assert.equal(metrics.DeadLetters, 1)
  assert.equal(metrics.MessagesOut, 3)
  assert.equal(metrics.shard, 'shardId-000000000000')
})

test('what an invocation throws is logged with its place', async () => {
  const printed = await printedBy(async () => {
    const context = lambdaContext({ cloud: new TestCloud(), isQuiet: false })
    await assert.rejects(trades(kinesisEvent('trades', lines, { shard: 7 }), context))
  })
  assert.equal(printed.length, 1)
  const [log] = printed
  assert.equal(log.level, 'ERROR')
  assert.equal(log.message, 'Invocation failed')
  assert.equal(log.stage, 'trades')
  assert.equal(log.records, 2)
  assert.match(String(log.shard), /^shardId-000000000007:/)
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
        'Cannot run stage "trades": the invocation\'s context names no cloud, expected one made by lambdaContext() of "millrace/testing"',
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
