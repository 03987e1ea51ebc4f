import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callsOf } from '../../shared/emit/publisher.ts'
import { limits } from '../../shared/model/limits.ts'
import { checkPutCall } from '../../shared/ports/refusals.ts'
import { Random } from '../codecs/random.ts'

test('records go into calls that Kinesis takes, in their order, whatever their keys are written in', () => {
  const random = new Random(11)
  for (let round = 0; round < 20; round++) {
    const records = Array.from({ length: random.between(1, 1_500) }, (_, i) => ({
      data: new Uint8Array(random.below(25_000)),
      partitionKey: `${i}${'日'.repeat(random.below(250))}`,
    }))
    const calls = callsOf(records)
    assert.deepEqual(calls.flat(), records)
    for (const call of calls) checkPutCall('side', call)
  }
})

test('a call is as full as Kinesis allows', () => {
  const records = Array.from({ length: 2 * limits.putRecordsCount }, () => ({
    data: new Uint8Array(1),
    partitionKey: 'k',
  }))
  assert.deepEqual(
    callsOf(records).map(({ length }) => length),
    [limits.putRecordsCount, limits.putRecordsCount],
  )
})
