import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { json, milliseconds, pipeline, type SourceOptions, tumbling } from '../../shared/index.ts'

type Reading = { readonly at: number; readonly sensor: string; readonly value: number }

const readings = (policy: Partial<SourceOptions<Reading>> = {}): SourceOptions<Reading> => ({
  codec: json<Reading>(),
  eventTime: reading => reading.at,
  ...policy,
})

const reading = (at: number, sensor: string, value: number): Reading => ({ at, sensor, value })

/** A sum whose result cannot be made where `isBad` says so. */
const failingSum = (isBad: (sum: number) => boolean) => ({
  create: () => ({ sum: 0 }),
  add: (total: { sum: number }, { value }: Reading) => ({ sum: total.sum + value }),
  merge: (a: { sum: number }, b: { sum: number }) => ({ sum: a.sum + b.sum }),
  result: ({ sum }: { sum: number }) => {
    if (isBad(sum)) throw new Error(`the sum ${sum} is bad`)
    return sum
  },
})

const perSensor = (policy: Partial<SourceOptions<Reading>>) =>
  pipeline('sensors', ({ source }) => {
    const all = source('readings', readings(policy))
    const checked = all.map(function checked(each) {
      if (each.value < 0) throw new Error('negative')
      return each
    })
    return { sums: checked.keyBy('sensor').sum('sum', each => each.value) }
  })

test('a record whose function throws is dead-lettered with operator, place and reason, and the others go on', async () => {
  const run = drive(perSensor({}))
  await run.readings.push(reading(1, 'a', 1), reading(2, 'a', -1), reading(3, 'b', 2), reading(4, 'a', -2))
  assert.deepEqual(run.sums.rows(), [
    { key: 'a', value: 1 },
    { key: 'b', value: 2 },
  ])
  const letters = run.deadLetters()
  assert.deepEqual(
    letters.map(({ stage, operator, reason, text }) => ({ stage, operator, reason, text })),
    [2, 4].map(at => ({
      stage: 'readings',
      operator: 'map checked',
      reason: 'Cannot run operator "map checked": negative',
      text: JSON.stringify(reading(at, 'a', at === 2 ? -1 : -2)),
    })),
  )
  assert.match(letters[0].place, /^readings shardId-000000000000 \d+#0$/)
})

test('a record whose function throws is skipped and counted by policy skip', async () => {
  const run = drive(perSensor({ onError: 'skip', onMalformed: 'skip' }))
  await run.readings.push(reading(1, 'a', 1), reading(2, 'a', -1))
  await run.readings.pushRaw('{')
  assert.deepEqual(run.sums.rows(), [{ key: 'a', value: 1 }])
  assert.deepEqual(run.deadLetters(), [])
  assert.equal((await run.stageTotals('readings')).invocations.failed, 1)
  assert.equal((await run.stageTotals('readings')).invocations.malformed, 1)
})

test('by policy fail the batch is handed over until someone acts, and what is before the record is done', async () => {
  const run = drive(perSensor({ onError: 'fail' }))
  await assert.rejects(run.readings.push(reading(1, 'a', 1), reading(2, 'a', -1), reading(3, 'a', 5)), {
    message:
      /^Cannot settle pipeline "sensors": the batch of stage "readings", shardId-000000000000, failed 50 times in a row, last with "Cannot run operator "map checked": negative \(record readings shardId-000000000000 \d+#0[^)]*\)"$/,
  })
  assert.deepEqual(run.sums.rows(), [{ key: 'a', value: 1 }])
})

test('malformed bytes follow onMalformed, whatever onError says', async () => {
  const run = drive(perSensor({ onMalformed: 'fail', onError: 'skip' }))
  await assert.rejects(run.readings.pushRaw('{'), /failed 50 times in a row, last with "Cannot read/)
})

test('a function behind a shuffle that throws dead-letters the one message, again after every cold start', async () => {
  const sensors = pipeline('sensors', ({ source }) => {
    const max = source('readings', readings())
      .keyBy('sensor')
      .aggregate('picky', {
        create: () => ({ sum: 0 }),
        add: (total, each: Reading) => {
          if (each.value < 0) throw new Error('negative')
          return { sum: total.sum + each.value }
        },
        result: total => total.sum,
      })
    return { max }
  })
  const run = drive(sensors)
  for (const at of [1, 2, 3]) {
    await run.readings.push(reading(at, 'a', at), reading(at, 'a', -at), reading(at, 'b', 10), reading(at, 'b', -10))
    run.evict()
  }
  assert.deepEqual(run.max.rows(), [
    { key: 'a', value: 6 },
    { key: 'b', value: 30 },
  ])
  assert.equal(run.deadLetters().length, 6)
  const [letter] = run.deadLetters()
  assert.equal(letter.operator, 'picky')
  assert.deepEqual(Object.keys(JSON.parse(letter.text)), ['key', 'eventTime', 'value'])
})

const windows = (policy: Partial<SourceOptions<Reading>>, isBad: (sum: number) => boolean) =>
  pipeline(
    'windows',
    ({ source }) => {
      const sums = source('readings', readings(policy))
        .keyBy('sensor')
        .window(tumbling(milliseconds(10)))
        .aggregate('bad-sum', failingSum(isBad))
      return { sums }
    },
    { keyGroups: 1 },
  )

test('every timer whose result throws gets a dead letter of its own, and the others of its time fire', async () => {
  const run = drive(windows({}, sum => sum >= 10))
  await run.readings.push(
    reading(1, 'a', 10),
    reading(1, 'b', 1),
    reading(1, 'c', 30),
    reading(1, 'd', 2),
    reading(1, 'e', 50),
  )
  await run.readings.advanceTo(9)
  assert.deepEqual(
    run.sums.rows().map(row => [row.key, row.value]),
    [
      ['b', 1],
      ['d', 2],
    ],
  )
  assert.deepEqual(
    run
      .deadLetters()
      .map(letter => letter.reason)
      .sort(),
    [10, 30, 50].map(sum => `Cannot run operator "bad-sum": the sum ${sum} is bad`),
  )
})

test('a timer whose result throws is skipped by policy skip, and stops the stage by policy fail', async () => {
  const skipping = drive(windows({ onError: 'skip' }, sum => sum >= 10))
  await skipping.readings.push(reading(1, 'a', 10), reading(1, 'b', 1))
  await skipping.readings.advanceTo(9)
  assert.deepEqual(skipping.sums.rows().length, 1)
  assert.deepEqual(skipping.deadLetters(), [])
  const failing = drive(windows({ onError: 'fail' }, sum => sum >= 10))
  await failing.readings.push(reading(1, 'a', 10), reading(1, 'b', 1))
  await assert.rejects(
    failing.readings.advanceTo(9),
    /last with "Cannot go on with stage "sensor" at record \d+: .*bad/,
  )
})

test('a result that throws when the commit is cut dead-letters the message that made it so', async () => {
  const sensors = pipeline('sensors', ({ source }) => {
    const sums = source('readings', readings())
      .keyBy('sensor')
      .aggregate(
        'bad-sum',
        failingSum(sum => sum >= 10),
      )
    return { sums }
  })
  const run = drive(sensors)
  await run.readings.push(reading(1, 'a', 4), reading(2, 'a', 5), reading(3, 'a', 6), reading(4, 'b', 7))
  assert.deepEqual(run.sums.rows(), [
    { key: 'a', value: 9 },
    { key: 'b', value: 7 },
  ])
  assert.deepEqual(
    run.deadLetters().map(letter => JSON.parse(letter.text).value),
    [reading(3, 'a', 6)],
  )
})

test('after a poisonous message commits grow again', async () => {
  const sensors = pipeline(
    'sensors',
    ({ source }) => {
      const sums = source('readings', readings())
        .keyBy('sensor')
        .aggregate(
          'bad-sum',
          failingSum(sum => sum === 1_000),
        )
      return { sums }
    },
    { keyGroups: 1 },
  )
  const run = drive(sensors, { batchSize: 1_000 })
  await run.readings.push(...Array.from({ length: 99 }, (_, i) => reading(1, `s${i}`, i === 50 ? 1_000 : 1)))
  const before = run.reports.length
  for (let round = 0; round < 10; round++) {
    await run.readings.push(...Array.from({ length: 200 }, (_, i) => reading(2 + round, `s${i}`, 1)))
  }
  const commits = run.reports
    .slice(before)
    .filter(report => report.stage === 'sensor')
    .reduce((sum, report) => sum + report.commits, 0)
  assert.ok(commits <= 40, `${commits} commits for 10 batches`)
})

test('a record that throws takes back what it sent to a stream before, from the first batch on', async () => {
  const sensors = pipeline('sensors', ({ source }) => {
    const all = source('readings', readings())
    const odd = all.map(each => {
      if (each.value === 2) throw new Error('two')
      return each.value
    })
    return {
      raw: all.map(each => each.value).toStream('raw', json<number>()),
      odd: odd.toStream('odd', json<number>()),
    }
  })
  const run = drive(sensors)
  await run.readings.push(reading(1, 'a', 1), reading(2, 'a', 2), reading(3, 'a', 3))
  await run.readings.push(reading(4, 'a', 2), reading(5, 'a', 4))
  assert.deepEqual(run.raw.values(), [1, 3, 4])
  assert.deepEqual(run.odd.values(), [1, 3, 4])
  assert.equal(run.deadLetters().length, 2)
})

test('a forEach that throws fails the batch, which comes again under the same id', async () => {
  let failures = 0
  const sensors = pipeline('sensors', ({ source }) => {
    const all = source('readings', readings())
    return {
      sent: all.forEach(() => {
        if (failures++ < 2) throw new Error('not now')
      }),
    }
  })
  const run = drive(sensors)
  await run.readings.push(reading(1, 'a', 1), reading(2, 'a', 2))
  assert.equal(run.sent.calls().length, 3)
  assert.deepEqual(run.sent.batches(), [
    { id: 'readings/shardId-000000000000/0', values: [reading(1, 'a', 1), reading(2, 'a', 2)] },
  ])
})

test('a key that is no key is the record’s fault', async () => {
  const sensors = pipeline('sensors', ({ source }) => ({
    counts: source('readings', readings()).keyBy('sensor').count('count'),
  }))
  const run = drive(sensors)
  await run.readings.pushRaw('{"at":1,"value":2}', JSON.stringify(reading(1, 'a', 1)))
  assert.deepEqual(run.counts.rows(), [{ key: 'a', value: 1 }])
  assert.match(run.deadLetters()[0].reason, /^Cannot run operator "sensor": the key is undefined/)
})
