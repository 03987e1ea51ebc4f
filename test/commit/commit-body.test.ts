import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CommitBody, decodeBody, decodeDelta, encodeBody, noTallies } from '../../shared/commit/commit-body.ts'
import { emptyOutbox } from '../../shared/emit/outbox.ts'
import { beginningOfTime } from '../../shared/model/event-time.ts'
import { sequenceNumber, shardId } from '../../shared/model/ids.ts'
import { positionText } from '../../shared/model/position.ts'

const body: CommitBody = {
  through: {
    sequence: sequenceNumber('49590338271490256608559692538361571095921575989136588898'),
    sub: 9_007_199_254_740_991,
  },
  groups: [
    { group: 0, page: undefined, watermark: beginningOfTime, cut: undefined },
    { group: 31, page: { version: 63, slot: 1 }, watermark: -1, cut: { at: 59_999, operator: 'w', id: 'sB' }, hold: 7 },
  ],
  sourceWatermark: 1_458_678_000_000,
  shards: [{ id: shardId('shardId-000000000001'), parents: [shardId('shardId-000000000000')] }],
  announced: { side: 12, 'top-clients': beginningOfTime },
  tallies: { ...noTallies, messages: 2 ** 40 },
  sealed: false,
  shape: '{}',
  delta: [
    {
      store: 'w',
      groups: [1, 1],
      ids: ['sa', 'sa'],
      subs: [-60_000, 0],
      values: [undefined, { n: 1n, at: new Date(-5) }],
    },
    { store: 'd', groups: [2], ids: ['n1'], values: [true] },
  ],
  outbox: {
    ...emptyOutbox,
    chunks: [{ stream: 'p-s', groups: 32, group: 5, bytes: new Uint8Array([1, 2, 3]) }],
    views: [
      { view: 'v', rows: [{ key: 'sa', position: positionText('7', 0, 1), value: { key: 'a', value: undefined } }] },
    ],
    streams: [{ stream: 'out', records: [{ partitionKey: 'k', hashKey: (1n << 128n) - 1n, data: new Uint8Array() }] }],
    calls: [{ sink: 'f', values: [undefined, null, new Map([[1, new Set(['a'])]])] }],
  },
}

/** Bytes come back as Buffers, which are not strictly equal to other Uint8Arrays. */
const plain = (value: unknown): unknown => structuredClone(value)

test('a commit comes back as it was, deletes and absent parts included', () => {
  const read = decodeBody(encodeBody(body))
  assert.deepEqual(plain({ ...read, outbox: undefined }), plain({ ...body, outbox: undefined }))
  assert.deepEqual(read.outbox.views, body.outbox.views)
  assert.deepEqual(read.outbox.calls, body.outbox.calls)
  assert.deepEqual(read.outbox.streams[0].records[0].hashKey, body.outbox.streams[0].records[0].hashKey)
  assert.deepEqual([...read.outbox.chunks[0].bytes], [1, 2, 3])
  assert.ok(read.delta[0].values[0] === undefined && 0 in read.delta[0].values, 'a delete is there')
  assert.deepEqual(decodeDelta(encodeBody(body)), read.delta)
})

test('a commit has the same bytes each time', () => {
  assert.ok(encodeBody(body).equals(encodeBody(structuredClone(body))))
})

test('a commit of another format, or cut short, is an error', () => {
  const bytes = encodeBody(body)
  for (const length of [0, 1, 2, bytes.length >> 1, bytes.length - 1])
    assert.throws(() => decodeBody(bytes.subarray(0, length)))
  const other = Buffer.from(bytes)
  other[0] = 9
  assert.throws(() => decodeBody(other), RangeError)
})
