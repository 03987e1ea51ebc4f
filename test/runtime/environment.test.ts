import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { json, pipeline } from '../../shared/index.ts'
import type { ShardDescription } from '../../shared/ports/streams.ts'
import { Environment } from '../../shared/runtime/environment.ts'

const counting = pipeline('counting', ({ source }) => ({
  counts: source('notes', { codec: json<{ readonly key: string }>() }).keyBy('key').count('counts'),
}))

test('a list of shards that is answered late does not take the place of a newer one', async () => {
  const cloud = memoryCloud({ now: () => 0, sleep: async () => {} })
  cloud.streams.createStream('notes', 1)
  const [parent] = cloud.streams.describe('notes')
  const before = cloud.streams.describe('notes')
  cloud.streams.splitShard('notes', parent.id)
  const after = cloud.streams.describe('notes')
  const answers: ((listed: readonly ShardDescription[]) => void)[] = []
  const listShards = () => new Promise<readonly ShardDescription[]>(resolve => answers.push(resolve))
  const ports = { ...cloud.ports, streams: { ...cloud.ports.streams, listShards } }
  const environment = new Environment(counting.plan, counting.plan.stages[0], ports)

  const frozen = environment.shard('notes', parent.id)
  const child = environment.shard('notes', after[after.length - 1].id)
  answers[1](after)
  assert.deepEqual((await child).parents, [parent.id])
  answers[0](before)
  assert.equal((await frozen).id, parent.id)
  assert.deepEqual(environment.listed('notes'), after)
})
