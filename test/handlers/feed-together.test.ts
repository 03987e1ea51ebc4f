import assert from 'node:assert/strict'
import { test } from 'node:test'
import { together } from '../../functions/feeds/together.ts'
import { Random } from '../../local/simulator/random.ts'
import { userRecordsOf } from '../../local/simulator/user-records.ts'
import { readKpl } from '../../shared/codecs/kpl.ts'
import { feedNameOf, feedRecord } from '../../shared/emit/feed-key.ts'
import type { OutboxRecord } from '../../shared/emit/outbox.ts'
import { refusalOf } from '../../shared/ports/refusals.ts'

const fed = (key: string, n: number, bytes: number): OutboxRecord =>
  feedRecord({ id: `${n}`, atMs: n, key }, Buffer.alloc(bytes, `${n} `))

/** Names and bytes, by key in the order in which they are put. */
function byKey(records: readonly OutboxRecord[]): Record<string, readonly string[]> {
  const all = records.flatMap(record => userRecordsOf(record))
  const groups = Map.groupBy(all, ({ partitionKey }) => feedNameOf(partitionKey)?.key ?? '')
  return Object.fromEntries(
    [...groups].map(([key, own]) => [
      key,
      own.map(({ partitionKey, data }) => `${partitionKey} ${Buffer.from(data).toString('latin1')}`),
    ]),
  )
}

test('records of a lane become one, in their order, and one alone stays as it is', () => {
  const records = [fed('a', 0, 10), fed('b', 1, 10), fed('a', 2, 0), fed('a', 3, 10)]
  const [a, b, ...others] = together(records)
  assert.deepEqual(others, [])
  assert.equal(b, records[1])
  assert.deepEqual(byKey([a]), byKey([records[0], records[2], records[3]]))
  assert.equal(a.hashKey, records[0].hashKey)
  const aggregated = readKpl(Buffer.from(a.data))
  assert.equal(aggregated?.explicitHashKey(2), records[0].hashKey, 'a reader of the shard keeps it as its own')
})

test('random records lose nothing, keep the order of their keys, and fit', () => {
  const random = new Random(1)
  for (let round = 0; round < 60; round++) {
    const records = Array.from({ length: random.below(60) }, (_, n) => {
      const bytes = random.chance(0.1) ? random.below(1_000_000) : random.below(2_000)
      return fed(`key-${random.below(6)}`, n, bytes)
    })
    const put = together(records)
    assert.deepEqual(byKey(put), byKey(records))
    for (const record of put) assert.equal(refusalOf(record), undefined)
    assert.ok(put.length <= records.length)
  }
})
