import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { EventSourceMapping } from '../../local/event-source/event-source-mapping.ts'
import { StopDeploymentError } from '../../shared/model/errors.ts'
import { failure, firstShard, Scenario, success } from './scenario.ts'

const low = 0n
const high = 2n ** 128n - 1n

/** Lets everything that is due happen. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await nextTurn()
}

describe('run()', () => {
  test('wakes when records are put and when shards appear, and ends when aborted', async () => {
    const scenario = new Scenario()
    const abort = new AbortController()
    const running = scenario.mapping.run(abort.signal)
    await turns()
    scenario.put('a')
    await turns()
    assert.deepEqual(scenario.batches(), ['a'])
    scenario.put('b')
    scenario.cloud.streams.splitShard('s', firstShard)
    scenario.putAt(low, 'c')
    scenario.putAt(high, 'd')
    await turns()
    assert.deepEqual(scenario.batches(), ['a', 'b', 'c', 'd'])
    abort.abort()
    await running
    scenario.put('e')
    await turns()
    assert.equal(scenario.handed.length, 4)
  })

  test('serves shards side by side, each one invocation at a time', async () => {
    const scenario = new Scenario({ batchSize: 1 }, 2)
    const waiting: (() => void)[] = []
    scenario.answer = async () => {
      await new Promise<void>(resolve => waiting.push(resolve))
      return success()
    }
    for (const [hashKey, data] of [
      [low, 'low 1'],
      [low, 'low 2'],
      [high, 'high 1'],
      [high, 'high 2'],
    ] as const) {
      scenario.putAt(hashKey, data)
    }
    const abort = new AbortController()
    const running = scenario.mapping.run(abort.signal)
    await turns()
    assert.deepEqual(scenario.batches(), ['low 1', 'high 1'])
    waiting[1]()
    await turns()
    assert.deepEqual(scenario.batches(), ['low 1', 'high 1', 'high 2'])
    abort.abort()
    await turns()
    for (const resolve of waiting) resolve()
    await running
    assert.equal(scenario.cloud.checkpoints.all('m').size, 2)
    assert.deepEqual(scenario.batches(), ['low 1', 'high 1', 'high 2'])
    assert.equal(scenario.mapping.isIdle(), false)
  })

  test('sleeps until a retry is due, without polling', async t => {
    const scenario = new Scenario()
    scenario.answer = () => (scenario.handed.length === 1 ? failure() : success())
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
    const abort = new AbortController()
    const running = scenario.mapping.run(abort.signal)
    scenario.put('a')
    await turns()
    scenario.clock.ms += 99
    mock.timers.tick(99)
    await turns()
    assert.deepEqual(scenario.batches(), ['a'])
    scenario.clock.ms += 1
    mock.timers.tick(1)
    await turns()
    assert.deepEqual(scenario.batches(), ['a', 'a'])
    abort.abort()
    await running
  })

  test('rejects with a fatal failure once the other invocations have ended', async () => {
    const scenario = new Scenario({}, 2)
    const error = new StopDeploymentError('Cannot go on: stop, fix it')
    const release = Promise.withResolvers<void>()
    let hasEnded = false
    scenario.answer = async ({ data }) => {
      if (data[0] === 'fatal') return failure(error, true)
      await release.promise
      hasEnded = true
      return success()
    }
    scenario.putAt(low, 'fatal')
    scenario.putAt(high, 'slow')
    const running = assert.rejects(scenario.mapping.run(new AbortController().signal), error)
    await turns()
    release.resolve()
    await running
    assert.equal(hasEnded, true)
  })

  test('rejects when the cloud fails', async () => {
    const scenario = new Scenario()
    const abort = new AbortController()
    const running = assert.rejects(scenario.mapping.run(abort.signal), /disk is gone/)
    mock.method(scenario.cloud.streams, 'read', () => {
      throw new Error('disk is gone')
    })
    scenario.put('a')
    await running
  })
})

test('several mappings on one cloud make a chain of stages', async () => {
  const scenario = new Scenario()
  const { cloud, clock } = scenario
  cloud.streams.createStream('shuffle', 2)
  scenario.answer = ({ data }) => {
    const records = data.map(each => ({ data: Buffer.from(each.toUpperCase()), partitionKey: each }))
    cloud.streams.put('shuffle', records)
    return success(data.length)
  }
  const seen: string[] = []
  const second = new EventSourceMapping({
    cloud,
    runner: {
      invoke: async ({ Records }) => {
        for (const { kinesis } of Records) seen.push(Buffer.from(kinesis.data, 'base64').toString())
        return success(Records.length)
      },
    },
    settings: { name: 'second', stream: 'shuffle', startingPosition: 'TRIM_HORIZON' },
    now: clock.now,
  })
  const abort = new AbortController()
  const running = [scenario.mapping.run(abort.signal), second.run(abort.signal)]
  scenario.put('a', 'b', 'c')
  await turns()
  abort.abort()
  await Promise.all(running)
  assert.deepEqual(seen.sort(), ['A', 'B', 'C'])
  assert.deepEqual(cloud.checkpoints.tally('second'), { records: 3 })
  assert.ok(scenario.mapping.isIdle() && second.isIdle())
})
