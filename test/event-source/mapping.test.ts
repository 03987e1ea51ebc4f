import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sequenceAt, shardIdAt } from '../../local/cloud/sequence.ts'
import { StopDeploymentError } from '../../shared/model/errors.ts'
import { failure, firstShard, report, Scenario, success } from './scenario.ts'

describe('batches', () => {
  test('hold at most batchSize records, in order, and are checkpointed with their tally', async () => {
    const scenario = new Scenario({ batchSize: 2 })
    scenario.put('a', 'b', 'c')
    assert.equal(scenario.mapping.isIdle(), false)
    assert.equal(await scenario.mapping.pollOnce(), true)
    assert.equal(scenario.checkpoint(), sequenceAt(2))
    assert.equal(await scenario.mapping.pollOnce(), true)
    assert.equal(await scenario.mapping.pollOnce(), false)
    assert.deepEqual(scenario.batches(), ['a b', 'c'])
    assert.equal(scenario.checkpoint(), sequenceAt(3))
    assert.deepEqual(scenario.cloud.checkpoints.tally('m'), { records: 3 })
    assert.equal(scenario.mapping.isIdle(), true)
    assert.equal(scenario.mapping.nextDueMs(), undefined)
  })

  test('hold at most 6 MB of payload, and a record is never left out for it', async () => {
    const scenario = new Scenario({ batchSize: 10_000 })
    for (let i = 0; i < 100; i++) scenario.put(String(i).padStart(100_000, '.'))
    for (let i = 100; i < 110; i++) scenario.put(String(i).padStart(1_000_000, '.'))
    await scenario.poll()
    const payloads = scenario.handed.map(({ event }) => Buffer.byteLength(JSON.stringify(event)))
    assert.ok(payloads.every(bytes => bytes <= 6 * 1024 * 1024))
    assert.deepEqual(
      scenario.handed.map(({ data }) => data.length),
      [46, 46, 11, 4, 3],
    )
    const order = scenario.handed.flatMap(({ data }) => data.map(each => Number(each.replaceAll('.', ''))))
    assert.deepEqual(
      order,
      Array.from({ length: 110 }, (_, i) => i),
    )
  })

  test('wait for the batching window, counted from the first record, unless they are full', async () => {
    const scenario = new Scenario({ batchSize: 3, maximumBatchingWindowInSeconds: 10 })
    const began = scenario.clock.ms
    scenario.put('a')
    await scenario.poll()
    scenario.clock.ms += 9_999
    scenario.put('b')
    await scenario.poll()
    assert.deepEqual(scenario.batches(), [])
    assert.equal(scenario.mapping.nextDueMs(), began + 10_000)
    assert.equal(scenario.mapping.isIdle(), false)
    scenario.clock.ms += 1
    await scenario.poll()
    scenario.put('c', 'd', 'e', 'f')
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['a b', 'c d e'])
    await scenario.settle()
    assert.deepEqual(scenario.batches(), ['a b', 'c d e', 'f'])
  })

  test('of a closed shard do not wait for the batching window', async () => {
    const scenario = new Scenario({ maximumBatchingWindowInSeconds: 300 })
    scenario.put('a')
    scenario.cloud.streams.splitShard('s', firstShard)
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['a'])
  })
})

describe('where a mapping starts', () => {
  test('TRIM_HORIZON reads what was there before the mapping', async () => {
    const scenario = new Scenario()
    scenario.put('a')
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['a'])
  })

  test('LATEST skips what was there when the mapping was made, on all shards', async () => {
    const before = new Scenario({}, 2)
    before.putAt(0n, 'old')
    before.putAt(2n ** 128n - 1n, 'old')
    const latest = new Scenario({ name: 'latest', startingPosition: 'LATEST' }, 2, before.cloud)
    latest.putAt(0n, 'new')
    latest.putAt(2n ** 128n - 1n, 'new too')
    await latest.poll()
    assert.deepEqual(latest.batches(), ['new', 'new too'])
  })

  test('LATEST reads shards that appear later from their first record', async () => {
    const scenario = new Scenario({ startingPosition: 'LATEST' })
    scenario.cloud.streams.splitShard('s', firstShard)
    scenario.putAt(0n, 'a')
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['a'])
  })

  test('a mapping made anew goes on at its checkpoint, whatever its starting position', async () => {
    const scenario = new Scenario({ batchSize: 1, startingPosition: 'LATEST' })
    scenario.put('a', 'b', 'c')
    await scenario.mapping.pollOnce()
    scenario.remake()
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['a', 'b', 'c'])
    assert.deepEqual(scenario.cloud.checkpoints.tally('m'), { records: 3 })
  })
})

describe('a function that throws', () => {
  test('gets the same batch again, later each time, and nothing of the shard before it', async () => {
    const scenario = new Scenario({ batchSize: 2 })
    scenario.answer = () => (scenario.handed.length <= 3 ? failure() : success(2))
    scenario.put('a', 'b', 'c')
    const began = scenario.clock.ms
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['a b'])
    assert.equal(scenario.mapping.nextDueMs(), began + 100)
    assert.equal(scenario.mapping.isIdle(), false)
    assert.equal(scenario.checkpoint(), undefined)
    await scenario.settle()
    assert.deepEqual(scenario.batches(), ['a b', 'a b', 'a b', 'a b', 'c'])
    assert.equal(scenario.clock.ms, began + 700)
    assert.deepEqual(scenario.cloud.checkpoints.tally('m'), { records: 4 })
  })

  test('counts as failed when its runner rejects', async () => {
    const scenario = new Scenario()
    scenario.answer = async () => (scenario.handed.length === 1 ? Promise.reject(new Error('lost')) : success())
    scenario.put('a')
    await scenario.settle()
    assert.deepEqual(scenario.batches(), ['a', 'a'])
    assert.match(String(scenario.events[0].error), /lost/)
  })

  test('has its batch discarded when the retries have run out, and the destination is told where it was', async () => {
    const scenario = new Scenario({ batchSize: 2, maximumRetryAttempts: 2 })
    scenario.answer = ({ data }) => (data.includes('a') ? failure() : success(data.length))
    scenario.put('a', 'b')
    scenario.clock.ms += 1_000
    scenario.put('c')
    await scenario.settle()
    assert.deepEqual(scenario.batches(), ['a b', 'a b', 'a b', 'c'])
    assert.equal(scenario.checkpoint(), sequenceAt(3))
    assert.deepEqual(scenario.cloud.checkpoints.tally('m'), { records: 1 })
    assert.deepEqual(scenario.discarded, [
      {
        requestContext: {
          requestId: `m/shardId-000000000000/${sequenceAt(1)}`,
          functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:m',
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: 3,
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        version: '1.0',
        timestamp: '2017-07-14T02:40:01.300Z',
        KinesisBatchInfo: {
          shardId: 'shardId-000000000000',
          startSequenceNumber: sequenceAt(1),
          endSequenceNumber: sequenceAt(2),
          approximateArrivalOfFirstRecord: '2017-07-14T02:40:00.000Z',
          approximateArrivalOfLastRecord: '2017-07-14T02:40:00.000Z',
          batchSize: 2,
          streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
        },
      },
    ])
  })

  test('has its batch bisected until the bad record is alone, in order', async () => {
    const scenario = new Scenario({ bisectBatchOnFunctionError: true, maximumRetryAttempts: 1 })
    scenario.answer = ({ data }) => (data.includes('c') ? failure() : success(data.length))
    scenario.put('a', 'b', 'c', 'd', 'e')
    await scenario.settle()
    assert.deepEqual(scenario.batches(), ['a b c d e', 'a b c', 'a b', 'c', 'c', 'd e'])
    assert.deepEqual(
      scenario.discarded.map(({ KinesisBatchInfo }) => KinesisBatchInfo.startSequenceNumber),
      [sequenceAt(3)],
    )
    assert.deepEqual(scenario.cloud.checkpoints.tally('m'), { records: 4 })
    assert.deepEqual(
      scenario.events.map(({ outcome, records, done }) => [outcome, records, done]),
      [
        ['bisect', 5, 0],
        ['bisect', 3, 0],
        ['advance', 2, 2],
        ['retry', 1, 0],
        ['discard', 1, 1],
        ['advance', 2, 2],
      ],
    )
  })

  test('stops the mapping when the failure is fatal, now and ever after', async () => {
    const scenario = new Scenario({ batchSize: 1 })
    const error = new StopDeploymentError('Cannot read old state: operator "count" was renamed, rename it back')
    scenario.answer = ({ data }) => (data[0] === 'b' ? failure(error, true) : success())
    scenario.put('a', 'b', 'c')
    await assert.rejects(scenario.poll(), error)
    await assert.rejects(scenario.mapping.pollOnce(), error)
    assert.deepEqual(scenario.batches(), ['a', 'b'])
    assert.equal(scenario.checkpoint(), sequenceAt(1))
    assert.equal(scenario.mapping.isIdle(), false)
  })
})

describe('ReportBatchItemFailures', () => {
  const functionResponseTypes = ['ReportBatchItemFailures'] as const

  test('checkpoints before the lowest failed record, with the tally, and hands over the rest at once', async () => {
    const scenario = new Scenario({ functionResponseTypes })
    scenario.answer = handed => (scenario.handed.length === 1 ? report(handed, 'c', 'd') : success(handed.data.length))
    scenario.put('a', 'b', 'c', 'd')
    await scenario.mapping.pollOnce()
    assert.equal(scenario.checkpoint(), sequenceAt(2))
    assert.deepEqual(scenario.cloud.checkpoints.tally('m'), { records: 2 })
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['a b c d', 'c d'])
    assert.deepEqual(scenario.cloud.checkpoints.tally('m'), { records: 4 })
  })

  test('hands over only the rest of the batch, not newer records with it', async () => {
    const scenario = new Scenario({ functionResponseTypes, batchSize: 3 })
    scenario.answer = handed => (scenario.handed.length === 1 ? report(handed, 'b') : success())
    scenario.put('a', 'b', 'c', 'd')
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['a b c', 'b c', 'd'])
  })

  test('backs off when nothing was acknowledged, and forgets the tally', async () => {
    const scenario = new Scenario({ functionResponseTypes })
    scenario.answer = handed => {
      if (scenario.handed.length > 1) return success(1)
      return {
        ...report(handed, 'a'),
        kind: 'answered',
        response: { batchItemFailures: [{ itemIdentifier: '' }] },
        tally: { records: 9 },
      }
    }
    scenario.put('a')
    await scenario.poll()
    assert.equal(scenario.mapping.nextDueMs(), scenario.clock.ms + 100)
    await scenario.settle()
    assert.deepEqual(scenario.cloud.checkpoints.tally('m'), { records: 1 })
  })

  test('takes the place of bisection, and of what is left the retries run out', async () => {
    const scenario = new Scenario({ functionResponseTypes, bisectBatchOnFunctionError: true, maximumRetryAttempts: 1 })
    scenario.answer = handed => (handed.data.includes('b') ? report(handed, 'b') : success(handed.data.length))
    scenario.put('a', 'b', 'c')
    await scenario.settle()
    assert.deepEqual(scenario.batches(), ['a b c', 'b c'])
    assert.equal(scenario.discarded[0].KinesisBatchInfo.batchSize, 2)
    assert.deepEqual(scenario.discarded[0].responseContext, { statusCode: 200, executedVersion: '$LATEST' })
  })
})

describe('maximumRecordAgeInSeconds', () => {
  test('discards records that have grown too old, and hands over the younger ones of the batch', async () => {
    const scenario = new Scenario({ maximumRecordAgeInSeconds: 60 })
    scenario.put('a')
    scenario.clock.ms += 30_000
    scenario.put('b')
    scenario.clock.ms += 30_001
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['b'])
    const [{ requestContext, responseContext, KinesisBatchInfo }] = scenario.discarded
    assert.deepEqual([requestContext.condition, requestContext.approximateInvokeCount], ['RecordAgeExceeded', 0])
    assert.equal(responseContext, undefined)
    assert.equal(KinesisBatchInfo.batchSize, 1)
    assert.equal(scenario.checkpoint(), sequenceAt(2))
  })

  test('ends the retries of a batch', async () => {
    const scenario = new Scenario({ maximumRecordAgeInSeconds: 60 })
    scenario.answer = () => failure()
    scenario.put('a')
    await scenario.settle()
    assert.equal(scenario.discarded[0].requestContext.approximateInvokeCount, scenario.handed.length)
    assert.ok(scenario.handed.length > 5)
    assert.equal(scenario.mapping.isIdle(), true)
  })
})

describe('an on-failure destination', () => {
  test('that cannot be told stops the mapping before the records are lost', async () => {
    const scenario = new Scenario({ maximumRetryAttempts: 0 })
    scenario.answer = () => failure()
    scenario.discarded.push = () => {
      throw new Error('queue is gone')
    }
    scenario.put('a')
    await assert.rejects(scenario.mapping.pollOnce(), /queue is gone/)
    assert.equal(scenario.checkpoint(), undefined)
  })
})

describe('shards', () => {
  test('take turns with pollOnce(), and a failing one holds up no other', async () => {
    const scenario = new Scenario({ batchSize: 1 }, 2)
    scenario.answer = ({ data }) => (data[0].startsWith('bad') ? failure() : success())
    for (const data of ['bad 1', 'bad 2']) scenario.putAt(0n, data)
    for (const data of ['good 1', 'good 2']) scenario.putAt(2n ** 127n, data)
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['bad 1', 'good 1', 'good 2'])
  })

  test('can be polled by name, several at a time, but never twice at a time', async () => {
    const scenario = new Scenario({}, 2)
    scenario.putAt(0n, 'a')
    scenario.putAt(2n ** 127n, 'b')
    const [first, second] = scenario.mapping.ready()
    const release = Promise.withResolvers<void>()
    scenario.answer = async () => release.promise.then(() => success())
    const polls = [scenario.mapping.poll(first), scenario.mapping.poll(second)]
    assert.deepEqual(scenario.mapping.ready(), [])
    assert.equal(await scenario.mapping.poll(first), false)
    assert.equal(scenario.mapping.isIdle(), false)
    release.resolve()
    assert.deepEqual(await Promise.all(polls), [true, true])
    assert.deepEqual(scenario.batches(), ['a', 'b'])
    assert.equal(await scenario.mapping.poll(shardIdAt(9)), false)
  })
})
