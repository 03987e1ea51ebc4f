import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryCloud } from '../../local/cloud/embedded-cloud.ts'

test('an id is free again when it has been kept for so long, and its place claims it anew until then', async () => {
  let nowMs = 0
  const { claims } = memoryCloud({ now: () => nowMs, sleep: async () => {} }).ports
  const claim = async (place: string) => (await claims.claim('shop/orders', [{ id: 'a', place }], 1_000))[0]
  assert.equal(await claim('one'), true)
  nowMs = 999
  assert.equal(await claim('two'), false)
  assert.equal(await claim('one'), true)
  nowMs = 1_998
  assert.equal(await claim('two'), false)
  nowMs = 1_999
  assert.equal(await claim('two'), true)
  assert.equal(await claim('one'), false)
})
