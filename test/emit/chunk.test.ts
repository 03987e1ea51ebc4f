import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Chunk, type ChunkHeader, decodeChunk, encodeChunk, sealChunk } from '../../shared/emit/chunk.ts'
import { MessageColumns } from '../../shared/emit/message-columns.ts'
import { shardId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import { positionText } from '../../shared/model/position.ts'
import { Random } from '../codecs/random.ts'

const lineage = {
  shards: [
    { id: shardId('shardId-000000000000'), parents: [] },
    { id: shardId('shardId-000000000001'), parents: [shardId('shardId-000000000000')] },
  ],
  ancestors: [shardId('shardId-000000000000')],
}
const header: ChunkHeader = { stage: 's', shard: shardId('shardId-000000000001'), group: 7, watermark: 123, lineage }

type Message = {
  key: string
  edge: number
  time: number
  value: unknown
  weight: number
  major: number
  sub: number
  index: number
}

const values: Record<string, (random: Random) => unknown> = {
  nothing: () => undefined,
  'small integers': random => random.between(-1_000, 1_000),
  'large integers': random => random.pick([2 ** 29, 2 ** 31, -(2 ** 53), 2 ** 53 - 1, 1e21]),
  fractions: random => random.pick([0.1, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1e308]),
  'zeros of both signs': random => random.pick([0, -0]),
  texts: random => random.textOf(['a', 'é', '😀', '\u0000', '"'], 5),
  'numbers, then nothing': random => random.pick([1, undefined]),
  'nothing, then numbers': random => random.pick([undefined, undefined, 2.5]),
  bigints: random => random.pick([0n, -1n, 2n ** 63n, -(2n ** 64n), 2n ** 200n, -(2n ** 200n)]),
  dates: random => new Date(random.pick([0, -1, 1_458_678_000_123, -62_135_596_800_000, 8.64e15])),
  anything: random =>
    random.pick<unknown>([
      null,
      undefined,
      true,
      3,
      0.5,
      'x',
      5n,
      [],
      [undefined, null],
      {},
      { a: undefined, b: [1, { c: 'd' }] },
      new Map<unknown, unknown>([
        [1, 'a'],
        ['k', new Set([1])],
      ]),
      new Uint8Array([1, 2, 3]),
      { nested: { __proto: 1, constructor: 'c', length: 3 } },
    ]),
}

const times: Record<string, (random: Random) => number> = {
  near: random => 1_458_678_000_000 + random.between(-10_000, 10_000),
  negative: random => -random.below(1_000_000_000),
  anywhere: random => random.pick([-limits.eventTimeMs, limits.eventTimeMs, 0, 1, -1]),
  'two to the 29 apart': random => random.pick([0, 2 ** 29, -(2 ** 29), 2 ** 29 - 1]),
}

function fill(random: Random, count: number, value: (random: Random) => unknown, time: (random: Random) => number) {
  const columns = new MessageColumns()
  const majors = Array.from({ length: 4 }, (_, i) => String(10n ** 55n + BigInt(i)))
  columns.clear(majors)
  columns.keyIds.push('sa', 'n1', 's😀', 'o{"a":"s\\""}')
  const messages: Message[] = []
  const marks: { at: number; time: number }[] = []
  let [major, sub, index] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    if (random.below(4) === 0) {
      const marked = random.between(-1_000, 1_000_000)
      columns.mark(marked)
      if (marks.at(-1)?.at === i) marks.pop()
      marks.push({ at: i, time: marked })
    }
    const dice = random.below(6)
    if (dice === 0 && major < 3) [major, sub, index] = [major + 1, 0, 0]
    else if (dice === 1) [sub, index] = [sub + random.between(1, 300), 0]
    else index += random.between(1, 3)
    const message = {
      key: random.pick(columns.keyIds),
      edge: random.below(3),
      time: time(random),
      value: value(random),
      weight: random.pick([1, 1, 5_000]),
      major,
      sub,
      index,
    }
    messages.push(message)
    const key = columns.keyIds.indexOf(message.key)
    columns.add(message.edge, key, message.time, message.value, message.weight, major, sub, index)
  }
  return { columns, messages, marks, majors }
}

function assertHolds(chunk: Chunk, messages: readonly Message[], majors: readonly string[], packs: boolean): void {
  assert.equal(chunk.count, messages.length)
  for (const [i, message] of messages.entries()) {
    assert.equal(chunk.keyIds[chunk.keyIndexes[i]], message.key)
    assert.equal(chunk.edges[i], message.edge)
    assert.equal(chunk.weights[i], message.weight)
    assert.equal(chunk.times[i], message.time)
    assert.equal(chunk.positionAt(i), positionText(majors[message.major], message.sub, message.index))
    const value = chunk.values?.[i]
    // MessagePack has no -0: documented in codecs/values.
    const expected = packs && Object.is(message.value, -0) ? 0 : message.value
    assert.deepEqual(value, expected)
  }
}

for (const [kind, value] of Object.entries(values)) {
  test(`a chunk of ${kind} comes back as it was, in whole and in part`, () => {
    for (const [seed, time] of Object.values(times).flatMap(time =>
      [1, 2, 3, 4, 5].map(seed => [seed, time] as const),
    )) {
      const random = new Random(seed)
      const { columns, messages, marks, majors } = fill(random, random.pick([1, 2, 63, 64, 65, 200]), value, time)
      const from = random.below(messages.length)
      for (const [first, last] of [
        [0, messages.length],
        [from, messages.length],
        [0, from + 1],
      ]) {
        const bytes = sealChunk(encodeChunk(header, columns, first, last))
        const chunk = decodeChunk(bytes)
        assert.deepEqual(chunk.header, header)
        assertHolds(chunk, messages.slice(first, last), majors, kind === 'anything')
        const held = marks.filter(({ at }) => at >= first && at < last)
        assert.deepEqual(
          [...chunk.markIndexes],
          held.map(({ at }) => at - first),
        )
        assert.deepEqual(
          [...chunk.markTimes],
          held.map(mark => mark.time),
        )
        assert.ok(sealChunk(encodeChunk(header, columns, first, last)).equals(bytes), 'the same bytes again')
      }
    }
  })
}

test('an empty chunk carries its watermark, or none', () => {
  const columns = new MessageColumns()
  for (const watermark of [undefined, 0, -5, 8.64e15, -8.64e15]) {
    const chunk = decodeChunk(sealChunk(encodeChunk({ ...header, watermark }, columns, 0, 0)))
    assert.deepEqual([chunk.count, chunk.header.watermark], [0, watermark])
  }
})

test('what a record put out before its function threw is taken back', () => {
  const columns = new MessageColumns()
  columns.clear(['1', '2'])
  columns.keyIds.push('sa')
  columns.add(0, 0, 5, 'kept', 1, 0, 0, 0)
  columns.mark(50)
  columns.add(0, 0, 6, 'gone', 1, 1, 3, 0)
  columns.add(0, 0, 6, 'gone', 1, 1, 3, 1)
  columns.takeBack(1, 3)
  columns.add(0, 0, 7, 'next', 1, 1, 4, 0)
  const chunk = decodeChunk(sealChunk(encodeChunk(header, columns, 0, columns.count)))
  assert.deepEqual(Array.from(chunk.values ?? []), ['kept', 'next'])
  assert.deepEqual([...chunk.markIndexes], [1])
})

test('a chunk whose value cannot be written is an error, and does not spoil the next one', () => {
  const endless: { self?: unknown } = {}
  endless.self = endless
  const columns = new MessageColumns()
  columns.clear(['1'])
  columns.keyIds.push('sa')
  columns.add(0, 0, 5, endless, 1, 0, 0, 0)
  assert.throws(() => encodeChunk(header, columns, 0, 1))
  const empty = decodeChunk(sealChunk(encodeChunk(header, new MessageColumns(), 0, 0)))
  assert.deepEqual([empty.count, empty.header], [0, header])
})

test('bytes that are cut short are an error', () => {
  const { columns, messages } = fill(new Random(3), 50, values.anything, times.near)
  const whole = encodeChunk(header, columns, 0, messages.length)
  for (let length = 0; length < whole.length; length++) {
    const cut = Buffer.concat([Buffer.of(0), whole.subarray(0, length)])
    assert.throws(() => decodeChunk(cut), `${length} of ${whole.length} bytes`)
  }
  const sealed = sealChunk(whole)
  for (let length = 0; length < sealed.length; length++) assert.throws(() => decodeChunk(sealed.subarray(0, length)))
})

test('bytes that were changed are an error or a chunk, never a hang or a loss of memory', () => {
  const random = new Random(5)
  const { columns, messages } = fill(random, 40, values.fractions, times.near)
  const whole = Buffer.concat([Buffer.of(0), encodeChunk(header, columns, 0, messages.length)])
  for (let i = 0; i < 3_000; i++) {
    const changed = Buffer.from(whole)
    changed[random.below(changed.length)] = random.below(256)
    try {
      const { count } = decodeChunk(changed)
      assert.ok(count <= changed.length)
    } catch (thrown) {
      assert.ok(thrown instanceof Error)
    }
  }
})
