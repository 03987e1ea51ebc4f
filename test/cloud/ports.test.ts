import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../shared/model/limits.ts'
import { positionText } from '../../shared/model/position.ts'
import { bytes, ManualClock, onEveryCloud } from './clouds.ts'

// What the ports of an embedded cloud do beyond what test/conformance holds every cloud to: expiry by its clock, and lists of what it has.
const commit = (version: number) => ({ version, start: 1, ring: 4, body: bytes('body') })
const position = (version: number) => positionText(String(version), 0, 0)

onEveryCloud('the commit log', make => {
  test('expire() lets all but one commit go after a day, and not before', async () => {
    const clock = new ManualClock()
    const { commits } = make(clock).ports
    for (const version of [1, 2, 3]) await commits.append('log', commit(version))
    await commits.expire('log', 3)
    assert.equal((await commits.readRing('log')).length, 3)
    clock.ms += limits.retiredMs
    await commits.expire('log', 3)
    assert.deepEqual(await commits.readRing('log'), [commit(3)])
  })
})

onEveryCloud('views', make => {
  test('a tombstone drops older puts until it expires', async () => {
    const clock = new ManualClock()
    const { views } = make(clock).ports
    await views.put('v', [{ key: 'a', position: position(4), value: 4 }])
    await views.put('v', [{ key: 'b', position: position(9) }])
    clock.ms += limits.retiredMs
    await views.put('v', [{ key: 'c', position: position(1) }])
    await views.put('v', [{ key: 'b', position: position(8), value: 'after a day' }])
    assert.deepEqual((await views.scan('v')).map(({ key }) => key).sort(), ['a', 'b'])
  })

  test('names() lists the views', async () => {
    const cloud = make()
    await cloud.ports.views.put('b/x', [{ key: 'a', position: position(1), value: 1 }])
    await cloud.ports.views.put('a', [{ key: 'a', position: position(1), value: 1 }])
    assert.deepEqual(cloud.views.names(), ['a', 'b/x'])
  })
})

onEveryCloud('dead letters', make => {
  test('pipelines() lists those that have a letter', async () => {
    const cloud = make()
    const letter = {
      id: 'trades/shard/1',
      kind: 'record',
      pipelineVersion: '0123456789ab',
      stage: 'trades',
      stream: 'trades',
      place: 'trades shard 49#0',
      partitionKey: 'key',
      sub: 0,
      reason: 'Cannot read int: found "x", expected digits',
      payload: bytes('x'),
      payloadBytes: 1,
    } as const
    await cloud.ports.deadLetters.put('orders', [letter])
    await cloud.ports.deadLetters.put('archive', [letter])
    await cloud.ports.deadLetters.list('none')
    assert.deepEqual(cloud.deadLetters.pipelines(), ['archive', 'orders'])
  })
})

onEveryCloud('files', make => {
  test('list() names every file by sink and name', async () => {
    const { files } = make()
    assert.deepEqual(await files.list(), [])
    await files.write('out', 'side/shard-1/7.json', bytes('old'))
    await files.write('out', 'side/shard-1/7.json', bytes('replaced'))
    await files.write('archive', 'x', bytes(''))
    assert.deepEqual(await files.list(), [
      { sink: 'archive', name: 'x', bytes: 0 },
      { sink: 'out', name: 'side/shard-1/7.json', bytes: 8 },
    ])
  })

  test('write() refuses the folder of unfinished files', async () => {
    await assert.rejects(make().files.write('.unfinished', 'x', bytes('x')), { message: /it is not a plain path/ })
  })
})

onEveryCloud('the clock', make => {
  test('sleep() is the one given', async () => {
    const clock = new ManualClock()
    await make(clock).ports.clock.sleep(70)
    assert.deepEqual(clock.slept, [70])
  })
})
