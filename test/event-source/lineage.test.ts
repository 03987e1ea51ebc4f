import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { failure, firstShard, Scenario, success } from './scenario.ts'

const low = 0n
const high = 2n ** 128n - 1n

describe('after a reshard', () => {
  test('children of a split are served once the parent is done', async () => {
    const scenario = new Scenario({ batchSize: 1 })
    scenario.putAt(low, 'parent 1')
    scenario.putAt(high, 'parent 2')
    const [lower, upper] = scenario.cloud.streams.splitShard('s', firstShard)
    scenario.putAt(low, 'lower')
    scenario.putAt(high, 'upper')
    assert.deepEqual(scenario.mapping.ready(), [firstShard])
    await scenario.mapping.pollOnce()
    assert.deepEqual(scenario.mapping.ready(), [firstShard])
    await scenario.mapping.pollOnce()
    assert.deepEqual(scenario.mapping.ready(), [lower, upper])
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['parent 1', 'parent 2', 'lower', 'upper'])
    assert.equal(scenario.mapping.isIdle(), true)
  })

  test('a parent that fails holds up its children, and not the others', async () => {
    const scenario = new Scenario({}, 2)
    scenario.answer = ({ data }) => (data[0] === 'parent' && scenario.handed.length < 4 ? failure() : success())
    scenario.putAt(low, 'parent')
    scenario.cloud.streams.splitShard('s', firstShard)
    scenario.putAt(low, 'child')
    scenario.putAt(high, 'neighbour')
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['parent', 'neighbour'])
    assert.equal(scenario.mapping.isIdle(), false)
    await scenario.settle()
    assert.deepEqual(scenario.batches(), ['parent', 'neighbour', 'parent', 'parent', 'child'])
  })

  test('the child of a merge waits for both parents', async () => {
    const scenario = new Scenario({}, 2)
    scenario.answer = ({ data }) => (data[0] === 'second' && scenario.handed.length < 3 ? failure() : success())
    scenario.putAt(low, 'first')
    scenario.putAt(high, 'second')
    const [one, other] = scenario.cloud.streams.describe('s').map(({ id }) => id)
    scenario.cloud.streams.mergeShards('s', one, other)
    scenario.putAt(low, 'child')
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['first', 'second'])
    await scenario.settle()
    assert.deepEqual(scenario.batches(), ['first', 'second', 'second', 'child'])
  })

  test('a grandchild waits for its grandparent, though its parent never had a record', async () => {
    const scenario = new Scenario({ batchSize: 1 })
    scenario.answer = () => (scenario.handed.length === 1 ? failure() : success())
    scenario.putAt(low, 'grandparent')
    const [parent] = scenario.cloud.streams.splitShard('s', firstShard)
    const [child] = scenario.cloud.streams.splitShard('s', parent)
    scenario.putAt(low, 'grandchild')
    await scenario.poll()
    assert.deepEqual(scenario.mapping.ready(), [])
    await scenario.settle()
    assert.deepEqual(
      scenario.handed.map(({ data, shard }) => [data[0], shard]),
      [
        ['grandparent', firstShard],
        ['grandparent', firstShard],
        ['grandchild', child],
      ],
    )
  })

  test('a child does not begin while an invocation of its parent is under way', async () => {
    const scenario = new Scenario()
    const release = Promise.withResolvers<void>()
    scenario.answer = async () => release.promise.then(() => success())
    scenario.putAt(low, 'parent')
    const poll = scenario.mapping.pollOnce()
    scenario.cloud.streams.splitShard('s', firstShard)
    scenario.putAt(low, 'child')
    assert.deepEqual(scenario.mapping.ready(), [])
    release.resolve()
    await poll
    await scenario.poll()
    assert.deepEqual(scenario.batches(), ['parent', 'child'])
  })

  test('a mapping made anew finds where each generation stands', async () => {
    const scenario = new Scenario({ batchSize: 1 })
    scenario.putAt(low, 'parent')
    scenario.cloud.streams.splitShard('s', firstShard)
    scenario.putAt(low, 'lower')
    scenario.putAt(high, 'upper')
    for (let done = 0; done < 3; done++) {
      assert.equal(await scenario.mapping.pollOnce(), true)
      scenario.cloud.trimCheckpointed('s', ['m'])
      scenario.remake()
    }
    assert.equal(await scenario.mapping.pollOnce(), false)
    assert.deepEqual(scenario.batches(), ['parent', 'lower', 'upper'])
  })
})
