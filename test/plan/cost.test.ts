import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orders } from '../../functions/orders/pipeline.ts'
import { wordCount } from '../../functions/word-count/pipeline.ts'
import {
  countWindow,
  cumulating,
  daily,
  hours,
  json,
  minutes,
  pipeline,
  seconds,
  session,
  sliding,
  sqs,
  tumbling,
} from '../../shared/index.ts'
import { costOf, monthSeconds } from '../../shared/plan/cost.ts'
import type { Traffic } from '../../shared/plan/cost-flow.ts'
import { prices } from '../../shared/plan/cost-prices.ts'
import { textOfCost } from '../../shared/plan/cost-text.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { WindowAssigner } from '../../shared/windows/window.ts'

const traffic = (rate: number, change: Partial<Traffic> = {}): Traffic => ({
  rate: () => rate,
  eventBytes: 200,
  aggregated: 1,
  shards: () => undefined,
  batchSize: () => 1_000,
  batchWindow: 1,
  keys: () => 1_000,
  selectivity: () => 1,
  ...change,
})

const provisioned = { onDemand: false, memoryMiB: 1024 }
const cost = (plan: Plan, rate: number, change: Partial<Traffic> = {}, options = provisioned) =>
  costOf(plan, traffic(rate, change), options)

const line = (found: ReturnType<typeof costOf>, service: string, part: string) => {
  const known = found.lines.find(each => each.service === service && each.part === part)
  assert.ok(known !== undefined, `${service}: ${part}`)
  return known
}

const near = (found: number, expected: number, share = 0.001): void =>
  assert.ok(Math.abs(found - expected) <= expected * share, `${found}, expected about ${expected}`)

test('a pipeline without events costs its shards, metrics, alarms, dashboard and ticks', () => {
  const found = cost(wordCount.plan, 0)
  // Two shards for 730 hours; a tick a minute for one shuffle shard: a put, an invocation, a commit of a unit.
  const ticks = 43_800 / 1e6
  const expected =
    2 * 730 * 0.015 +
    ticks * 0.014 +
    ticks * 0.625 +
    // The logged stage's 19 metrics, five alarms a stage and one of the clock, a dashboard.
    (19 * 0.3 + 11 * 0.1 + 3) +
    // Requests of the stage and of the clock; the scheduler's.
    (2 * ticks * 0.2 + ticks * 1)
  // Durations, logs and storage are cents.
  assert.ok(found.idle > expected && found.idle < expected + 0.2, `${found.idle}, expected a little above ${expected}`)
  assert.equal(found.month, found.idle)
  assert.equal(found.perMillion, undefined)
  assert.equal(line(found, 'DynamoDB', 'commits').quantity, ticks)
})

test('source streams cost what Kinesis asks for shards and units of 25 KB', () => {
  // 2,500 records a second need three shards; each is a unit, as it has 200 bytes.
  const found = cost(wordCount.plan, 2_500)
  const shards = line(found, 'Kinesis', 'source streams, shards')
  near(shards.month, 3 * 730 * 0.015)
  near(line(found, 'Kinesis', 'source streams, puts').month, (2_500 * monthSeconds * 0.014) / 1e6)
  // Of 30 KB, 50 a second fill 1.43 MB/s: two shards, and two units each.
  const large = cost(wordCount.plan, 50, { eventBytes: 30 * 1024 })
  near(line(large, 'Kinesis', 'source streams, shards').quantity, 2 * 730)
  near(line(large, 'Kinesis', 'source streams, puts').quantity, (50 * 2 * monthSeconds) / 1e6)
  // Aggregated by 100, the events of the first take 25 records a second of 20,000 bytes.
  const aggregated = cost(wordCount.plan, 2_500, { aggregated: 100 })
  near(line(aggregated, 'Kinesis', 'source streams, shards').quantity, 730)
  near(line(aggregated, 'Kinesis', 'source streams, puts').quantity, (25 * monthSeconds) / 1e6)
})

test('a logged stage writes one commit an invocation, its rows, and pages each time its ring is round', () => {
  const perSensor = pipeline('sensors', ({ source }) => {
    const readings = source('readings', { codec: json<{ sensor: string }>() })
    return { counts: readings.keyBy('sensor').count('so-far') }
  })
  const found = cost(perSensor.plan, 500, { keys: () => 10 })
  const [source, keyed] = found.stages
  // Fewer than fill a batch: a batch a second, which touches the key groups of 10 keys among 32: 8.7 in the mean.
  near(source.invocations, 1)
  const groups = 32 * (1 - (31 / 32) ** 10)
  near(keyed.records, groups + 1 / 60)
  near(keyed.invocations, 1)
  // A kilobyte holds an empty commit, 10 entries, the positions of 9 producers and 10 rows out: 560 + 100 + 243 + 70.
  near(line(found, 'DynamoDB', 'commits').quantity, monthSeconds / 1e6)
  near(line(found, 'DynamoDB', 'rows of views').quantity, (10 * monthSeconds) / 1e6, 0.01)
  // Every 64th commit pages what it would lose; all touched within the ring fit a unit each.
  near(line(found, 'DynamoDB', 'pages').quantity, (32 * monthSeconds) / 64 / 1e6)
  assert.deepEqual([source.commitUnits, source.pageUnits], [0, 0])
})

test('windows give a row for each key and window, however many events come', () => {
  const perMinute = pipeline('sensors', ({ source }) => {
    const readings = source('readings', { codec: json<{ sensor: string }>() })
    return {
      counts: readings
        .keyBy('sensor')
        .window(tumbling(minutes(1)))
        .count('per-minute'),
    }
  })
  for (const rate of [100, 10_000]) {
    const found = cost(perMinute.plan, rate, { keys: () => 50 })
    near(line(found, 'DynamoDB', 'rows of views').quantity, ((50 / 60) * monthSeconds) / 1e6)
  }
})

test('a table gives the rows that a commit changes, however many events come', () => {
  const table = pipeline('tables', ({ source }) => {
    const readings = source('readings', { codec: json<{ sensor: string }>() })
    return { newest: readings.keyBy('sensor').latest('newest') }
  })
  const found = cost(table.plan, 10_000, { keys: () => 5 })
  const commits = line(found, 'Lambda', 'requests of stages').quantity
  const rows = line(found, 'DynamoDB', 'rows of views').quantity
  assert.ok(rows <= 5 * commits, `${rows} million rows in ${commits} million commits`)
  assert.ok(rows >= commits / 2, `${rows} million rows in ${commits} million commits`)
})

test('windows of every kind cost something, and give their rows as often as windows end', () => {
  const rowsPerSecond = (windows: WindowAssigner) => {
    const { plan } = pipeline('sensors', ({ source }) => {
      const readings = source('readings', { codec: json<{ sensor: string }>() })
      return { counts: readings.keyBy('sensor').window(windows).count('counts') }
    })
    const idle = cost(plan, 0, { keys: () => 50 })
    assert.ok(Number.isFinite(idle.month), windows.kind)
    const found = cost(plan, 100, { keys: () => 50 })
    assert.ok(Number.isFinite(found.month) && found.month > idle.month, windows.kind)
    return (line(found, 'DynamoDB', 'rows of views').quantity * 1e6) / monthSeconds
  }
  near(rowsPerSecond(cumulating(hours(1), minutes(5))), 50 / 300)
  near(rowsPerSecond(daily('Europe/Berlin')), 50 / 86_400)
  near(rowsPerSecond(session(minutes(1))), 50 / 60)
  // Two windows for each record; one for each ten.
  near(rowsPerSecond(sliding(seconds(10))), 200)
  near(rowsPerSecond(countWindow(20, { every: 10 })), 10)
})

test('streams on demand cost hours and what passes instead of shards', () => {
  const found = cost(wordCount.plan, 1_000, {}, { onDemand: true, memoryMiB: 1024 })
  near(line(found, 'Kinesis', 'source streams, hours').month, 730 * 0.04)
  // A record of 200 bytes counts as a KB, in and out.
  const gb = (1_000 * monthSeconds * 1024) / 2 ** 30
  near(line(found, 'Kinesis', 'source streams, in').month, gb * 0.08)
  near(line(found, 'Kinesis', 'source streams, out').month, gb * 0.04)
  assert.ok(!found.lines.some(({ part }) => part.endsWith(', shards')))
})

test('more events never cost less, and a million of them never more', () => {
  for (const { plan } of [orders, wordCount]) {
    let before = cost(plan, 0).month
    let perMillion = Number.POSITIVE_INFINITY
    for (const rate of [0.01, 0.1, 1, 10, 100, 1_000, 10_000, 100_000]) {
      const found = cost(plan, rate)
      assert.ok(found.month >= before, `${rate}/s: ${found.month}, and ${before} for fewer`)
      assert.ok(found.perMillion !== undefined && found.perMillion <= perMillion, `${rate}/s: ${found.perMillion}`)
      assert.ok(found.idle <= found.month)
      near(found.perMillion * ((rate * monthSeconds) / 1e6), found.month)
      before = found.month
      perMillion = found.perMillion
    }
  }
})

test('the text names every part, where its prices are of, and shards that are too few', () => {
  const found = cost(orders.plan, 5_000, { shards: stage => (stage === 'trades' ? 2 : undefined) })
  const text = textOfCost(found, ['assumed nothing'])
  for (const { service, part } of found.lines) assert.ok(text.includes(`${service}: ${part}`), part)
  assert.match(text, new RegExp(`US dollars in ${prices.region} as of ${prices.asOf}`))
  assert.match(text, /- stage "trades" needs 5 shards for this traffic, it was given 2\n/)
  assert.match(text, /- assumed nothing\n/)
})

test('each record of a feed costs the write of its id, and the room that it takes until it is forgotten', () => {
  const linesFor = (remember: number, rate: number) => {
    const queue = pipeline('queue', ({ source }) => ({
      out: source('read', { codec: json<string>(), from: sqs({ remember: hours(remember) }) }).toStream('out', json()),
    }))
    const found = cost(queue.plan, rate)
    return { writes: line(found, 'DynamoDB', 'ids of feeds').quantity, gb: line(found, 'DynamoDB', 'storage').quantity }
  }
  const month = 730 * 3_600
  near(linesFor(3, 10).writes, (10 * month) / 1e6, 0.01)
  assert.equal(linesFor(300, 10).writes, linesFor(3, 10).writes)
  near(linesFor(300, 20).gb, 200 * linesFor(3, 10).gb, 0.01)
})
