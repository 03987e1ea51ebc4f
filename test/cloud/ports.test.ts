import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../shared/model/limits.ts'
import { positionText } from '../../shared/model/position.ts'
import type { StoredCommit } from '../../shared/ports/commit-log.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import { bytes, ManualClock, onEveryCloud } from './clouds.ts'

const commit = (version: number, body = 'body', start = 1, ring = 4): StoredCommit => {
  return { version, start, ring, body: bytes(body) }
}
const position = (version: number) => positionText(String(version), 0, 0)

onEveryCloud('the commit log', make => {
  test('append() is committed in order, and reading the ring finds every commit', async () => {
    const { commits } = make().ports
    for (const version of [1, 2, 3, 4]) assert.equal(await commits.append('log', commit(version)), 'committed')
    const ring = [...(await commits.readRing('log'))].sort((a, b) => a.version - b.version)
    assert.deepEqual(
      ring,
      [1, 2, 3, 4].map(version => commit(version)),
    )
    assert.deepEqual(await commits.readRing('other'), [])
  })

  test('append() is stale when the slot holds anything but the version of one round before', async () => {
    const { commits } = make().ports
    for (const version of [1, 2, 3, 4, 5]) await commits.append('log', commit(version))
    assert.equal(await commits.append('log', commit(5, 'a zombie')), 'stale')
    assert.equal(await commits.append('log', commit(1, 'a zombie')), 'stale')
    assert.equal(await commits.append('log', commit(10)), 'stale')
    assert.equal(await commits.append('log', commit(6)), 'committed')
    const versions = (await commits.readRing('log')).map(({ version }) => version)
    assert.deepEqual(versions.sort(), [3, 4, 5, 6])
  })

  test('append() into an empty slot is committed only in the first round of a log', async () => {
    const { commits } = make().ports
    assert.equal(await commits.append('child', commit(104, 'x', 100)), 'stale')
    assert.equal(await commits.append('child', commit(100, 'x', 100)), 'committed')
    assert.equal(await commits.append('child', commit(103, 'x', 100)), 'committed')
  })

  test('of two appends of the same version at the same time, one is committed', async () => {
    const { commits } = make().ports
    const outcomes = await Promise.all([commits.append('log', commit(1, 'a')), commits.append('log', commit(1, 'b'))])
    assert.deepEqual(outcomes, ['committed', 'stale'])
  })

  test('append() refuses a commit that no item can hold', async () => {
    const { commits } = make().ports
    const body = new Uint8Array(limits.itemBytes + 1)
    await assert.rejects(commits.append('log', { ...commit(1), body }), {
      message: 'Cannot store commit 1 to log "log": 409601 bytes, at most 409600 would be right',
    })
  })

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

  test('writePage() replaces an older version, and answers what is there otherwise', async () => {
    const { commits } = make().ports
    const page = { stage: 'orders/side', group: 3, slot: 1 } as const
    const part = (version: number, text: string, index = 0) => ({ version, part: index, parts: 2, bytes: bytes(text) })
    assert.deepEqual(await commits.writePage(page, part(5, 'old')), { kind: 'written' })
    assert.deepEqual(await commits.writePage(page, part(7, 'new')), { kind: 'written' })
    assert.deepEqual(await commits.writePage(page, part(7, 'other')), { kind: 'refused', held: part(7, 'new') })
    assert.deepEqual(await commits.writePage(page, part(6, 'late')), { kind: 'refused', held: part(7, 'new') })
    await commits.writePage(page, part(7, 'second', 1))
    const parts = [...(await commits.readPage(page))].sort((a, b) => a.part - b.part)
    assert.deepEqual(parts, [part(7, 'new'), part(7, 'second', 1)])
    assert.deepEqual(await commits.readPage({ ...page, slot: 0 }), [])
  })
})

onEveryCloud('views', make => {
  test('put() keeps the row of the newest position, whatever the order of puts', async () => {
    const { views } = make().ports
    await views.put('totals', [{ key: 'a', position: position(9), value: 9 }])
    await views.put('totals', [{ key: 'a', position: position(10), value: 10 }])
    await views.put('totals', [
      { key: 'a', position: position(9), value: 'late' },
      { key: 'a', position: position(10), value: 'repeated' },
      { key: 'b', position: position(1), value: 1 },
    ])
    const rows = [...(await views.scan('totals'))].sort((a, b) => (a.key < b.key ? -1 : 1))
    assert.deepEqual(rows, [
      { key: 'a', position: position(10), value: 10 },
      { key: 'b', position: position(1), value: 1 },
    ])
  })

  test('a tombstone hides the row and drops older puts, until it expires', async () => {
    const clock = new ManualClock()
    const { views } = make(clock).ports
    await views.put('v', [{ key: 'a', position: position(1), value: 1 }])
    await views.put('v', [{ key: 'a', position: position(3) }])
    await views.put('v', [{ key: 'a', position: position(2), value: 'late' }])
    assert.deepEqual(await views.scan('v'), [])
    await views.put('v', [{ key: 'a', position: position(4), value: 4 }])
    assert.equal((await views.scan('v')).length, 1)
    await views.put('v', [{ key: 'b', position: position(9) }])
    clock.ms += limits.retiredMs
    await views.put('v', [{ key: 'c', position: position(1) }])
    await views.put('v', [{ key: 'b', position: position(8), value: 'after a day' }])
    assert.deepEqual((await views.scan('v')).map(({ key }) => key).sort(), ['a', 'b'])
  })

  test('values come back as they were put, and later changes to what was put do not show', async () => {
    const { views } = make().ports
    const value = { key: 12345678901234567890n, at: new Date(5), none: null, bad: Number.NaN, list: [1, { deep: 'é' }] }
    await views.put('v', [{ key: 'a', position: position(1), value }])
    value.list.push(2)
    const [row] = await views.scan('v')
    assert.deepEqual(row.value, { ...value, list: [1, { deep: 'é' }] })
  })

  test('names() lists the views', async () => {
    const cloud = make()
    await cloud.ports.views.put('b/x', [{ key: 'a', position: position(1), value: 1 }])
    await cloud.ports.views.put('a', [{ key: 'a', position: position(1), value: 1 }])
    assert.deepEqual(cloud.views.names(), ['a', 'b/x'])
  })

  test('a row that no item can hold is refused', async () => {
    const { views } = make().ports
    const rows = [{ key: 'a', position: position(1), value: 'x'.repeat(500_000) }]
    await assert.rejects(views.put('v', rows), /Cannot store row "a" of view "v": 5000\d\d bytes/)
  })
})

onEveryCloud('dead letters', make => {
  const letter = (id: string, payload: string): DeadLetter => ({
    id,
    stage: 'trades',
    place: 'trades, shard 0, 49, 0',
    partitionKey: 'key',
    sub: 0,
    reason: 'Cannot read int: found "x", expected digits',
    payload: bytes(payload),
  })

  test('put() keeps each letter once by its id, the first one', async () => {
    const cloud = make()
    const { deadLetters } = cloud.ports
    await deadLetters.put('orders', [letter('b', 'first'), letter('a', 'x')])
    await deadLetters.put('orders', [letter('b', 'second'), { ...letter('c', 'y'), operator: 'map', stack: 'at' }])
    assert.deepEqual(await deadLetters.list('orders'), [
      letter('a', 'x'),
      letter('b', 'first'),
      { ...letter('c', 'y'), operator: 'map', stack: 'at' },
    ])
    assert.deepEqual(await deadLetters.list('other'), [])
    assert.deepEqual(cloud.deadLetters.pipelines(), ['orders'])
  })

  test('a kept payload does not change with the batch that it was a part of', async () => {
    const { deadLetters } = make().ports
    const batch = bytes('a batch of records')
    await deadLetters.put('orders', [{ ...letter('a', ''), payload: batch.subarray(2, 7) }])
    batch.fill(0)
    assert.deepEqual((await deadLetters.list('orders'))[0].payload, bytes('batch'))
  })
})

onEveryCloud('files', make => {
  test('write() replaces the whole file, and files are listed by sink and name', async () => {
    const { files } = make()
    assert.deepEqual(await files.list(), [])
    await files.write('out', 'side/shard-1/7.json', bytes('old'))
    await files.write('out', 'side/shard-1/7.json', bytes('replaced'))
    await files.write('archive', 'x', bytes(''))
    assert.deepEqual(await files.list(), [
      { sink: 'archive', name: 'x', bytes: 0 },
      { sink: 'out', name: 'side/shard-1/7.json', bytes: 8 },
    ])
    assert.deepEqual(new Uint8Array((await files.read('out', 'side/shard-1/7.json'))!), bytes('replaced'))
    assert.equal(await files.read('out', 'none'), undefined)
  })

  test('of many writes of one file at the same time, one stands whole', async () => {
    const { files } = make()
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000))
    await Promise.all(contents.map(content => files.write('out', 'same', bytes(content))))
    const read = new TextDecoder().decode(await files.read('out', 'same'))
    assert.ok(contents.includes(read))
    assert.equal((await files.list()).length, 1)
  })

  test('write() refuses a name that would leave its folder', async () => {
    const { files } = make()
    for (const [sink, name] of [
      ['out', '../x'],
      ['..', 'x'],
      ['out', '/x'],
      ['a/b', 'x'],
      ['out', ''],
    ]) {
      await assert.rejects(files.write(sink, name, bytes('x')), {
        name: 'ConfigurationError',
        message: /it is not a plain path/,
      })
    }
  })
})

onEveryCloud('the clock', make => {
  test('sleep() is the one given', async () => {
    const clock = new ManualClock()
    await make(clock).ports.clock.sleep(70)
    assert.deepEqual(clock.slept, [70])
  })
})
