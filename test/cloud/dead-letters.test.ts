import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeadLetter } from '../../shared/ports/results.ts'
import { bytes, onEveryCloud } from './clouds.ts'

const letter = (id: string): DeadLetter => ({
  id,
  kind: 'record',
  pipelineVersion: '0123456789ab',
  stage: 'trades',
  stream: 'trades',
  place: 'trades shardId-000000000000 1#0',
  partitionKey: 'k',
  sub: 0,
  reason: 'Cannot read it',
  payload: bytes(id),
  payloadBytes: id.length,
})

onEveryCloud('dead letters', make => {
  test('remove() forgets the letters that it is told, and may be repeated', async () => {
    const { deadLetters } = make()
    await deadLetters.put('orders', ['a', 'b', 'c'].map(letter))
    await deadLetters.put('other', ['a'].map(letter))
    await deadLetters.remove('orders', ['a', 'c', 'nope'])
    await deadLetters.remove('orders', ['a'])
    assert.deepEqual(await deadLetters.list('orders'), [letter('b')])
    assert.deepEqual(await deadLetters.list('other'), [letter('a')])
  })

  test('forget() answers how many letters were there', async () => {
    const { deadLetters } = make()
    await deadLetters.put('orders', ['a', 'b'].map(letter))
    assert.equal(deadLetters.forget('orders', ['a', 'b', 'nope']), 2)
    assert.equal(deadLetters.forget('orders', ['a']), 0)
  })

  test('a letter that was removed may come again', async () => {
    const { deadLetters } = make()
    await deadLetters.put('orders', [letter('a')])
    await deadLetters.remove('orders', ['a'])
    await deadLetters.put('orders', [letter('a')])
    assert.deepEqual(await deadLetters.list('orders'), [letter('a')])
  })
})
