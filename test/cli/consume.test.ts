import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { realClock } from '../../local/cli/data-folder.ts'
import { openCloud } from '../../local/cloud/embedded-cloud.ts'
import { encodeControl } from '../../shared/codecs/control.ts'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import { shardId } from '../../shared/model/ids.ts'
import { bytes, temporaryFolder } from '../cloud/clouds.ts'
import { millrace, Running, until, usage } from './commands.ts'

/** A data folder whose clock is what the test says. */
function folderAt(work: (at: (ms: number) => void, cloud: ReturnType<typeof openCloud>) => void): string {
  const data = join(temporaryFolder(), 'data')
  let nowMs = 1_000_000_000_000
  const cloud = openCloud(data, { ...realClock, now: () => nowMs })
  work(ms => {
    nowMs = ms
  }, cloud)
  cloud.close()
  return data
}

const put = (cloud: ReturnType<typeof openCloud>, data: Uint8Array, partitionKey = 'key') =>
  cloud.streams.put('s', [{ data, partitionKey }])

test('consume prints the records of all shards in the order in which they were put, across a split', async () => {
  const data = folderAt((_at, cloud) => {
    cloud.streams.createStream('s', 3)
    for (let i = 0; i < 3_000; i++) {
      if (i === 1_500) cloud.streams.splitShard('s', shardId('shardId-000000000001'))
      put(cloud, bytes(`record ${i}`), `key ${i}`)
    }
  })
  const all = Array.from({ length: 3_000 }, (_, i) => `record ${i}`)
  assert.deepEqual((await millrace('consume', 's', '--data', data)).split('\n').slice(0, -1), all)
  assert.equal(await millrace('consume', 's', '--data', data, '--limit', '2'), 'record 0\nrecord 1\n')
  assert.equal(await millrace('consume', 's', '--data', data, '--from', 'latest'), '')
})

test('consume --json says where each user record stands, and keeps bytes that are no text', async () => {
  const writer = new KplWriter()
  writer.add('a', bytes('one'))
  writer.add('b', new Uint8Array([0xff, 0]))
  const data = folderAt((_at, cloud) => {
    cloud.streams.createStream('s', 1)
    put(cloud, writer.finish(), 'a')
    put(cloud, encodeControl({ kind: 'tick' }))
  })
  const place = { shard: 'shardId-000000000000', arrival: 1_000_000_000_000 }
  const first = { ...place, sequence: `49${'1'.padStart(54, '0')}` }
  const printed = async (...options: string[]) =>
    (await millrace('consume', 's', '--data', data, '--json', ...options))
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line))
  const records = [
    { ...first, sub: 0, partitionKey: 'a', data: 'one' },
    { ...first, sub: 1, partitionKey: 'b', dataBase64: '/wA=' },
  ]
  assert.deepEqual(await printed(), records)
  const tick = { ...place, sequence: `49${'2'.padStart(54, '0')}`, sub: 0, control: { kind: 'tick' } }
  assert.deepEqual(await printed('--control'), [...records, tick])
  assert.deepEqual(await printed('--limit', '1'), records.slice(0, 1))
})

test('consume --from a time begins with what arrived then', async () => {
  const data = folderAt((at, cloud) => {
    cloud.streams.createStream('s', 1)
    for (const [i, time] of ['2016-03-22T20:25:28Z', '2016-03-22T20:25:29Z', '2016-03-22T20:25:30Z'].entries()) {
      at(Date.parse(time))
      put(cloud, bytes(String(i)))
    }
  })
  assert.equal(await millrace('consume', 's', '--data', data, '--from', '2016-03-22T20:25:29Z'), '1\n2\n')
  assert.equal(
    await millrace('consume', 's', '--data', data, '--from', String(Date.parse('2016-03-22T20:25:30Z'))),
    '2\n',
  )
})

test('consume --follow goes on with what others put, lets them have the folder, and ends at Ctrl-C', async () => {
  const data = folderAt((_at, cloud) => cloud.streams.createStream('s', 2))
  const follower = new Running(['consume', 's', '--data', data, '--follow'])
  for (const text of ['a', 'b', 'c']) {
    const producer = new Running(['produce', 's', '--data', data]).end(`${text}\n`)
    assert.equal(await producer.status(), 0, producer.err)
  }
  await until(() => follower.out === 'a\nb\nc\n')
  follower.signal('SIGINT')
  assert.equal(await follower.status(), 0)
  assert.equal(follower.err, '')
})

test('consume ends quietly when nobody reads on', async () => {
  const data = folderAt((_at, cloud) => {
    cloud.streams.createStream('s', 1)
    for (let i = 0; i < 2_000; i++) put(cloud, new Uint8Array(1_000).fill(0x78))
  })
  const consumer = new Running(['consume', 's', '--data', data])
  consumer.child.stdout?.once('data', () => consumer.child.stdout?.destroy())
  assert.equal(await consumer.status(), 0)
  assert.equal(consumer.err, '')
})

test('consume refuses what it cannot use with a sentence', async () => {
  const data = folderAt((_at, cloud) => cloud.streams.createStream('s', 1))
  const refused = (sentence: string, ...args: string[]) =>
    assert.rejects(millrace('consume', ...args, '--data', data), usage(sentence))
  await refused('Cannot consume stream "nope": there is no such stream, expected "s"', 'nope')
  await refused(
    'Cannot read --from "then": expected beginning, latest, or a time such as 2016-03-22T20:25:28Z, 1458678328000 or "10m ago"',
    ...['s', '--from', 'then'],
  )
  await refused('Cannot read --limit "0": expected a whole number from 1 to 1000000000000000', 's', '--limit', '0')
})
