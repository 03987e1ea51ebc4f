import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sequenceAt, shardIdAt } from '../../local/cloud/sequence.ts'
import { bytes, onEveryCloud } from './clouds.ts'

const [first, second] = [shardIdAt(0), shardIdAt(1)]

onEveryCloud('checkpoints', make => {
  test('advance() moves the checkpoint and adds the tally', () => {
    const { checkpoints } = make()
    assert.equal(checkpoints.get('m', first), undefined)
    checkpoints.advance('m', first, undefined)
    assert.deepEqual(checkpoints.get('m', first), { through: undefined, tally: {} })
    checkpoints.advance('m', first, sequenceAt(5), { records: 3, late: 1 })
    checkpoints.advance('m', first, sequenceAt(9), { records: 4, failed: 1 })
    checkpoints.advance('m', second, sequenceAt(2), { records: 10 })
    assert.deepEqual(checkpoints.get('m', first), { through: sequenceAt(9), tally: { records: 7, late: 1, failed: 1 } })
    assert.deepEqual(checkpoints.tally('m'), { records: 17, late: 1, failed: 1 })
    assert.deepEqual([...checkpoints.all('m').keys()].sort(), [first, second])
    assert.deepEqual(checkpoints.mappings(), ['m'])
    assert.deepEqual(checkpoints.tally('other'), {})
  })

  test('advance() refuses to go back, and keeps the tally as it was', () => {
    const { checkpoints } = make()
    checkpoints.advance('m', first, sequenceAt(5), { records: 5 })
    assert.throws(
      () => checkpoints.advance('m', first, sequenceAt(4), { records: 1 }),
      /Cannot move checkpoint "m\/shardId/,
    )
    assert.throws(() => checkpoints.advance('m', first, undefined, { records: 1 }), /Cannot move checkpoint/)
    assert.deepEqual(checkpoints.get('m', first), { through: sequenceAt(5), tally: { records: 5 } })
  })

  test('trimCheckpointed() forgets what every mapping has done, and nothing else', () => {
    const cloud = make()
    cloud.streams.createStream('s', 1)
    cloud.streams.put(
      's',
      ['a', 'b', 'c', 'd'].map(data => ({ data: bytes(data), partitionKey: 'key' })),
    )
    const left = () => cloud.streams.read('s', first, undefined, 10, 10).length
    cloud.checkpoints.advance('one', first, sequenceAt(3))
    cloud.trimCheckpointed('s', ['one', 'two'])
    assert.equal(left(), 4)
    cloud.checkpoints.advance('two', first, sequenceAt(2))
    cloud.trimCheckpointed('s', ['one', 'two'])
    assert.equal(left(), 2)
    cloud.trimCheckpointed('s', ['one'])
    assert.equal(left(), 1)
    cloud.trimCheckpointed('s', [])
    assert.equal(left(), 1)
  })
})

onEveryCloud('meta', make => {
  test('a text is found under its key until it is deleted', () => {
    const { meta } = make()
    meta.set('a', '1')
    meta.set('a', '2')
    meta.set('b', '')
    assert.equal(meta.get('a'), '2')
    assert.deepEqual([...meta.all()].sort(), [
      ['a', '2'],
      ['b', ''],
    ])
    meta.delete('a')
    meta.delete('a')
    assert.equal(meta.get('a'), undefined)
  })
})
