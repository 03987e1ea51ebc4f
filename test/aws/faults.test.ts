import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { test } from 'node:test'
import { createStream } from '../../shared/aws/index.ts'
import { decompress } from '../../shared/codecs/values.ts'
import { publishChunks } from '../../shared/emit/publisher.ts'
import { positionText } from '../../shared/model/position.ts'
import { bytes } from '../cloud/clouds.ts'
import { Random } from '../cloud/random.ts'
import { readShard } from '../conformance/subject.ts'
import { onEmulatedAws, portsOn, testHost } from './aws-test.ts'
import type { ServiceCall } from './emulated-aws.ts'

const on = await onEmulatedAws()
const commit = { version: 1, start: 1, ring: 4, body: bytes('body') }
const chunk = (group: number, text: string) => ({ stream: 'side', group, groups: 4, bytes: bytes(text) })

test('of a put that is throttled in part only the refused records are put again, and each key group keeps its order', async () => {
  await createStream(on.clients, 'throttled', 2)
  const ports = portsOn(on, testHost(), { streams: { side: 'throttled' } })
  const chunks = [0, 1, 2, 3].flatMap(group => [1, 2, 3, 4, 5].map(i => chunk(group, `${group}:${i}`)))
  const random = new Random(3)
  let throttledRecords = 0
  on.aws.decide = ({ operation }) => {
    if (operation !== 'PutRecords') return 'serve'
    return {
      throttled: () => {
        const isThrottled = random.below(3) === 0
        if (isThrottled) throttledRecords++
        return isThrottled
      },
    }
  }
  on.aws.calls.length = 0
  await publishChunks(ports, 'trades/shardId-000000000000', chunks)
  const asked = on.aws.calls.reduce((sum, call) => sum + recordsOf(call).length, 0)
  assert.ok(throttledRecords > 5)
  assert.equal(asked, chunks.length + throttledRecords, 'every other record was put once')
  assert.deepEqual(await textsOf('throttled'), chunksByGroup(1))
})

test('a put whose answer was lost is repeated whole, and each key group keeps its order', async () => {
  await createStream(on.clients, 'lost', 1)
  const ports = portsOn(on, testHost(), { streams: { side: 'lost' } })
  const chunks = [0, 1, 2, 3].flatMap(group => [1, 2, 3, 4, 5].map(i => chunk(group, `${group}:${i}`)))
  let puts = 0
  on.aws.decide = ({ operation }) => (operation === 'PutRecords' && puts++ % 2 === 0 ? 'lose' : 'serve')
  await publishChunks(ports, 'trades/shardId-000000000000', chunks)
  assert.deepEqual(await textsOf('lost'), chunksByGroup(2))
})

test('an append whose answer was lost is stale, as its own first try has won', async () => {
  let puts = 0
  on.aws.decide = ({ operation }) => (operation === 'PutItem' && puts++ === 0 ? 'lose' : 'serve')
  const { commits } = portsOn(on)
  assert.equal(await commits.append('lost', commit), 'stale')
  assert.deepEqual(
    (await commits.readRing('lost')).map(({ version }) => version),
    [1],
  )
})

test('rows and letters whose answer was lost are kept once', async () => {
  let puts = 0
  on.aws.decide = ({ operation }) => (operation === 'PutItem' && puts++ % 2 === 0 ? 'lose' : 'serve')
  const { views } = portsOn(on)
  await views.put('lost', [{ key: 'sB', position: positionText('1', 0, 0), value: 7 }])
  assert.deepEqual(
    (await views.scan('lost')).map(({ value }) => value),
    [7],
  )
})

test('a throttled write is tried again, and one that is throttled for good is a batch to retry', async () => {
  let puts = 0
  on.aws.decide = ({ operation }) =>
    operation === 'PutItem' && puts++ < 3 ? { error: 'ProvisionedThroughputExceededException' } : 'serve'
  const { commits } = portsOn(on)
  assert.equal(await commits.append('throttled', commit), 'committed')
  assert.equal(puts, 4)
  on.aws.decide = () => ({ error: 'ThrottlingException' })
  await assert.rejects(commits.append('throttled', { ...commit, version: 2 }), {
    name: 'RetryBatchError',
    message: /^Cannot store commit 2 to log "throttled": table "orders-table" answered with ThrottlingException/,
  })
})

test('a call that gets no answer ends with the invocation', async () => {
  const host = testHost()
  host.leftMs = 400
  const { commits, streams, clock } = portsOn(on, host)
  on.aws.decide = () => 'hold'
  const timeIsUp = { name: 'RetryBatchError', message: /the invocation's time is up/ }
  const began = performance.now()
  await assert.rejects(commits.append('held', commit), timeIsUp)
  await assert.rejects(streams.putRecords('side', [{ data: bytes('x'), partitionKey: 'k' }]), timeIsUp)
  on.aws.decide = () => ({ error: 'ThrottlingException' })
  await assert.rejects(streams.listShards('side'), { name: 'RetryBatchError' })
  assert.ok(performance.now() - began < 3_000)
  host.leftMs = 50
  on.aws.calls.length = 0
  await assert.rejects(commits.readRing('held'), timeIsUp)
  assert.equal(on.aws.calls.length, 0, 'nothing begins that cannot end')
  await clock.sleep(1_000)
  host.leftMs = 300
  await clock.sleep(1_000)
  host.leftMs = 60_000
  await clock.sleep(1_000)
  assert.deepEqual(host.slept, [0, 200, 500])
})

test('of many rows the first failure is told, and no further put begins', async () => {
  on.aws.decide = ({ operation }) => (operation === 'PutItem' ? { error: 'AccessDeniedException' } : 'serve')
  const { views } = portsOn(on)
  const rows = Array.from({ length: 500 }, (_, i) => ({ key: `${i}`, position: positionText('1', 0, 0), value: i }))
  await assert.rejects(views.put('denied', rows), { name: 'StopDeploymentError' })
  await new Promise(resolve => setTimeout(resolve, 50))
  assert.ok(on.aws.calls.length < 50)
})

const chunksByGroup = (times: number): Record<string, string[]> => {
  const repeated = (i: number): string[] => Array.from({ length: times }, () => String(i))
  const each = [1, 2, 3, 4, 5].flatMap(repeated)
  return { '0': each, '1': each, '2': each, '3': each }
}

const recordsOf = ({ operation, input }: ServiceCall): unknown[] =>
  operation === 'PutRecords' && Array.isArray(input.Records) ? input.Records : []

/** By key group, what its chunks say in the order of their sequence numbers. */
async function textsOf(stream: string): Promise<Record<string, string[]>> {
  const shards = await portsOn(on).streams.listShards(stream)
  const read = (await Promise.all(shards.map(({ id }) => readShard(on.clients, stream, id)))).flat()
  const texts: Record<string, string[]> = {}
  for (const { data } of read) {
    const [group, i] = Buffer.from(decompress(data)).toString().split(':')
    texts[group] ??= []
    texts[group].push(i)
  }
  return texts
}
