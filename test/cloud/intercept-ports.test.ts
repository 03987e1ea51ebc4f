import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { interceptPorts } from '../../local/cloud/intercept-ports.ts'
import { positionText } from '../../shared/model/position.ts'
import { bytes, ManualClock } from './clouds.ts'

test('every call of every port goes through the interception, named, with its arguments', async () => {
  const cloud = memoryCloud(new ManualClock())
  cloud.streams.createStream('s', 1)
  const seen: string[] = []
  const ports = interceptPorts(cloud.ports, (call, effect) => {
    seen.push(`${call.port}.${call.method}/${call.args.length}`)
    return effect()
  })
  const page = { stage: 'x', group: 0, slot: 0 } as const
  await ports.streams.putRecords('s', [{ data: bytes('a'), partitionKey: 'key' }])
  await ports.streams.listShards('s')
  await ports.commits.append('log', { version: 1, start: 1, ring: 4, body: bytes('') })
  await ports.commits.readRing('log')
  await ports.commits.writePage(page, { version: 1, part: 0, parts: 1, bytes: bytes('') })
  await ports.commits.readPage(page)
  await ports.commits.expire('log', 1)
  await ports.claims.claim('p/s', [], 1)
  await ports.views.put('v', [])
  await ports.views.scan('v')
  await ports.deadLetters.put('p', [])
  await ports.deadLetters.list('p')
  await ports.files.write('out', 'x', bytes(''))
  await ports.sourceFiles.list('in', '')
  await ports.sourceFiles.read('in', { name: 'x', tag: '', bytes: 0, modifiedMs: 0 }, 0, 1)
  await ports.lookups.fetch({ lookup: 'l', keys: ['k'], timeoutMs: 1, run: async () => undefined })
  await ports.clock.sleep(1)
  assert.deepEqual(seen, [
    'streams.putRecords/2',
    'streams.listShards/1',
    'commits.append/2',
    'commits.readRing/1',
    'commits.writePage/2',
    'commits.readPage/1',
    'commits.expire/2',
    'claims.claim/3',
    'views.put/2',
    'views.scan/1',
    'deadLetters.put/2',
    'deadLetters.list/1',
    'files.write/3',
    'sourceFiles.list/2',
    'sourceFiles.read/4',
    'lookups.fetch/1',
    'clock.sleep/1',
  ])
  const wrapped = Object.values(ports).reduce((sum, port) => sum + Object.keys(port).length, 0)
  assert.equal(ports.clock.now(), cloud.ports.clock.now(), 'measuring is no call')
  assert.equal(wrapped, seen.length + 1)
})

test('a lost request takes no effect, a lost answer does', async () => {
  const cloud = memoryCloud(new ManualClock())
  const row = (key: string) => ({ key, position: positionText('1', 0, 0), value: 1 })
  const ports = interceptPorts(cloud.ports, async (call, effect) => {
    if (call.port !== 'views' || call.method !== 'put') return effect()
    if (call.args[1][0].key === 'answer lost') await effect()
    throw new Error('timed out')
  })
  await assert.rejects(ports.views.put('v', [row('request lost')]), /timed out/)
  await assert.rejects(ports.views.put('v', [row('answer lost')]), /timed out/)
  assert.deepEqual(
    (await ports.views.scan('v')).map(({ key }) => key),
    ['answer lost'],
  )
})
