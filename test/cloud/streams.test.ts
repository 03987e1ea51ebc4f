import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EmbeddedCloud } from '../../local/cloud/embedded-cloud.ts'
import { hashKeyOfGroup, hashKeyOfPartitionKey, hashSpace, isInRange } from '../../shared/model/hash-range.ts'
import { compareSequenceNumbers, type SequenceNumber, type ShardId, shardId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import type { PutOutcome, PutRecord } from '../../shared/ports/streams.ts'
import { bytes, ManualClock, onEveryCloud, text } from './clouds.ts'

const record = (data: string, hashKey?: bigint): PutRecord => ({
  data: bytes(data),
  partitionKey: 'key',
  ...(hashKey === undefined ? {} : { explicitHashKey: hashKey }),
})

const first = shardId('shardId-000000000000')
const low = 0n
const high = hashSpace - 1n

function contents(cloud: EmbeddedCloud, shard: ShardId, after?: SequenceNumber): string[] {
  return cloud.streams.read('s', shard, after, 1_000, 1e9).map(({ data }) => text(data))
}

function accepted(outcome: PutOutcome) {
  assert.equal(outcome.kind, 'accepted')
  return outcome
}

onEveryCloud('a stream', make => {
  test('putRecords() answers with shard and sequence number, and a read finds each record with its arrival time', async () => {
    const clock = new ManualClock()
    const cloud = make(clock)
    cloud.streams.createStream('s', 1)
    const outcomes = await cloud.ports.streams.putRecords('s', [record('a', 5n), record('b')])
    clock.ms += 1_000
    await cloud.ports.streams.putRecords('s', [record('c')])
    const read = cloud.streams.read('s', first, undefined, 10, 1e6)
    assert.deepEqual(contents(cloud, first), ['a', 'b', 'c'])
    assert.deepEqual(
      read.map(({ arrivalMs, partitionKey, explicitHashKey }) => [arrivalMs, partitionKey, explicitHashKey]),
      [
        [1_500_000_000_000, 'key', 5n],
        [1_500_000_000_000, 'key', undefined],
        [1_500_000_001_000, 'key', undefined],
      ],
    )
    assert.deepEqual(
      outcomes.map(outcome => accepted(outcome).sequence),
      read.slice(0, 2).map(({ sequence }) => sequence),
    )
    assert.equal(accepted(outcomes[0]).shard, first)
    assert.deepEqual(contents(cloud, first, read[0].sequence), ['b', 'c'])
    assert.deepEqual(contents(cloud, first, read[2].sequence), [])
  })

  test('sequence numbers have 56 digits and increase over all shards', () => {
    const cloud = make()
    cloud.streams.createStream('s', 2)
    const sequences = ['a', 'b', 'c', 'd'].flatMap(data =>
      cloud.streams.put('s', [record(data, low), record(data, high)]).map(outcome => accepted(outcome).sequence),
    )
    for (const sequence of sequences) assert.match(sequence, /^49\d{54}$/)
    assert.deepEqual([...sequences].sort(compareSequenceNumbers), sequences)
    assert.equal(cloud.streams.newest('s'), sequences.at(-1))
  })

  test('a record goes to the shard whose range holds its explicit hash key, or the MD5 of its partition key', () => {
    const cloud = make()
    cloud.streams.createStream('s', 5)
    const shards = cloud.streams.describe('s')
    assert.equal(shards.length, 5)
    for (let group = 0; group < 32; group++) {
      const explicitHashKey = hashKeyOfGroup(group, 32)
      const [byHash, byKey] = cloud.streams.put('s', [
        { data: bytes('x'), partitionKey: 'same', explicitHashKey },
        { data: bytes('x'), partitionKey: `key ${group}` },
      ])
      const holder = (hashKey: bigint) => shards.find(({ range }) => isInRange(hashKey, range))?.id
      assert.equal(accepted(byHash).shard, holder(explicitHashKey))
      assert.equal(accepted(byKey).shard, holder(hashKeyOfPartitionKey(`key ${group}`)))
    }
  })

  test('a record that breaks a limit is refused alone', () => {
    const cloud = make()
    cloud.streams.createStream('s', 1)
    const outcomes = cloud.streams.put('s', [
      { data: new Uint8Array(limits.kinesisRecordBytes - 3), partitionKey: 'key' },
      { data: new Uint8Array(limits.kinesisRecordBytes - 2), partitionKey: 'key' },
      { data: bytes('x'), partitionKey: '' },
      { data: bytes('x'), partitionKey: 'k'.repeat(257) },
      { data: bytes('x'), partitionKey: 'key', explicitHashKey: hashSpace },
      record('last'),
    ])
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['accepted', 'refused', 'refused', 'refused', 'refused', 'accepted'],
    )
    assert.deepEqual(outcomes[1], {
      kind: 'refused',
      reason: 'it has 1048577 bytes with its partition key, at most 1048576 would be right',
    })
    assert.equal(cloud.streams.read('s', first, undefined, 10, 1e9).length, 2)
  })

  test('a call with too many records or bytes is rejected and takes no effect', async () => {
    const cloud = make()
    cloud.streams.createStream('s', 1)
    const many = Array.from({ length: 501 }, () => record('x'))
    const large = Array.from({ length: 6 }, () => ({ data: new Uint8Array(1_000_000), partitionKey: 'key' }))
    await assert.rejects(cloud.ports.streams.putRecords('s', many), {
      message: 'Cannot put records to stream "s": 501 in one call, at most 500 would be right',
    })
    await assert.rejects(cloud.ports.streams.putRecords('s', large), /6000018 bytes in one call, at most 5242880/)
    await assert.rejects(cloud.ports.streams.putRecords('t', []), {
      name: 'ConfigurationError',
      message: 'Cannot use stream "t": it does not exist, create it first',
    })
    assert.deepEqual(contents(cloud, first), [])
  })

  test('a split closes the parent and opens two children at the hash key given', () => {
    const cloud = make()
    cloud.streams.createStream('s', 1)
    cloud.streams.put('s', [record('before', low)])
    const [lower, upper] = cloud.streams.splitShard('s', first, 100n)
    cloud.streams.put('s', [record('lower', 99n), record('upper', 100n)])
    assert.deepEqual(
      cloud.streams.describe('s').map(({ id, parents, range, closed }) => [id, parents, range, closed]),
      [
        [first, [], { from: 0n, to: high }, true],
        [lower, [first], { from: 0n, to: 99n }, false],
        [upper, [first], { from: 100n, to: high }, false],
      ],
    )
    assert.equal(upper, 'shardId-000000000002')
    assert.deepEqual(
      [first, lower, upper].map(id => contents(cloud, id)),
      [['before'], ['lower'], ['upper']],
    )
    assert.throws(() => cloud.streams.splitShard('s', first), /shard "shardId-000000000000" is closed/)
    assert.throws(() => cloud.streams.splitShard('s', lower, 0n), /leaves a half empty, one above 0 and up to 99/)
    assert.throws(() => cloud.streams.splitShard('s', shardId('nowhere')), /there is no shard "nowhere"/)
  })

  test('a merge closes two neighbours and opens one child for both', () => {
    const cloud = make()
    cloud.streams.createStream('s', 3)
    const [a, b, c] = cloud.streams.describe('s').map(({ id }) => id)
    assert.throws(() => cloud.streams.mergeShards('s', a, c), /not neighbours/)
    const child = cloud.streams.mergeShards('s', b, a)
    cloud.streams.put('s', [record('both', low)])
    const described = cloud.streams.describe('s').find(({ id }) => id === child)
    assert.deepEqual(described?.parents, [b, a])
    assert.equal(described?.range.from, 0n)
    assert.deepEqual(contents(cloud, child), ['both'])
    assert.throws(() => cloud.streams.mergeShards('s', a, c), /is closed/)
  })

  test('createStream() leaves a stream of the same name as it is', () => {
    const cloud = make()
    cloud.streams.createStream('s', 1)
    cloud.streams.splitShard('s', first)
    cloud.streams.createStream('s', 7)
    assert.equal(cloud.streams.describe('s').length, 3)
    assert.throws(() => cloud.streams.createStream('t', 0), /0 shards asked for/)
    assert.deepEqual(cloud.streams.names(), ['s'])
  })

  test('hasMore() tells whether a read would find a record, also after a trim', () => {
    const cloud = make()
    cloud.streams.createStream('s', 1)
    assert.equal(cloud.streams.hasMore('s', first, undefined), false)
    const [a, b] = cloud.streams.put('s', [record('a'), record('b')]).map(outcome => accepted(outcome).sequence)
    assert.equal(cloud.streams.hasMore('s', first, undefined), true)
    assert.equal(cloud.streams.hasMore('s', first, a), true)
    assert.equal(cloud.streams.hasMore('s', first, b), false)
    cloud.streams.trim('s', first, b)
    assert.equal(cloud.streams.hasMore('s', first, b), false)
    assert.equal(cloud.streams.hasMore('s', first, undefined), false)
    const [c] = cloud.streams.put('s', [record('c')]).map(outcome => accepted(outcome).sequence)
    assert.ok(compareSequenceNumbers(b, c) < 0)
    assert.deepEqual(contents(cloud, first, b), ['c'])
  })

  test('listeners hear of puts and reshards once they stand, and never of what failed', () => {
    const cloud = make()
    cloud.streams.createStream('s', 1)
    let heard = 0
    const stop = cloud.streams.listen('s', () => {
      heard += 1
      assert.ok(cloud.streams.newest('s') !== undefined)
    })
    cloud.streams.put('s', [record('a')])
    cloud.streams.splitShard('s', first)
    assert.equal(heard, 2)
    cloud.transaction(() => {
      cloud.streams.put('s', [record('b')])
      assert.equal(heard, 2)
    })
    assert.equal(heard, 3)
    const failing = () =>
      cloud.transaction(() => {
        cloud.streams.put('s', [record('c')])
        throw new Error('no')
      })
    assert.throws(failing)
    assert.equal(heard, 3)
    stop()
    cloud.streams.put('s', [record('d')])
    assert.equal(heard, 3)
  })
})

onEveryCloud('a transaction of the cloud', make => {
  test('transaction() keeps records and an offset together, or neither', () => {
    const cloud = make()
    cloud.streams.createStream('s', 1)
    cloud.transaction(() => {
      cloud.streams.put('s', [record('a')])
      cloud.meta.set('offset', '1')
    })
    const newest = cloud.streams.newest('s')
    const failing = () =>
      cloud.transaction(() => {
        cloud.streams.put('s', [record('b')])
        cloud.streams.splitShard('s', first)
        cloud.streams.createStream('t', 1)
        cloud.meta.set('offset', '2')
        throw new Error('the input ended early')
      })
    assert.throws(failing, /ended early/)
    assert.deepEqual(contents(cloud, first), ['a'])
    assert.equal(cloud.meta.get('offset'), '1')
    assert.equal(cloud.streams.newest('s'), newest)
    assert.equal(cloud.streams.describe('s').length, 1)
    assert.equal(cloud.streams.has('t'), false)
    assert.equal(cloud.streams.hasMore('s', first, newest), false)
    cloud.streams.put('s', [record('c')])
    assert.deepEqual(contents(cloud, first), ['a', 'c'])
  })

  test('transaction() refuses an asynchronous function and keeps nothing of it', () => {
    const cloud = make()
    const asynchronous = () => cloud.transaction(async () => cloud.meta.set('a', '1'))
    assert.throws(asynchronous, /Cannot run a transaction: its function returned a promise/)
    assert.equal(cloud.meta.get('a'), undefined)
  })
})
