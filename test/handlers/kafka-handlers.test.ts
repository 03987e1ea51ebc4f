import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { handlers } from 'millrace/lambda'
import {
  drive,
  kafkaEvent,
  kinesisEvent,
  lambdaContext,
  resetTestCloud,
  type TestKafkaRecord,
  testCloud,
} from 'millrace/testing'
import { Random } from '../../local/simulator/random.ts'
import { ConfigurationError, json, kafka, milliseconds, pipeline, tumbling } from '../../shared/index.ts'
import { describe } from '../../shared/plan/describe.ts'
import { textOfPlan } from '../../shared/plan/describe-text.ts'

type Click = { readonly page: string; readonly at: number }

const program = (partitions = 3) =>
  pipeline(
    'clicks',
    ({ source }) => {
      const clicks = source('clicks', {
        codec: json<Click>(),
        from: kafka({ topic: 'web.clicks', partitions }),
        eventTime: click => click.at,
      })
      const byPage = clicks.keyBy('page')
      return {
        counts: byPage.count('counts'),
        windows: byPage.window(tumbling(milliseconds(100))).count('windows'),
      }
    },
    { keyGroups: 2 },
  )

const clicks = program()
const { clicks: clicked, page } = handlers(clicks)

const click = (name: string, at: number): string => JSON.stringify({ page: name, at } satisfies Click)
const counts = async (): Promise<Record<string, number>> => {
  await testCloud(clicks).deliver('page', page)
  const rows = await testCloud(clicks).rows('counts')
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
}

beforeEach(resetTestCloud)

test('records of several partitions count once each, however often their event comes', async () => {
  const event = kafkaEvent('web.clicks', [
    { partition: 0, value: click('a', 1) },
    { partition: 2, value: click('b', 2) },
    { partition: 0, value: click('a', 3) },
  ])
  assert.deepEqual(await clicked(event, lambdaContext()), { batchItemFailures: [] })
  await clicked(event, lambdaContext())
  testCloud().evict()
  await clicked(event, lambdaContext())
  assert.deepEqual(await counts(), { a: 2, b: 1 })
})

test('a retry may bring more, less and other partitions', async () => {
  const records = (from: number, to: number, partition: number): TestKafkaRecord[] =>
    Array.from({ length: to - from }, (_, i) => ({
      partition,
      offset: from + i,
      value: click(`p${partition}`, from + i),
    }))
  await clicked(kafkaEvent('web.clicks', [...records(0, 9, 0), ...records(0, 4, 1)]), lambdaContext())
  await clicked(kafkaEvent('web.clicks', records(3, 12, 0)), lambdaContext())
  await clicked(kafkaEvent('web.clicks', [...records(9, 13, 0), ...records(2, 6, 1)]), lambdaContext())
  assert.deepEqual(await counts(), { p0: 13, p1: 6 })
})

test('the watermark is that of the slowest partition, with records or without', async () => {
  const at = async (): Promise<readonly string[]> => {
    await testCloud(clicks).deliver('page', page)
    return (await testCloud(clicks).rows('windows')).map(({ key, window, value }) => `${key} ${window.start} ${value}`)
  }
  const events = (partition: number, offset: number, time: number) =>
    kafkaEvent('web.clicks', [{ partition, offset, value: click('a', time) }])
  await clicked(events(0, 0, 10), lambdaContext())
  await clicked(events(0, 1, 500), lambdaContext())
  await clicked(events(1, 0, 500), lambdaContext())
  assert.deepEqual(await at(), [], 'nothing is known of partition 2')
  await clicked(events(2, 0, 300), lambdaContext())
  assert.deepEqual(await at(), ['a 0 1'])
  await clicked(events(2, 1, 1_000), lambdaContext())
  assert.deepEqual(await at(), ['a 0 1', 'a 300 1'])
})

test('without time the attempts get on, and end', async () => {
  const event = kafkaEvent(
    'web.clicks',
    Array.from({ length: 30 }, (_, i) => ({ partition: i % 2, value: click('a', i) })),
  )
  let attempts = 0
  const attempt = async (): Promise<boolean> => {
    attempts++
    let left = 3
    // The invocation has time for a few looks at its clock.
    const remainingMs = (): number => (left-- > 0 ? 1_000 : 0)
    return clicked(event, lambdaContext({ remainingMs })).then(
      () => true,
      (error: Error) => {
        assert.match(
          error.message,
          /^Cannot go on in partition-00000[01] of source "clicks": no time is left before offset \d+/,
        )
        return false
      },
    )
  }
  while (!(await attempt())) assert.ok(attempts < 100)
  assert.ok(attempts > 3, `${attempts} attempts`)
  assert.deepEqual(await counts(), { a: 30 })
})

test('random retries of random events come to the counts of the topic', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    resetTestCloud()
    const random = new Random(seed)
    const topic = [0, 1, 2].map(partition =>
      Array.from({ length: random.below(40) }, (_, offset) => ({
        partition,
        offset,
        key: `k${offset}`,
        value: offset % 7 === 6 ? 'no JSON' : click(`p${random.below(4)}`, offset),
      })),
    )
    const done = [0, 0, 0]
    while (topic.some((records, partition) => done[partition] < records.length)) {
      const batches = topic.map((records, partition) => {
        // An older event may come again, cut differently.
        const from = Math.max(0, done[partition] - random.below(5))
        return records.slice(from, from + random.below(12))
      })
      const records = batches.flat()
      if (records.length === 0) continue
      let left = random.chance(0.3) ? random.below(12) : Number.POSITIVE_INFINITY
      const context = lambdaContext({ remainingMs: () => (left-- > 0 ? 1_000 : 0) })
      if (random.chance(0.3)) testCloud().evict()
      try {
        await clicked(kafkaEvent('web.clicks', records), context)
        for (const [partition, own] of batches.entries()) {
          done[partition] = Math.max(done[partition], (own.at(-1)?.offset ?? -1) + 1)
        }
      } catch (error) {
        assert.match(String(error), /no time is left/)
      }
    }
    const expected: Record<string, number> = {}
    let malformed = 0
    for (const { value } of topic.flat()) {
      if (value === 'no JSON') malformed++
      else expected[(JSON.parse(value) as Click).page] = (expected[(JSON.parse(value) as Click).page] ?? 0) + 1
    }
    assert.deepEqual(await counts(), expected, `seed ${seed}`)
    assert.equal((await testCloud(clicks).deadLetters()).length, malformed, `seed ${seed}`)
  }
})

test('a malformed record is a dead letter of its place, and a tombstone comes to the codec as no bytes', async () => {
  await clicked(
    kafkaEvent('web.clicks', [
      { partition: 1, offset: 41, key: 'user-7', value: '{' },
      { partition: 1, offset: 42, key: 'user-8', value: null },
      { partition: 1, offset: 43, value: click('a', 1) },
    ]),
    lambdaContext(),
  )
  assert.deepEqual(
    (await testCloud(clicks).deadLetters()).map(({ place, partitionKey, text }) => ({ place, partitionKey, text })),
    [
      { place: 'clicks partition-000001 41#0', partitionKey: 'user-7', text: '{' },
      { place: 'clicks partition-000001 42#0', partitionKey: 'user-8', text: '' },
    ],
  )
  assert.deepEqual(await counts(), { a: 1 })
})

test('partitions may be added to a topic', async () => {
  const event = kafkaEvent('web.clicks', [{ partition: 3, value: click('a', 1) }])
  await assert.rejects(clicked(event, lambdaContext()), {
    name: 'StopDeploymentError',
    message:
      'Cannot read source "clicks": a record of partition 3 of topic "web.clicks" came and the program has 3 of them, expected more as in kafka({ partitions: 4 })',
  })
  await handlers(program(4)).clicks(event, lambdaContext())
  assert.deepEqual(await counts(), { a: 1 })
})

test('records of another topic are refused', async () => {
  await assert.rejects(clicked(kafkaEvent('web.orders', [click('a', 1)]), lambdaContext()), {
    message: 'Cannot read source "clicks": records of topic "web.orders" came, expected topic "web.clicks"',
  })
})

test('a stage that reads no topic refuses its events', async () => {
  const plain = pipeline('plain', ({ source }) => ({
    out: source('clicks', { codec: json<Click>() }).forEach(() => {}),
  }))
  await assert.rejects(handlers(plain).clicks(kafkaEvent('clicks', [click('a', 1)]), lambdaContext()), {
    message: 'Cannot read the event: it has no Kinesis records, expected an event of a Kinesis event source mapping',
  })
})

test('locally the source is a stream like any other', async () => {
  const run = drive(clicks)
  await run.clicks.push({ page: 'a', at: 1 }, { page: 'a', at: 2 })
  assert.deepEqual(run.counts.rows(), [{ key: 'a', value: 2 }])
  await clicked(kinesisEvent('clicks', [click('b', 1)]), lambdaContext())
  assert.deepEqual(await counts(), { b: 1 })
})

test('explain says where the records lie', () => {
  assert.match(
    textOfPlan(describe(clicks.plan)),
    /reads +source "clicks" from Kafka topic "web\.clicks", 3 partitions, as json, up to 0 ms out of order/,
  )
  assert.match(textOfPlan(describe(clicks.plan)), /^stage clicks \(logged\)/m)
})

test('numbers of partitions that make no sense are refused', () => {
  for (const partitions of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => kafka({ partitions }), ConfigurationError)
  }
  assert.throws(() => kafka({ topic: '', partitions: 1 }), /the topic has no name/)
})
