import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EmbeddedCloud } from '../../local/cloud/embedded-cloud.ts'
import { Retention } from '../../local/cloud/retention.ts'
import { type ShardId, shardId } from '../../shared/model/ids.ts'
import { onEveryCloud } from './clouds.ts'

const shards = [shardId('shardId-000000000000'), shardId('shardId-000000000001')] as const
const recordBytes = 40_000

/** Puts a record of 40 KB in a shard, and deals with it. */
function pass(cloud: EmbeddedCloud, retention: Retention, shard: ShardId): void {
  put(cloud, shard)
  cloud.checkpoints.advance('words/lines', shard, cloud.streams.newest('lines'))
  retention.done(shard, recordBytes)
}

function put(cloud: EmbeddedCloud, shard: ShardId): void {
  const { range } = cloud.streams.describe('lines').find(({ id }) => id === shard)!
  cloud.streams.put('lines', [{ data: new Uint8Array(recordBytes), partitionKey: 'key', explicitHashKey: range.from }])
}

const kept = (cloud: EmbeddedCloud, shard: ShardId) => cloud.streams.read('lines', shard, undefined, 1_000, 1e9).length

onEveryCloud('retention', make => {
  const cloudWithStream = () => {
    const cloud = make()
    cloud.streams.createStream('lines', 2)
    return cloud
  }

  test('keeps the newest records that are done, and every one that is not', () => {
    const cloud = cloudWithStream()
    const retention = new Retention(cloud, 'lines', 'words/lines', 10 * recordBytes)
    for (let i = 0; i < 5; i++) put(cloud, shards[1])
    for (let i = 0; i < 100; i++) pass(cloud, retention, shards[0])
    assert.ok(kept(cloud, shards[0]) >= 9 && kept(cloud, shards[0]) <= 10)
    assert.equal(kept(cloud, shards[1]), 5)
  })

  test('forgets the oldest of all shards first', () => {
    const cloud = cloudWithStream()
    const retention = new Retention(cloud, 'lines', 'words/lines', 10 * recordBytes)
    for (let i = 0; i < 8; i++) pass(cloud, retention, shards[0])
    for (let i = 0; i < 6; i++) pass(cloud, retention, shards[1])
    assert.equal(kept(cloud, shards[0]), 4)
    assert.equal(kept(cloud, shards[1]), 6)
  })

  test('counts what an earlier process left', () => {
    const cloud = cloudWithStream()
    const before = new Retention(cloud, 'lines', 'words/lines', 1e9)
    for (let i = 0; i < 100; i++) pass(cloud, before, shards[0])
    put(cloud, shards[0])
    new Retention(cloud, 'lines', 'words/lines', 50 * recordBytes)
    assert.ok(kept(cloud, shards[0]) > 20 && kept(cloud, shards[0]) <= 51, String(kept(cloud, shards[0])))
  })
})
