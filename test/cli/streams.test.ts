import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { realClock } from '../../local/cli/data-folder.ts'
import { openCloud } from '../../local/cloud/embedded-cloud.ts'
import { shardId } from '../../shared/model/ids.ts'
import { bytes, temporaryFolder } from '../cloud/clouds.ts'
import { millrace, usage } from './commands.ts'

const newFolder = () => join(temporaryFolder(), 'data')

test('streams create, split and merge change what list and describe print', async () => {
  const data = newFolder()
  const streams = (...args: string[]) => millrace('streams', ...args, '--data', data)
  assert.equal(await streams('create', 's', '--shards', '2'), 'Created stream "s" with 2 shards\n')
  assert.equal(await streams('create', 'other'), 'Created stream "other" with 1 shard\n')
  assert.equal(
    await streams('split', 's', '1', '--at', String((1n << 127n) + 7n)),
    'Split shardId-000000000001 of stream "s" into shardId-000000000002 and shardId-000000000003\n',
  )
  assert.equal(
    await streams('merge', 's', '0', 'shardId-000000000002'),
    'Merged shardId-000000000000 and shardId-000000000002 of stream "s" into shardId-000000000004\n',
  )
  assert.equal(
    await streams('list'),
    [
      'stream  open shards  closed  records kept  to do  behind',
      'other             1       0             0      -       -',
      's                 2       3             0      -       -',
      '',
    ].join('\n'),
  )
  assert.equal(
    await streams('describe', 's'),
    [
      'shard                 state   parents  hash keys            share  records kept',
      'shardId-000000000000  closed  -        00000000…-7fffffff…  50.0%             0',
      'shardId-000000000001  closed  -        80000000…-ffffffff…  50.0%             0',
      'shardId-000000000002  closed  1        80000000…-80000000…   0.0%             0',
      'shardId-000000000003  open    1        80000000…-ffffffff…  50.0%             0',
      'shardId-000000000004  open    0, 2     00000000…-80000000…  50.0%             0',
      '',
    ].join('\n'),
  )
})

test('streams count the records that are kept, and those that a stage has yet to deal with', async () => {
  const data = newFolder()
  const cloud = openCloud(data, { ...realClock, now: () => Date.now() - 60_000 })
  cloud.streams.createStream('lines', 1)
  const id = shardId('shardId-000000000000')
  cloud.checkpoints.advance('words/lines', id, undefined)
  for (let i = 0; i < 2_500; i++) cloud.streams.put('lines', [{ data: bytes('x'), partitionKey: 'key' }])
  const [, second] = cloud.streams.read('lines', id, undefined, 2, 1_000)
  cloud.checkpoints.advance('words/lines', id, second.sequence)
  cloud.close()
  const { shards } = JSON.parse(await millrace('streams', 'describe', 'lines', '--data', data, '--json'))
  const [{ behindMs, ...lag }] = shards[0].lags
  assert.deepEqual(
    { ...shards[0], lags: [lag] },
    {
      shard: id,
      closed: false,
      parents: [],
      from: '0',
      to: String((1n << 128n) - 1n),
      kept: 2_500,
      lags: [{ mapping: 'words/lines', records: 2_498 }],
    },
  )
  assert.ok(behindMs >= 59_000 && behindMs < 120_000)
  assert.match(await millrace('streams', 'list', '--data', data), /^lines +1 +0 +2,500 +2,498 +\d+\.\d s$/m)
  assert.match(await millrace('streams', 'describe', 'lines', '--data', data), /words\/lines to do +behind$/m)
  const listed = JSON.parse(await millrace('streams', 'list', '--data', data, '--json'))
  assert.equal(listed.streams[0].lag, 2_498)
})

test('streams refuse what they cannot do with a sentence', async () => {
  const data = newFolder()
  await millrace('streams', 'create', 's', '--shards', '3', '--data', data)
  const refused = (sentence: string, ...args: string[]) =>
    assert.rejects(millrace('streams', ...args, '--data', data), usage(sentence))
  await refused('Cannot describe stream "nope": there is no such stream, expected "s"', 'describe', 'nope')
  await refused(
    'Cannot create stream "s": it is there already, change its shards by split or merge',
    ...['create', 's'],
  )
  await refused(
    'Cannot create stream "a b": its name is not one of Kinesis, expected 1 to 128 letters, digits, "_", "." or "-"',
    ...['create', 'a b'],
  )
  await refused(
    'Cannot create stream "t": "0" is not a number of shards, expected 1 or more',
    ...['create', 't', '--shards', '0'],
  )
  await refused(
    'Cannot split shard "9" of stream "s": there is no such shard, expected one of shardId-000000000000, shardId-000000000001, shardId-000000000002',
    ...['split', 's', '9'],
  )
  await refused(
    'Cannot split at "x": it is not a hash key, expected a whole number of up to 39 digits',
    ...['split', 's', '0', '--at', 'x'],
  )
  await millrace('streams', 'split', 's', '0', '--data', data)
  await refused(
    'Cannot split shard "0" of stream "s": it is closed, expected one of shardId-000000000001, shardId-000000000002, shardId-000000000003, shardId-000000000004',
    ...['split', 's', '0'],
  )
  await assert.rejects(millrace('streams', 'merge', 's', '2', '3', '--data', data), {
    name: 'UsageError',
    message:
      'Cannot merge shards "shardId-000000000002" and "shardId-000000000003" of stream "s": they are not neighbours, expected two whose hash keys adjoin, as those of shardId-000000000002 and shardId-000000000001',
  })
})
