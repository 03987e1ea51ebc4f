import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realClock } from '../../local/cli/data-folder.ts'
import { operate } from '../../local/cloud/data-operations.ts'
import { openCloud } from '../../local/cloud/embedded-cloud.ts'
import { bytes, temporaryFolder } from './clouds.ts'

test('a call of a producer that is repeated puts once, and is answered alike', async () => {
  const cloud = openCloud(temporaryFolder(), realClock)
  cloud.streams.createStream('s', 3)
  const records = Array.from({ length: 20 }, (_, i) => ({ data: bytes(String(i)), partitionKey: `key ${i}` }))
  const put = (number: number) => operate(cloud, 'put', ['s', records, { producer: 'p', number }])
  const first = await put(1)
  assert.equal(first.length, 20)
  assert.equal(new Set(first).size, 3)
  assert.deepEqual(await put(1), first)
  assert.equal((await operate(cloud, 'newest', ['s']))?.slice(-3), '020')
  // Shards that changed since then do not change what was answered.
  cloud.streams.splitShard('s', first[0])
  assert.deepEqual(await put(1), first)
  assert.notDeepEqual(await put(2), first)
  await assert.rejects(put(1), /^Error: Cannot put records in stream "s": call 1 comes after a later one$/)
  cloud.close()
})
