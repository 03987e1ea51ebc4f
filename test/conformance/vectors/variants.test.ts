import assert from 'node:assert/strict'
import { test } from 'node:test'
import { json, milliseconds, pipeline, tumbling } from '../../../shared/index.ts'
import { forEachVariant } from './variants.ts'

type Hit = { readonly at: number; readonly page: string }

const hits = pipeline('hits', ({ source }) => {
  const all = source('hits', { codec: json<Hit>(), eventTime: hit => hit.at, outOfOrder: milliseconds(1_000_000) })
  return {
    counts: all
      .keyBy('page')
      .window(tumbling(milliseconds(10)))
      .count('counts'),
  }
})

test('a case is played in all variants: with crashes, on more shards, across splits and merges', async () => {
  const shards = new Set<number>()
  let crashes = 0
  let [isSplit, isMerged] = [false, false]
  let plays = 0
  await forEachVariant('hits', {
    pipeline: hits,
    play: async (run, pause) => {
      plays++
      const before = { hits: run.shards('hits').length, page: run.shards('page').length }
      shards.add(before.page)
      for (let at = 0; at < 20; at++) {
        await run.hits.push({ at, page: 'a' })
        const sizes = () => run.shards('hits').length + run.shards('page').length
        const size = sizes()
        await pause()
        isSplit ||= sizes() > size
        isMerged ||= sizes() < size
      }
      await run.hits.advanceTo(19)
      assert.deepEqual(
        run.counts.rows().map(row => row.value),
        [10, 10],
      )
      if (run.awaits.some(at => at.isZombie)) crashes++
    },
  })
  assert.ok(plays > 10)
  assert.deepEqual([...shards], [1, 2, 3])
  assert.ok(crashes > 0 && isSplit && isMerged)
})

test('a variant that gives something else is named with its seed', async () => {
  const fails = forEachVariant('hits', {
    pipeline: hits,
    play: async (run, pause) => {
      await pause()
      assert.equal(run.shards('hits').length, 1)
    },
  })
  await assert.rejects(fails, /^Error: hits, 2 shards, seed 0: /)
})
