import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionPrefix } from '../../shared/aws/index.ts'
import { limits } from '../../shared/model/limits.ts'
import { positionText } from '../../shared/model/position.ts'
import { bytes } from '../cloud/clouds.ts'
import { onEmulatedAws, portsOn, testHost } from './aws-test.ts'

const on = await onEmulatedAws()
const commit = (version: number) => ({ version, start: 1, ring: 4, body: bytes('body') })
const position = positionText('7', 0, 1)

test('an append is one conditional put, and reads nothing', async () => {
  await portsOn(on).commits.append('orders/side/shard', commit(2))
  assert.deepEqual(on.aws.calls, [
    {
      operation: 'PutItem',
      input: {
        TableName: 'orders-table',
        Item: {
          pk: { S: 'log/orders/side/shard' },
          sk: { S: '0002' },
          version: { N: '2' },
          start: { N: '1' },
          ring: { N: '4' },
          body: { B: 'Ym9keQ==' },
        },
        ConditionExpression: 'attribute_not_exists(pk) OR version = :before',
        ExpressionAttributeValues: { ':before': { N: '-2' } },
      },
    },
  ])
  on.aws.calls.length = 0
  await portsOn(on).commits.append('orders/side/shard', commit(6))
  assert.deepEqual(
    on.aws.calls.map(({ input }) => input.ConditionExpression),
    ['version = :before'],
  )
})

test('a row can be read in the table: plain values are JSON, others bytes', async () => {
  const { views } = portsOn(on)
  await views.put('orders/totals', [
    { key: 'sB', position, value: { key: 'B', value: 2 } },
    { key: 'sS', position, value: { at: new Date(0) } },
  ])
  const items = on.aws.calls.map(({ input }) => input.Item as Record<string, Record<string, string>>)
  const [plain, other] = items.sort((a, b) => (a.sk.S < b.sk.S ? -1 : 1))
  assert.match(plain.pk.S, /^view\/orders\/totals\/\d+$/)
  assert.deepEqual(
    { ...plain, pk: undefined },
    {
      pk: undefined,
      sk: { S: '=sB' },
      position: { S: position },
      value: { S: '{"key":"B","value":2}' },
    },
  )
  assert.deepEqual(Object.keys(other), ['pk', 'sk', 'position', 'packed'])
})

test('every part of a pipeline has partitions of its own', async () => {
  const ports = portsOn(on)
  await ports.commits.append('orders/side/shard', commit(3))
  await ports.commits.writePage(
    { stage: 'orders/side', group: 3, slot: 1 },
    { version: 1, part: 0, parts: 1, bytes: bytes('') },
  )
  await ports.views.put('orders/totals', [{ key: 'sB', position, value: 1 }])
  const partitions = on.aws.calls.map(({ input }) => (input.Item as { pk: { S: string } }).pk.S)
  const prefixes = [
    partitionPrefix.log('orders', 'side'),
    partitionPrefix.page('orders', 'side'),
    partitionPrefix.view('orders', 'totals'),
  ]
  assert.deepEqual(
    partitions.map((partition, i) => partition.startsWith(prefixes[i])),
    [true, true, true],
  )
  assert.deepEqual(partitionPrefix.letter('orders'), 'letter/orders/')
})

test('tombstones and commits of a sealed log expire a day later, and nothing else does', async () => {
  const host = testHost()
  host.ms = 1_500_000_000_001
  const { commits, views } = portsOn(on, host)
  await views.put('orders/gone', [{ key: 'sB', position }])
  for (const version of [1, 2, 3]) await commits.append('orders/sealed', commit(version))
  await commits.expire('orders/sealed', 3)
  const expires = { N: String(Math.ceil((host.ms + limits.retiredMs) / 1000)) }
  const puts = on.aws.calls.filter(({ operation }) => operation === 'PutItem')
  assert.deepEqual(
    puts.map(({ input }) => (input.Item as { expires?: unknown }).expires),
    [expires, undefined, undefined, undefined],
  )
  const updates = on.aws.calls.filter(({ operation }) => operation === 'UpdateItem')
  assert.deepEqual(
    updates.map(({ input }) => [input.Key, (input.ExpressionAttributeValues as Record<string, unknown>)[':expires']]),
    ['0001', '0002'].map(sk => [{ pk: { S: 'log/orders/sealed' }, sk: { S: sk } }, expires]),
  )
  on.aws.calls.length = 0
  await commits.expire('orders/sealed', 3)
  assert.deepEqual(
    on.aws.calls.map(({ operation }) => operation),
    ['Query'],
  )
})
