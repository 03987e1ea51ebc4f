import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import {
  every,
  globalWindow,
  hopping,
  json,
  milliseconds,
  pipeline,
  seconds,
  sideOutput,
  tumbling,
  utf8,
} from '../../shared/index.ts'

type Hit = { readonly at: number; readonly page: string; readonly cost: number }

const hit = (at: number, page = 'a', cost = 1): Hit => ({ at, page, cost })
const hits = { codec: json<Hit>(), eventTime: (each: Hit) => each.at }
const ten = tumbling(milliseconds(10))
const row = (key: string, start: number, value: number) => ({ key, window: { start, end: start + 10 }, value })

test('a window closes when the watermark passes its last millisecond, not before', async () => {
  const run = drive(
    pipeline('p', ({ source }) => ({
      counts: source('hits', hits).keyBy('page').window(ten).count('count'),
    })),
  )
  await run.hits.push(hit(0), hit(9), hit(10))
  assert.deepEqual(run.counts.rows(), [row('a', 0, 2)], 'a record at 10 says that nothing up to 9 is to come')
  await run.hits.advanceTo(18)
  assert.equal(run.counts.rows().length, 1)
  await run.hits.advanceTo(19)
  assert.deepEqual(run.counts.rows(), [row('a', 0, 2), row('a', 10, 1)])
})

test('late records change their window within the allowed lateness, and go to the side output beyond it', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const counts = source('hits', hits)
        .keyBy('page')
        .window(ten)
        .allowedLateness(milliseconds(20))
        .lateTo('tooLate')
        .count('count')
      return { counts, tooLate: counts.side('tooLate').forEach(() => {}), fired: counts.forEach(() => {}) }
    }),
  )
  await run.hits.push(hit(5))
  await run.hits.advanceTo(9)
  assert.deepEqual(run.counts.rows(), [row('a', 0, 1)])
  await run.hits.push(hit(6))
  await run.hits.advanceTo(28)
  await run.hits.push(hit(7, 'a'), hit(8, 'b'))
  assert.deepEqual(run.counts.rows(), [row('a', 0, 3), row('b', 0, 1)])
  await run.hits.advanceTo(29)
  await run.hits.push(hit(9))
  assert.deepEqual(run.counts.rows(), [row('a', 0, 3), row('b', 0, 1)])
  assert.deepEqual(run.tooLate.values(), [hit(9)])
  assert.deepEqual(
    run.fired
      .values()
      .filter(each => each.key === 'a')
      .map(each => each.value),
    [1, 2, 3],
  )
  const { log } = await run.stageTotals('page')
  assert.deepEqual({ late: log.late, expired: log.expired }, { late: 3, expired: 1 })
})

test('by final a running aggregate comes once, at the end; by updates with each commit', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const byPage = source('hits', hits).keyBy('page')
      return {
        final: byPage.count('final', { emit: 'final' }),
        updates: byPage.count('updates', { emit: 'updates' }),
        all: byPage.window(globalWindow()).count('all'),
      }
    }),
  )
  await run.hits.push(hit(1), hit(2))
  assert.deepEqual(run.updates.rows(), [{ key: 'a', value: 2 }])
  assert.deepEqual(run.final.rows(), [])
  await run.hits.end()
  assert.deepEqual(run.final.rows(), [{ key: 'a', value: 2 }])
  assert.deepEqual(
    run.all.rows().map(each => each.value),
    [2],
  )
})

test('by complete all rows of a changed key group go out again, by updates only those that changed', async () => {
  const run = drive(
    pipeline(
      'p',
      ({ source }) => {
        const byPage = source('hits', hits).keyBy('page')
        return {
          complete: byPage.count('complete', { emit: 'complete' }).forEach(() => {}),
          updates: byPage.count('updates', { emit: 'updates' }).forEach(() => {}),
        }
      },
      { keyGroups: 1 },
    ),
  )
  await run.hits.push(hit(1, 'a'), hit(2, 'b'))
  await run.hits.push(hit(3, 'b'))
  const seen = (values: readonly { key: string; value: number }[]) => values.map(each => `${each.key}${each.value}`)
  assert.deepEqual(seen(run.complete.values()), ['a1', 'b1', 'a1', 'b2'])
  assert.deepEqual(seen(run.updates.values()), ['a1', 'b1', 'b2'])
})

test('by every rows come when so much arrival time has passed: with a record, or with a tick where none comes', async () => {
  const run = drive(
    pipeline(
      'p',
      ({ source }) => {
        const byPage = source('hits', hits).keyBy('page')
        return {
          paced: byPage.count('paced', { emit: every(seconds(10)) }),
          windowed: byPage.window(ten).count('windowed', { emit: every(seconds(10)) }),
        }
      },
      { keyGroups: 1 },
    ),
  )
  await run.hits.push(hit(1))
  run.advanceClock(9_999)
  await run.hits.push(hit(2))
  assert.deepEqual(run.paced.rows(), [])
  run.advanceClock(1)
  await run.hits.push(hit(3, 'b'))
  assert.deepEqual(
    run.paced.rows().map(each => `${each.key}${each.value}`),
    ['a2', 'b1'],
  )
  await run.hits.push(hit(4, 'b'))
  await run.tick()
  assert.deepEqual(
    run.paced.rows().map(each => `${each.key}${each.value}`),
    ['a2', 'b2'],
  )
  assert.deepEqual(
    run.windowed.rows().map(each => `${each.key}${each.value}`),
    ['a2', 'b2'],
  )
  await run.hits.push(hit(5, 'b'))
  await run.hits.advanceTo(9)
  assert.deepEqual(
    run.windowed.rows().map(each => `${each.key}${each.value}`),
    ['a2', 'b3'],
    'the end of a window does not wait',
  )
  await run.hits.end()
  assert.deepEqual(
    run.paced.rows().map(each => `${each.key}${each.value}`),
    ['a2', 'b3'],
  )
})

test('a top ranks ties by key and notices values that fall', async () => {
  const run = drive(
    pipeline('p', ({ source }) => ({
      best: source('hits', hits)
        .keyBy('page')
        .sum('cost', each => each.cost)
        .top('best-pages', 2),
    })),
  )
  await run.hits.push(hit(1, 'c', 5), hit(2, 'a', 5), hit(3, 'b', 5))
  const seen = () => run.best.rows().map(each => `${each.rank}${each.key}${each.value}`)
  assert.deepEqual(seen(), ['1a5', '2b5'])
  await run.hits.push(hit(4, 'a', -3))
  assert.deepEqual(seen(), ['1b5', '2c5'])
  run.evict()
  await run.hits.push(hit(5, 'b', -4), hit(6, 'c', -4))
  assert.deepEqual(seen(), ['1a2', '2b1'])
})

test('a filtered row leaves the view and the top when it no longer holds', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const costs = source('hits', hits)
        .keyBy('page')
        .sum('cost', each => each.cost)
        .filter(each => each.value > 2)
      return { costs, best: costs.top('best-pages', 1) }
    }),
  )
  await run.hits.push(hit(1, 'a', 5), hit(2, 'b', 4))
  assert.equal(run.best.rows()[0].key, 'a')
  await run.hits.push(hit(3, 'a', -4))
  assert.deepEqual(run.costs.rows(), [{ key: 'b', value: 4 }])
  assert.deepEqual(run.best.rows(), [{ rank: 1, key: 'b', value: 4 }])
})

test('the watermark of a union is that of the source that is furthest behind', async () => {
  const run = drive(
    pipeline('p', ({ source }) => ({
      counts: source('left', hits).union(source('right', hits)).keyBy('page').window(ten).count('count'),
    })),
  )
  await run.left.push(hit(1))
  await run.left.end()
  assert.deepEqual(run.counts.rows(), [])
  await run.right.push(hit(2))
  await run.right.advanceTo(8)
  assert.deepEqual(run.counts.rows(), [])
  await run.right.advanceTo(9)
  assert.deepEqual(run.counts.rows(), [row('a', 0, 2)])
})

test('a source that is silent for its idle limit no longer holds the watermark', async () => {
  const idle = { ...hits, idleAfter: seconds(30) }
  const run = drive(
    pipeline('p', ({ source }) => ({
      counts: source('left', idle).union(source('right', idle)).keyBy('page').window(ten).count('count'),
    })),
  )
  await run.right.push(hit(1))
  await run.left.push(hit(2), hit(20))
  assert.deepEqual(run.counts.rows(), [])
  run.advanceClock(31_000)
  await run.left.push(hit(30))
  assert.deepEqual(run.counts.rows(), [row('a', 0, 2), row('a', 20, 1)])
})

test('a branch gives each value to its first arm, and distinct lets the first of a key through', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const { cheap, dear } = source('hits', hits).branch({
        cheap: each => each.cost < 10,
        dear: each => each.cost < 100,
      })
      return {
        cheap: cheap.keyBy('page').count('cheap'),
        dear: dear
          .keyBy('dear-page', each => each.page)
          .distinct('dear')
          .forEach(() => {}),
      }
    }),
  )
  await run.hits.push(hit(1, 'a', 1), hit(2, 'a', 50), hit(3, 'a', 60), hit(4, 'b', 70), hit(5, 'c', 500))
  run.evict()
  await run.hits.push(hit(6, 'a', 80), hit(7, 'a', 2))
  assert.deepEqual(run.cheap.rows(), [{ key: 'a', value: 2 }])
  assert.deepEqual(
    run.dear.values().toSorted((a, b) => a.at - b.at),
    [hit(2, 'a', 50), hit(4, 'b', 70)],
  )
})

test('side outputs of a flatMap are streams of their own', async () => {
  const run = drive(
    pipeline('p', ({ source }) => {
      const numbers = source('lines', { codec: utf8 }).flatMap(
        (line, side) => {
          if (line === '') side.empty(line)
          return line.split(' ').flatMap(word => {
            const number = Number(word)
            if (!Number.isNaN(number)) return [number]
            side.words(word)
            return []
          })
        },
        { sides: { words: sideOutput<string>(), empty: sideOutput<string>() } },
      )
      return {
        numbers: numbers.toFiles(json<number>(), { extension: 'json' }),
        words: numbers.side('words').toStream('words', utf8),
      }
    }),
  )
  await run.lines.push('1 two 3')
  await run.lines.push('four 5')
  assert.deepEqual(await run.numbers.values(), [1, 3, 5])
  assert.deepEqual(run.words.values(), ['two', 'four'])
  const number: number = (await run.numbers.values())[0]
  const word: string = run.words.values()[0]
  assert.deepEqual([number, word], [1, 'two'])
})

test('a file sink writes one file a commit, named by its stage, shard and version', async () => {
  const run = drive(
    pipeline('p', ({ source }) => ({ lines: source('text', { codec: utf8 }).toFiles(utf8, { extension: 'log' }) })),
  )
  await run.text.push('one', 'two\n')
  await run.text.push('three')
  const files = await run.lines.files()
  assert.deepEqual(
    files.map(({ bytes }) => Buffer.from(bytes).toString()),
    ['one\ntwo\n', 'three\n'],
  )
  const named = files.map(({ name, text }) => ({ name, text }))
  assert.deepEqual(named, [
    { name: 'text/shardId-000000000000/0.log', text: 'one\ntwo\n' },
    { name: 'text/shardId-000000000000/1.log', text: 'three\n' },
  ])
})

test('hopping windows count a record in each that holds it', async () => {
  const run = drive(
    pipeline('p', ({ source }) => ({
      counts: source('hits', hits)
        .keyBy('page')
        .window(hopping(milliseconds(10), milliseconds(5)))
        .count('count', { emit: 'updates' }),
    })),
  )
  await run.hits.push(hit(7), hit(12))
  assert.deepEqual(
    run.counts.rows().map(each => [each.window.start, each.value]),
    [
      [0, 1],
      [5, 2],
      [10, 1],
    ],
  )
})
