import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tick } from '../../functions/system/tick.ts'
import { memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { decodeControl } from '../../shared/codecs/control.ts'
import { RetryBatchError } from '../../shared/model/errors.ts'
import { shardId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import type { PutRecord, StreamsPort } from '../../shared/ports/streams.ts'

const cloudWith = (shards: Readonly<Record<string, number>>) => {
  const cloud = memoryCloud({ now: () => 0, sleep: async () => {} })
  for (const [stream, count] of Object.entries(shards)) cloud.streams.createStream(stream, count)
  return cloud
}

const ticksIn = (cloud: ReturnType<typeof cloudWith>, stream: string): number[] =>
  cloud.streams.describe(stream).map(({ id }) => {
    const records = cloud.streams.read(stream, id, undefined, 1_000, 1e9)
    return records.filter(({ data }) => decodeControl(Buffer.from(data))?.kind === 'tick').length
  })

test('each shard of each stream gets one tick', async () => {
  const cloud = cloudWith({ a: 3, b: 1 })
  assert.equal(await tick(cloud.ports.streams, ['a', 'b']), 4)
  assert.deepEqual([ticksIn(cloud, 'a'), ticksIn(cloud, 'b')], [[1, 1, 1], [1]])
})

test('a closed shard gets none, and its children one each', async () => {
  const cloud = cloudWith({ a: 1 })
  cloud.streams.splitShard('a', shardId('shardId-000000000000'))
  assert.equal(await tick(cloud.ports.streams, ['a']), 2)
  assert.deepEqual(ticksIn(cloud, 'a'), [0, 1, 1])
})

test('no call has more records than Kinesis takes', async () => {
  const cloud = cloudWith({ a: limits.putRecordsCount + 1 })
  const sizes: number[] = []
  const port: StreamsPort = {
    listShards: stream => cloud.ports.streams.listShards(stream),
    putRecords: (stream, records) => {
      sizes.push(records.length)
      return cloud.ports.streams.putRecords(stream, records)
    },
  }
  assert.equal(await tick(port, ['a']), limits.putRecordsCount + 1)
  assert.deepEqual(sizes, [limits.putRecordsCount, 1])
})

test('a stream that fails is told of when the others have their ticks', async () => {
  const cloud = cloudWith({ a: 1, b: 1, c: 1 })
  const refuses = async (_: string, records: readonly PutRecord[]) =>
    records.map(() => ({ kind: 'refused' as const, reason: 'too fast' }))
  const port: StreamsPort = {
    listShards: stream =>
      stream === 'a' ? Promise.reject(new Error('a is gone')) : cloud.ports.streams.listShards(stream),
    putRecords: (stream, records) => (stream === 'b' ? refuses : cloud.ports.streams.putRecords)(stream, records),
  }
  const told = new RetryBatchError('a is gone; Cannot tick stream "b": Kinesis refused a record, too fast')
  await assert.rejects(tick(port, ['a', 'b', 'c']), told)
  assert.deepEqual(ticksIn(cloud, 'c'), [1])
})
