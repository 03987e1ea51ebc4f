import assert from 'node:assert/strict'
import type { DeadLetter, DeadLettersPort } from '../../shared/ports/results.ts'
import { bytes } from '../cloud/clouds.ts'
import { uniqueName } from './subject.ts'
import { type SubjectSpec, suiteOf } from './suite.ts'

const letter = (id: string, payload: string): DeadLetter => ({
  id,
  kind: 'record',
  pipelineVersion: '0123456789ab',
  stage: 'trades',
  stream: 'trades',
  place: 'trades, shard 0, 49, 0',
  partitionKey: 'key',
  explicitHashKey: '340282366920938463463374607431768211455',
  sub: 0,
  reason: 'Cannot read int: found "x", expected digits',
  payload: bytes(payload),
  payloadBytes: payload.length,
})

/** What DeadLettersPort promises. */
export function deadLettersSuite(spec: SubjectSpec): void {
  suiteOf('dead letters', spec, declare => {
    declare('put() keeps each letter once by its id, the first one', async ({ ports: { deadLetters } }) => {
      const pipeline = uniqueName('orders')
      const c = { ...letter('c', 'y'), operator: 'map', stack: 'at half \ud83d a pair' }
      await deadLetters.put(pipeline, [letter('b', 'first'), letter('a', 'x')])
      await deadLetters.put(pipeline, [letter('b', 'second'), c])
      assert.deepEqual(await listOf(deadLetters, pipeline), [letter('a', 'x'), letter('b', 'first'), c])
      assert.deepEqual(await deadLetters.list(uniqueName('other')), [])
    })

    declare('of letters of one id put at the same time, one is kept for good', async ({ ports: { deadLetters } }) => {
      const pipeline = uniqueName('orders')
      const payloads = ['a', 'b', 'c', 'd', 'e']
      await Promise.all(payloads.map(payload => deadLetters.put(pipeline, [letter('same', payload)])))
      const [kept, ...others] = await listOf(deadLetters, pipeline)
      assert.deepEqual(others, [])
      await deadLetters.put(pipeline, [letter('same', 'late')])
      assert.deepEqual(await listOf(deadLetters, pipeline), [kept])
    })

    declare('many letters are listed by their ids', async ({ ports: { deadLetters } }) => {
      const pipeline = uniqueName('orders')
      const letters = Array.from({ length: 50 }, (_, i) => letter(`trades/shard/${String(i).padStart(3, '0')}`, `${i}`))
      await deadLetters.put(pipeline, letters.toReversed())
      assert.deepEqual(await listOf(deadLetters, pipeline), letters)
    })

    declare('a letter that no item can hold is refused', async ({ ports: { deadLetters } }) => {
      const large = { ...letter('a', 'x'), reason: 'x'.repeat(500_000) }
      await assert.rejects(deadLetters.put(uniqueName('orders'), [large]), {
        name: 'RangeError',
        message: /^Cannot store dead letter "a": 500\d\d\d bytes/,
      })
    })

    declare('a kept payload does not change with the batch that it was a part of', async ({ ports }) => {
      const pipeline = uniqueName('orders')
      const batch = bytes('a batch of records')
      await ports.deadLetters.put(pipeline, [{ ...letter('a', ''), payload: batch.subarray(2, 7) }])
      batch.fill(0)
      assert.deepEqual((await listOf(ports.deadLetters, pipeline))[0].payload, bytes('batch'))
    })
  })
}

const listOf = async (port: DeadLettersPort, pipeline: string): Promise<readonly DeadLetter[]> =>
  (await port.list(pipeline)).map(listed => ({ ...listed, payload: new Uint8Array(listed.payload) }))
