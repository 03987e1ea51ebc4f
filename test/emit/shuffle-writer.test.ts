import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeChunk, sealChunk } from '../../shared/emit/chunk.ts'
import { isStepCrossed, ShuffleWriter, type WatermarkSteps } from '../../shared/emit/shuffle-writer.ts'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import { shardId } from '../../shared/model/ids.ts'
import { type Key, keyGroupOf, keyId } from '../../shared/model/key.ts'
import { limits } from '../../shared/model/limits.ts'
import { SourceWatermark } from '../../shared/time/watermark.ts'
import { Random } from '../codecs/random.ts'

const never: WatermarkSteps = { fine: Number.POSITIVE_INFINITY, coarse: Number.POSITIVE_INFINITY, offset: 0 }
const header = {
  stage: 's',
  shard: shardId('a'),
  lineage: { shards: [{ id: shardId('a'), parents: [] }], ancestors: [] },
}

const writerOf = (groups: number, steps: WatermarkSteps = never) =>
  new ShuffleWriter({ stage: 'r', stream: 'p-r', groups, steps, combines: [undefined] })

const decoded = (writer: ShuffleWriter, group: number, watermark = 0) =>
  writer.encode(group, header, watermark).map(bytes => decodeChunk(sealChunk(bytes)))

test('each message is in the chunk of its key’s group, in order, with its key and position', () => {
  const random = new Random(1)
  const writer = writerOf(8)
  const keys: Key[] = ['a', 'b', 1, -1.5, true, null, 7n, ['x', 1], { a: 1 }, '😀']
  for (let batch = 0; batch < 3; batch++) {
    writer.begin(['100', '200'])
    const sent = Array.from({ length: 300 }, (_, i) => ({ key: structuredClone(random.pick(keys)), i }))
    for (const { key, i } of sent) writer.add(0, key, i * 10, `v${i}`, i < 150 ? 0 : 1, 0, i)
    for (let group = 0; group < 8; group++) {
      const mine = sent.filter(({ key }) => keyGroupOf(keyId(key), 8) === group)
      assert.equal(writer.count(group), mine.length)
      const [chunk] = decoded(writer, group)
      assert.deepEqual(
        Array.from(chunk.values ?? []),
        mine.map(({ i }) => `v${i}`),
      )
      assert.deepEqual(
        Array.from(chunk.keyIndexes, index => chunk.keyIds[index]),
        mine.map(({ key }) => keyId(key)),
      )
      assert.deepEqual(
        Array.from(chunk.times),
        mine.map(({ i }) => i * 10),
      )
      for (let i = 1; i < chunk.count; i++) assert.ok(chunk.positionAt(i - 1) < chunk.positionAt(i))
    }
  }
})

test('a chunk that is too large goes in parts below the limit, of which only the last carries the watermark', () => {
  const writer = writerOf(1)
  writer.begin(['1'])
  const random = new Random(2)
  const values = Array.from({ length: 60 }, () => random.bytes(50_000).toString('base64'))
  for (const [i, value] of values.entries()) writer.add(0, 'k', i, value, 0, 0, i)
  const parts = writer.encode(0, header, 77)
  assert.ok(parts.length > 1)
  for (const part of parts) assert.ok(part.length <= limits.chunkBytes)
  const chunks = parts.map(part => decodeChunk(sealChunk(part)))
  assert.deepEqual(
    chunks.flatMap(chunk => Array.from(chunk.values ?? [])),
    values,
  )
  assert.deepEqual(
    chunks.map(chunk => chunk.header.watermark),
    chunks.map((_, i) => (i + 1 < chunks.length ? undefined : 77)),
  )
})

test('a chunk that is too large by its keys goes in parts that hold their own keys only', () => {
  const writer = writerOf(1)
  writer.begin(['1'])
  const keys = Array.from({ length: 20 }, (_, i) => `${i}-`.padEnd(50_000, `${i}`))
  for (const [i, key] of keys.entries()) writer.add(0, key, i, undefined, 0, 0, i)
  const parts = writer.encode(0, header, 77)
  for (const part of parts) assert.ok(part.length <= limits.chunkBytes)
  const chunks = parts.map(part => decodeChunk(sealChunk(part)))
  const ids = chunks.flatMap(chunk => Array.from(chunk.keyIndexes, index => chunk.keyIds[index]))
  assert.deepEqual(ids, keys.map(keyId))
})

/** What a receiver with windows of `size` decides for each record, when the records come in these batches. */
function latenessOf(times: readonly number[], cuts: readonly number[], steps: WatermarkSteps, size: number): boolean[] {
  const writer = writerOf(2, steps)
  const watermarks = [beginningOfTime, beginningOfTime]
  const expired = new Array<boolean>(times.length)
  for (const [b, from] of cuts.entries()) {
    const to = cuts[b + 1] ?? times.length
    writer.begin(['5'])
    // A transient stage keeps nothing: each batch starts with no watermark.
    const source = new SourceWatermark(3)
    for (let i = from; i < to; i++) {
      writer.add(0, i % 3, times[i], i, 0, i, 0)
      writer.advance(source.observe(times[i]))
    }
    for (const group of [0, 1]) {
      for (const chunk of decoded(writer, group, source.current)) {
        let mark = 0
        for (let m = 0; m < chunk.count; m++) {
          while (mark < chunk.markIndexes.length && chunk.markIndexes[mark] <= m) {
            watermarks[group] = Math.max(watermarks[group], chunk.markTimes[mark++])
          }
          const end = Math.floor(chunk.times[m] / size) * size + size
          expired[chunk.values?.[m] as number] = end - 1 <= watermarks[group]
        }
        watermarks[group] = Math.max(watermarks[group], chunk.header.watermark ?? beginningOfTime)
      }
    }
  }
  return expired
}

test('whether a record is too late does not depend on where batches are cut', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const size = random.between(1, 20)
    const steps = { fine: size, coarse: size, offset: 0 }
    let now = random.between(-100, 100)
    const times = Array.from({ length: 60 }, () => {
      now += random.below(6)
      return now - random.below(25)
    })
    const whole = latenessOf(times, [0], steps, size)
    const single = latenessOf(
      times,
      times.map((_, i) => i),
      steps,
      size,
    )
    const cuts = [0, ...times.keys()].filter((at, i) => i === 0 || (at > 0 && random.below(5) === 0))
    assert.deepEqual(latenessOf(times, cuts, steps, size), whole, `seed ${seed}`)
    assert.deepEqual(single, whole, `seed ${seed}`)
    // And it is what an unbatched evaluation says.
    const source = new SourceWatermark(3)
    const expected = times.map(time => {
      const isLate = Math.floor(time / size) * size + size - 1 <= source.current
      source.observe(time)
      return isLate
    })
    assert.deepEqual(whole, expected, `seed ${seed}`)
  }
})

test('a step is crossed when a watermark reaches the last millisecond of a window, never before', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = new Random(seed)
    const coarse = random.between(1, 30)
    const steps = { fine: 1, coarse, offset: random.below(coarse) }
    const before = random.between(-200, 200)
    const after = before + random.between(-5, 60)
    let expected = false
    for (let at = before + 1; at <= after; at++) expected ||= (at + 1 - steps.offset) % coarse === 0
    assert.equal(isStepCrossed(steps, before, after), expected)
  }
})

test('every group hears of the first watermark and of the end of time', () => {
  assert.ok(isStepCrossed(never, beginningOfTime, 0))
  assert.ok(!isStepCrossed(never, 0, 1e15))
  assert.ok(isStepCrossed(never, 0, endOfTime))
  assert.ok(!isStepCrossed(never, endOfTime, endOfTime))
})
