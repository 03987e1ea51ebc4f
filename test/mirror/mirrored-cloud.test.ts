import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MemoryFiles } from '../../local/cloud/files.ts'
import { MirroredCloud } from '../../local/mirror/mirrored-cloud.ts'
import { mirroredTarget } from '../../local/mirror/mirrored-target.ts'
import { emulatorPace } from '../../local/mirror/pace.ts'
import { createResources } from '../../local/mirror/resources.ts'
import { TableCheckpoints } from '../../local/mirror/table-checkpoints.ts'
import { mergeShards, splitShard } from '../../shared/aws/admin.ts'
import { awsClients } from '../../shared/aws/index.ts'
import { pipeline, utf8 } from '../../shared/index.ts'
import { limits } from '../../shared/model/limits.ts'
import { resourcesOf } from '../../shared/plan/resources.ts'
import { type EmulatedAws, emulateAws } from '../aws/emulated-aws.ts'

let aws: EmulatedAws
before(async () => {
  aws = await emulateAws()
})
after(() => aws.close())

const copy = pipeline('copy', ({ source }) => ({ lines: source('lines', { codec: utf8 }).forEach(() => {}) }))
const { plan } = copy
const mapping = 'copy/lines'

let places = 0

/** A stream of so many shards, and a table, of its own. */
async function place(shards = 1) {
  const { table, streams } = resourcesOf(plan, `mirror-${places++}-`)
  const byName = Object.fromEntries(streams.map(({ name, physicalName }) => [name, physicalName]))
  const settings = { table, streams: byName, endpoint: aws.endpoint }
  const clients = awsClients(settings)
  await createResources(clients, settings, plan, () => shards)
  clients.close()
  return { settings, files: new MemoryFiles() }
}

const put = (cloud: MirroredCloud, ...texts: readonly string[]) =>
  cloud.ports.streams.putRecords(
    'lines',
    texts.map(text => ({ data: Buffer.from(text), partitionKey: text })),
  )

/** All that is here of each shard, in the order of the shards. */
const texts = (cloud: MirroredCloud): string[][] =>
  cloud.streams
    .describe('lines')
    .map(({ id }) =>
      cloud.streams
        .read('lines', id, undefined, 1_000, limits.batchBytes)
        .map(({ data }) => Buffer.from(data).toString()),
    )

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 1_000, 'it never came to be')
    await sleep(10)
  }
}

test('a mirror has what was put, in its order, and says when it has all', async () => {
  const cloud = await MirroredCloud.open(plan, await place())
  try {
    await until(() => cloud.isCaughtUp)
    await put(cloud, 'a', 'b')
    assert.equal(cloud.isCaughtUp, false)
    await put(cloud, 'c')
    await until(() => cloud.isCaughtUp)
    assert.deepEqual(texts(cloud), [['a', 'b', 'c']])
  } finally {
    await cloud.close()
  }
})

test('what was put by another is read too, and listeners hear of it', async () => {
  const where = await place()
  const [cloud, other] = [await MirroredCloud.open(plan, where), await MirroredCloud.open(plan, where)]
  try {
    let heard = 0
    cloud.streams.listen('lines', () => heard++)
    await put(other, 'from elsewhere')
    await until(() => texts(cloud)[0].length > 0)
    assert.ok(heard > 0)
  } finally {
    await Promise.all([cloud.close(), other.close()])
  }
})

for (const error of ['ExpiredIteratorException', 'ProvisionedThroughputExceededException', 'InternalFailure']) {
  test(`reading goes on after ${error}, and misses nothing`, async () => {
    const cloud = await MirroredCloud.open(plan, await place())
    try {
      await put(cloud, 'a')
      await until(() => cloud.isCaughtUp)
      let failures = 2
      aws.decide = ({ operation }) => (operation === 'GetRecords' && failures-- > 0 ? { error } : 'serve')
      await put(cloud, 'b', 'c')
      await until(() => cloud.isCaughtUp)
      assert.ok(failures <= 0)
      assert.deepEqual(texts(cloud), [['a', 'b', 'c']])
    } finally {
      aws.decide = () => 'serve'
      await cloud.close()
    }
  })
}

test('a mirror outlives a list of shards and a checkpoint that fail for a moment', async () => {
  const cloud = await MirroredCloud.open(plan, { ...(await place()), pace: { ...emulatorPace, listMs: 20 } })
  try {
    await put(cloud, 'a')
    await until(() => cloud.isCaughtUp)
    const failures = new Map([
      ['ListShards', 2],
      ['PutItem', 2],
    ])
    aws.decide = ({ operation }) => {
      const left = failures.get(operation) ?? 0
      failures.set(operation, left - 1)
      return left > 0 ? { error: 'InternalFailure' } : 'serve'
    }
    const [{ id }] = cloud.streams.describe('lines')
    const [{ sequence }] = cloud.streams.read('lines', id, undefined, 1, limits.batchBytes)
    cloud.checkpoints.advance(mapping, id, sequence)
    await until(() => [...failures.values()].every(left => left < 0))
    const [shard] = cloud.streams.describe('lines')
    await splitShard(cloud.clients, cloud.ports.clock, cloud.settings.streams?.lines ?? '', shard.id, 2n ** 127n)
    await until(() => cloud.streams.describe('lines').length === 3)
    const kept = await TableCheckpoints.read(cloud.clients.dynamo, cloud.settings.table, [mapping])
    assert.equal(kept.get(mapping, id)?.through, sequence)
  } finally {
    aws.decide = () => 'serve'
    await cloud.close()
  }
})

test('lines that Kinesis takes only in part are put again', async () => {
  const cloud = await MirroredCloud.open(plan, await place())
  let calls = 0
  aws.decide = ({ operation }) =>
    operation === 'PutRecords' && calls++ < 2 ? { throttled: i => i % 2 === 0 } : 'serve'
  try {
    const records = ['a', 'b', 'c', 'd'].map(text => ({ data: Buffer.from(text), partitionKey: text }))
    await mirroredTarget(cloud, plan.name).keep('lines', { records, letters: [], isEnd: false, note: 'so far' })
    await until(() => cloud.isCaughtUp)
    assert.deepEqual(texts(cloud).flat().toSorted(), ['a', 'b', 'c', 'd'])
    assert.equal(calls, 3)
  } finally {
    aws.decide = () => 'serve'
    await cloud.close()
  }
})

test('a stream that is gone stops the mapping with a sentence', async () => {
  const cloud = await MirroredCloud.open(plan, await place())
  try {
    aws.decide = ({ operation }) =>
      operation === 'GetRecords' || operation === 'GetShardIterator' ? { error: 'ResourceNotFoundException' } : 'serve'
    const isStopped = () => {
      try {
        cloud.streams.describe('lines')
        return false
      } catch (error) {
        assert.match(String(error), /Cannot read shard "shardId-000000000000" of stream "lines": /)
        return true
      }
    }
    await until(isStopped)
  } finally {
    aws.decide = () => 'serve'
    await cloud.close()
  }
})

test('shards that a split and a merge make are found, and parents are closed once all of theirs was read', async () => {
  const where = await place()
  const cloud = await MirroredCloud.open(plan, where)
  const host = { sleep: async (ms: number) => void (await sleep(ms)) }
  const stream = where.settings.streams.lines
  try {
    await put(cloud, 'a', 'b')
    const [first] = cloud.streams.describe('lines')
    await splitShard(cloud.clients, host, stream, first.id, 1n << 127n)
    await until(() => cloud.streams.describe('lines').length === 3)
    const [parent, ...children] = cloud.streams.describe('lines')
    assert.ok(parent.closed)
    assert.deepEqual(texts(cloud)[0], ['a', 'b'])
    assert.deepEqual(
      children.map(({ parents, closed }) => ({ parents, closed })),
      Array(2).fill({ parents: [parent.id], closed: false }),
    )
    await put(cloud, 'c', 'd', 'e', 'f')
    await mergeShards(cloud.clients, host, stream, children[0].id, children[1].id)
    await put(cloud, 'g')
    await until(() => cloud.isCaughtUp)
    const merged = cloud.streams.describe('lines')
    assert.deepEqual(
      merged[3].parents,
      children.map(({ id }) => id),
    )
    assert.deepEqual(
      merged.map(({ closed }) => closed),
      [true, true, true, false],
    )
    assert.deepEqual(texts(cloud).flat().toSorted(), ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    assert.deepEqual(texts(cloud)[3], ['g'])
  } finally {
    await cloud.close()
  }
})

test('checkpoints and their tallies are found again by the next mirror, which reads on behind them', async () => {
  const where = await place()
  const one = await MirroredCloud.open(plan, where)
  await put(one, 'a', 'b', 'c')
  await until(() => one.isCaughtUp)
  const [{ id }] = one.streams.describe('lines')
  const [a, b] = one.streams.read('lines', id, undefined, 10, limits.batchBytes)
  one.checkpoints.advance(mapping, id, a.sequence, { records: 1 })
  one.checkpoints.advance(mapping, id, b.sequence, { records: 1 })
  assert.throws(() => one.checkpoints.advance(mapping, id, a.sequence), /back to/)
  await one.close()

  const other = await MirroredCloud.open(plan, where)
  try {
    assert.deepEqual(other.checkpoints.get(mapping, id), { through: b.sequence, tally: { records: 2 } })
    assert.deepEqual(other.checkpoints.tally(mapping), { records: 2 })
    await until(() => other.isCaughtUp)
    assert.deepEqual(texts(other), [['c']])
  } finally {
    await other.close()
  }
})

test('a poller reads ahead no further than its bound, and on when there is room', async () => {
  const cloud = await MirroredCloud.open(plan, await place())
  try {
    const data = Buffer.alloc(1_000_000)
    for (let i = 0; i < 30; i++) await cloud.ports.streams.putRecords('lines', [{ data, partitionKey: String(i) }])
    const [{ id }] = cloud.streams.describe('lines')
    const here = () => cloud.streams.read('lines', id, undefined, 1_000, Number.POSITIVE_INFINITY)
    await until(() => here().length >= 10)
    await sleep(500)
    assert.ok(here().length <= 21, `${here().length} records of 1 MB`)
    assert.equal(cloud.isCaughtUp, false)
    const keys: string[] = []
    while (keys.length < 30) {
      const records = here()
      const last = records.at(-1)
      if (last === undefined) {
        await sleep(10)
        continue
      }
      keys.push(...records.map(({ partitionKey }) => partitionKey))
      cloud.checkpoints.advance(mapping, id, last.sequence)
      cloud.trimCheckpointed('lines', [mapping])
    }
    assert.deepEqual(
      keys,
      Array.from({ length: 30 }, (_, i) => String(i)),
    )
    await until(() => cloud.isCaughtUp)
  } finally {
    await cloud.close()
  }
})
