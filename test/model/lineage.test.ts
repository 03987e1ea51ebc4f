import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ShardId, shardId } from '../../shared/model/ids.ts'
import { type LineageShard, lineageOf } from '../../shared/model/lineage.ts'

const shard = (id: string, ...parents: string[]): LineageShard => ({ id: shardId(id), parents: parents.map(shardId) })

test('a shard’s ancestors are all generations of its parents, each once, the listed ones', () => {
  const listed = [
    shard('a'),
    shard('b'),
    shard('c', 'a'),
    shard('d', 'a'),
    shard('e', 'c', 'd'),
    shard('f', 'e', 'gone'),
  ]
  const ancestors = (id: string): ShardId[] => [...lineageOf(shardId(id), listed).ancestors].sort()
  assert.deepEqual(ancestors('a'), [])
  assert.deepEqual(ancestors('c'), ['a'])
  assert.deepEqual(ancestors('e'), ['a', 'c', 'd'])
  assert.deepEqual(ancestors('f'), ['a', 'c', 'd', 'e', 'gone'])
  assert.deepEqual(lineageOf(shardId('b'), listed).shards, listed)
})
