import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drive } from 'millrace/testing'
import { fedOnce } from '../../shared/dsl/fed-once.ts'
import { type Fed, feedNameOf, feedRecord } from '../../shared/emit/feed-key.ts'
import { json, minutes, pipeline, sqs } from '../../shared/index.ts'
import { isInRange, wholeRange } from '../../shared/model/hash-range.ts'
import { Harness } from './harness.ts'
import { source } from './processing.ts'

const rememberMs = 600_000

function harnessed() {
  const { name, definition } = fedOnce(source, { kind: 'sqs', rememberMs })
  const out: unknown[] = []
  const harness = new Harness(context =>
    definition.create(name, context, { push: value => out.push(value), side: () => () => {} }),
  )
  const take = (key: string, id?: string): unknown[] => {
    const fed: Fed = { key, value: `${id} of ${key}`, ...(id !== undefined && { id }) }
    harness.process(key, fed, 0)
    return out.splice(0)
  }
  return { harness, take }
}

describe('fedOnce()', () => {
  it('lets each id of a key through once, for as long as it is to remember it', () => {
    const { harness, take } = harnessed()
    assert.deepEqual(take('a', 'm1'), ['m1 of a'])
    harness.arrive(rememberMs - 1)
    assert.deepEqual([...take('a', 'm1'), ...take('a', 'm2'), ...take('b', 'm1')], ['m2 of a', 'm1 of b'])
    harness.commit()
    harness.page()
    harness.restart()
    assert.deepEqual(take('a', 'm2'), [])
    harness.arrive(rememberMs)
    assert.deepEqual([...take('a', 'm1'), ...take('a', 'm2')], ['m1 of a'])
  })

  it('keeps nothing of keys that never come again', () => {
    const { harness, take } = harnessed()
    for (let i = 0; i < 1_000; i++) {
      harness.setArrival(i)
      take(`group ${i % 70}`, `m${i}`)
    }
    assert.ok(!harness.isEmpty)
    harness.arrive(rememberMs + 998)
    assert.ok(!harness.isEmpty)
    harness.arrive(rememberMs + 999)
    assert.ok(harness.isEmpty)
    assert.equal(harness.eventTimer, Number.POSITIVE_INFINITY)
    harness.commit()
    harness.restart()
    assert.ok(harness.isEmpty)
  })

  it('lets what has no id through each time, and keeps nothing of it', () => {
    const { harness, take } = harnessed()
    assert.deepEqual([...take('a'), ...take('a')], ['undefined of a', 'undefined of a'])
    assert.ok(harness.isEmpty)
  })

  it('forgets by the ticks of a stage to which nothing comes', async () => {
    const orders = pipeline('orders', ({ source }) => {
      const read = source('read', { codec: json<string>(), from: sqs({ remember: minutes(10) }) })
      return { counts: read.keyBy('order', order => order).count('counts') }
    })
    const run = drive(orders)
    const { partitionKey } = feedRecord({ id: 'm1', atMs: run.now, key: 'm1' }, new Uint8Array())
    const pushed = run.read.with({ partitionKey })
    await pushed.push('pen')
    await run.tick(minutes(9))
    await pushed.push('pen')
    assert.deepEqual(run.counts.rows(), [{ key: 'pen', value: 1 }])
    await run.tick(minutes(2))
    await pushed.push('pen')
    assert.deepEqual(run.counts.rows(), [{ key: 'pen', value: 2 }])
  })
})

describe('feedRecord()', () => {
  it('writes what feedNameOf() reads, whatever the key', () => {
    for (const key of ['a', 'a/b', '/', 'x'.repeat(128), 'millrace/1/2/3', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~']) {
      const name = { id: '0f8fad5b-d9cb-469f-a165-70867728950e', atMs: 1_767_225_600_123, key }
      const { partitionKey, hashKey } = feedRecord(name, Buffer.from('data'))
      assert.ok(partitionKey.length <= 256)
      assert.deepEqual(feedNameOf(partitionKey), name)
      assert.ok(isInRange(hashKey, wholeRange))
      assert.equal(feedRecord({ ...name, id: 'other', atMs: 0 }, Buffer.from('')).hashKey, hashKey)
    }
  })

  it('is told from what others put', () => {
    for (const key of ['', 'a', 'millrace', 'millrace/1/2', 'millrace/1/2/', 'millrace/x/2/3', 'stage/shard/3/1a']) {
      assert.equal(feedNameOf(key), undefined, key)
    }
  })
})
