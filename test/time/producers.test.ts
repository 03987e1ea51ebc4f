import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginningOfTime } from '../../shared/model/event-time.ts'
import { producerOf, type ShardId, shardId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import { type Lineage, type LineageShard, lineageOf } from '../../shared/model/lineage.ts'
import { positionText } from '../../shared/model/position.ts'
import { KeyedStore } from '../../shared/state/keyed-store.ts'
import { GroupProducers, type InputStage, type ProducerState } from '../../shared/time/producers.ts'
import { Random } from '../codecs/random.ts'

const forever = Number.POSITIVE_INFINITY
const shard = (id: string, ...parents: string[]): LineageShard => ({ id: shardId(id), parents: parents.map(shardId) })
const two = [shard('a'), shard('b')]

function start(inputs: readonly InputStage[] = [{ name: 's', idleMs: forever }]) {
  const store = new KeyedStore<ProducerState>('$producers')
  const producers = new GroupProducers(0, inputs, store)
  const say = (
    stage: string,
    id: string,
    listed: readonly LineageShard[],
    watermark: number,
    arrivalMs = 0,
  ): number => {
    const cell = producers.hear(stage, shardId(id), lineageOf(shardId(id), listed), arrivalMs)
    producers.watermark = producers.advance(cell, watermark, arrivalMs)
    return producers.watermark
  }
  return { store, producers, say }
}

test('a stage holds the watermark until all shards that were announced have spoken', () => {
  const { say } = start()
  assert.equal(say('s', 'a', two, 100), beginningOfTime)
  assert.equal(say('s', 'b', two, 70), 70)
  assert.equal(say('s', 'b', two, 200), 100)
})

test('every input stage holds the watermark until one of its producers was announced', () => {
  const { say } = start([
    { name: 's', idleMs: forever },
    { name: 't', idleMs: forever },
  ])
  assert.equal(say('s', 'a', [shard('a')], 100), beginningOfTime)
  assert.equal(say('t', 'x', [shard('x')], 40), 40)
})

test('the watermark never goes back, not for a new shard, an old chunk or an idle one that wakes up', () => {
  const { say } = start([{ name: 's', idleMs: 10 }])
  say('s', 'a', two, 100, 0)
  assert.equal(say('s', 'a', two, 100, 50), 100)
  assert.equal(say('s', 'b', two, 30, 51), 100)
  assert.equal(say('s', 'a', [...two, shard('c')], 300, 52), 100)
  assert.equal(say('s', 'a', two, 20, 53), 100)
})

test('children count only when their parents are retired, which any child does for all generations', () => {
  const { say } = start()
  say('s', 'a', [shard('a')], 100)
  const split = [shard('a'), shard('b', 'a'), shard('c', 'a'), shard('d', 'c')]
  const announced: Lineage = { shards: split, ancestors: [] }
  const { producers } = start()
  const cell = producers.hear('s', shardId('a'), announced, 0)
  assert.equal(producers.advance(cell, 100, 0), 100, 'children that may not speak yet hold nothing')
  assert.equal(say('s', 'd', split, 500), 100, 'a child of the other half has not spoken')
  assert.equal(say('s', 'b', split, 400), 400)
})

test('a producer is idle by the arrival times in the log and counts again once it speaks', () => {
  const { say, producers } = start([{ name: 's', idleMs: 60 }])
  say('s', 'a', two, 100, 1_000)
  say('s', 'b', two, 50, 1_000)
  assert.equal(say('s', 'a', two, 200, 1_060), 50, 'exactly the limit is not beyond it')
  assert.equal(say('s', 'a', two, 210, 1_061), 210)
  say('s', 'b', two, 205, 1_070)
  assert.equal(say('s', 'a', two, 400, 1_071), 210)
  assert.equal(producers.merged(2_000), 210, 'with all idle it stays')
})

test('a retired producer keeps its position, and does not come back because others name it for good', () => {
  const { say, producers, store } = start()
  const merged = [shard('a'), shard('b'), shard('c', 'a', 'b')]
  for (const id of ['a', 'b', 'c']) say('s', id, merged, 100, 1_000)
  const a = producers.hear('s', shardId('a'), lineageOf(shardId('a'), merged), 1_000)
  a.value.position = positionText('7', 0, 0)
  // Begun before the merge: it lists what was there then, as long as it lives.
  const before = [shard('a'), shard('b'), shard('d')]
  for (const id of ['c', 'd']) say('s', id, id === 'd' ? before : merged, 200, 1_000 + 10 * limits.retiredMs)
  assert.equal(producers.watermark, 200)
  assert.equal(store.get(0, producerOf('s', shardId('a')))?.value.position, a.value.position)
})

/** Shards of a stage that split and merge at random; each speaks in order and stops when it is closed. */
test('through random splits and merges no watermark passes a shard that still has something to say', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const { say, store, producers } = start()
    const listed: LineageShard[] = [shard('s0'), shard('s1')]
    // What each shard has yet to put: watermarks, ascending, none below its parents' last.
    const backlog = new Map<ShardId, number[]>()
    const spoken = new Map<ShardId, number>()
    let next = 2
    const fill = (id: ShardId, from: number) => {
      let at = from
      backlog.set(
        id,
        Array.from({ length: random.between(1, 4) }, () => (at += random.below(30))),
      )
    }
    for (const { id } of listed) fill(id, 0)
    const open = () => listed.map(({ id }) => id).filter(id => !listed.some(({ parents }) => parents.includes(id)))
    for (let step = 0; step < 40; step++) {
      if (random.below(5) === 0 && next < 12) {
        const parents = random.below(2) === 0 || open().length < 2 ? [random.pick(open())] : open().slice(0, 2)
        const from = Math.max(...parents.map(id => backlog.get(id)?.at(-1) ?? spoken.get(id) ?? 0))
        for (let i = 0; i < (parents.length === 1 ? 2 : 1); i++) {
          const child = { id: shardId(`s${next++}`), parents }
          listed.push(child)
          fill(child.id, from)
        }
        continue
      }
      // The platform hands over a shard only when its ancestors are done.
      const ready = listed.filter(
        ({ id }) =>
          (backlog.get(id)?.length ?? 0) > 0 &&
          lineageOf(id, listed).ancestors.every(other => backlog.get(other)?.length === 0),
      )
      if (ready.length === 0) continue
      const { id } = random.pick(ready)
      const watermark = backlog.get(id)?.shift() ?? 0
      spoken.set(id, watermark)
      const before = producers.watermark
      const after = say('s', id, [...listed], watermark, step)
      assert.ok(after >= before)
      for (const [other, rest] of backlog) {
        const floor = spoken.get(other)
        if (rest.length > 0 && floor !== undefined)
          assert.ok(after <= Math.max(before, floor), `seed ${seed}: ${other} is passed`)
        if (rest.length > 0 && floor === undefined && before === beginningOfTime)
          assert.ok(after <= rest[0], `seed ${seed}: ${other}, which has not spoken, is passed`)
      }
      assertSameAfterRestore(store, producers, step)
    }
  }
})

function assertSameAfterRestore(store: KeyedStore<ProducerState>, producers: GroupProducers, arrivalMs: number): void {
  const copy = new KeyedStore<ProducerState>('$producers')
  const entries = store.entries(0)
  entries?.ids.forEach((id, i) => {
    copy.restore(0, id, 0, structuredClone(entries.values[i]))
  })
  const again = new GroupProducers(0, [{ name: 's', idleMs: forever }], copy)
  again.watermark = producers.watermark
  assert.equal(again.merged(arrivalMs), producers.merged(arrivalMs))
}
