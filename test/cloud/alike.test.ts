import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EmbeddedCloud, memoryCloud, openCloud } from '../../local/cloud/embedded-cloud.ts'
import type { ShardId } from '../../shared/model/ids.ts'
import { positionText } from '../../shared/model/position.ts'
import { ManualClock, temporaryFolder } from './clouds.ts'
import { Random } from './random.ts'

/** Does something to a cloud. It draws no random number then: both clouds are to be treated alike. */
type Step = (cloud: EmbeddedCloud) => unknown

test('a random run shows the same on both clouds, through failed transactions and reopening', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed)
    const clock = new ManualClock()
    const folder = temporaryFolder()
    const memory = memoryCloud(clock)
    let durable = openCloud(folder, clock)
    for (const cloud of [memory, durable]) cloud.streams.createStream('s', 2)
    for (let i = 0; i < 150; i++) {
      const step = randomStep(random, memory)
      if (random.below(10) === 0) clock.ms += random.below(100_000_000)
      assert.deepEqual(outcomeOf(step, durable), outcomeOf(step, memory), `seed ${seed}, step ${i}`)
      if (random.below(15) === 0) {
        durable.close()
        durable = openCloud(folder, clock)
      }
      assert.deepEqual(await contents(durable), await contents(memory), `seed ${seed}, step ${i}`)
    }
    durable.close()
  }
})

function randomStep(random: Random, cloud: EmbeddedCloud): Step {
  const shards = cloud.streams.describe('s')
  const shard = random.pick(shards).id
  const other = random.pick(shards).id
  const records = Array.from({ length: random.below(4) }, (_, i) => {
    const data = new Uint8Array(random.below(30)).fill(i)
    return {
      data,
      partitionKey: `key ${random.below(5)}`,
      ...(random.below(2) ? { explicitHashKey: random.hashKey() } : {}),
    }
  })
  const row = { key: `row ${random.below(5)}`, position: positionText(String(random.below(50)), 0, 0) }
  const version = random.below(12)
  const isDelete = random.below(3) === 0
  const put: Step = target => target.streams.put('s', records)
  const chosen = random.pick<Step>([
    put,
    target => target.streams.splitShard('s', shard),
    target => target.streams.mergeShards('s', shard, other),
    target => trimHalf(target, shard),
    target => checkpointNewest(target, shard),
    target => void target.views.put('v', [isDelete ? row : { ...row, value: version }]),
    target => void target.commits.append('log', { version, start: 0, ring: 4, body: new Uint8Array([version]) }),
    target => void target.commits.expire('log', version),
    target => target.meta.set(`key ${version % 3}`, String(version)),
  ])
  if (random.below(5) > 0) return chosen
  return target =>
    target.transaction(() => {
      put(target)
      chosen(target)
      throw new Error('undone')
    })
}

function trimHalf(cloud: EmbeddedCloud, shard: ShardId): void {
  const read = cloud.streams.read('s', shard, undefined, 1_000, 1e6)
  if (read.length > 1) cloud.streams.trim('s', shard, read[read.length >> 1].sequence)
}

function checkpointNewest(cloud: EmbeddedCloud, shard: ShardId): void {
  const newest = cloud.streams.newest('s')
  cloud.checkpoints.advance('m', shard, newest, { moves: 1 })
  cloud.trimCheckpointed('s', ['m'])
}

function outcomeOf(step: Step, cloud: EmbeddedCloud): unknown {
  try {
    return step(cloud)
  } catch (error) {
    return String(error)
  }
}

async function contents(cloud: EmbeddedCloud): Promise<unknown> {
  const shards = cloud.streams.describe('s')
  return {
    shards,
    newest: cloud.streams.newest('s'),
    records: shards.map(({ id }) => cloud.streams.read('s', id, undefined, 1_000, 1e6)),
    more: shards.map(({ id }) => cloud.streams.hasMore('s', id, undefined)),
    checkpoints: [...cloud.checkpoints.all('m')].sort(),
    rows: [...cloud.views.rows('v')].sort((a, b) => (a.key < b.key ? -1 : 1)),
    ring: [...(await cloud.ports.commits.readRing('log'))].sort((a, b) => a.version - b.version),
    meta: [...cloud.meta.all()].sort(),
  }
}
