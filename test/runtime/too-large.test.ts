import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { drive } from 'millrace/testing'
import { json, milliseconds, pipeline, type SourceOptions, tumbling } from '../../shared/index.ts'

/*
 * What is larger than any store or stream takes must be found before it is committed: afterwards nobody could ever publish it.
 */

type Reading = { readonly at: number; readonly sensor: string; readonly value: number }

const readings = (): SourceOptions<Reading> => ({ codec: json<Reading>(), eventTime: reading => reading.at })

const reading = (at: number, sensor: string, value: number): Reading => ({ at, sensor, value })

test('a record that Kinesis would never take is the fault of what made it', async () => {
  const run = drive(
    pipeline('sensors', ({ source }) => {
      const texts = source('readings', readings()).map(({ value }) => 'x'.repeat(value))
      return { texts: texts.toStream('texts', json<string>()) }
    }),
  )
  await run.readings.push(reading(1, 'a', 1), reading(2, 'a', 1_200_000), reading(3, 'a', 5))
  assert.deepEqual(run.texts.values(), ['x', 'xxxxx'])
  assert.deepEqual(
    run.deadLetters().map(({ reason }) => reason),
    ['Cannot run operator "texts": its record has 1200002 bytes, at most 1048320 would be right'],
  )
})

test('a message between stages that Kinesis would never take is the fault of the record that made it', async () => {
  const noise = (bytes: number): string =>
    createHash('shake256', { outputLength: bytes }).update('noise').digest('base64')
  const run = drive(
    pipeline('sensors', ({ source }) => ({
      longest: source('readings', readings())
        .map(({ sensor, value }) => ({ sensor, text: noise(value) }))
        .keyBy('sensor')
        .aggregate('longest', {
          create: () => ({ length: 0 }),
          add: ({ length }, { text }) => ({ length: Math.max(length, text.length) }),
          result: ({ length }) => length,
        }),
    })),
  )
  await run.readings.push(
    reading(1, 'a', 3),
    reading(2, 'a', 2_500_000),
    reading(3, 'a', 6),
    reading(4, 'a', 1_800_000),
  )
  assert.deepEqual(run.longest.rows(), [{ key: 'a', value: 8 }])
  const reasons = run.deadLetters().map(({ stage, reason }) => `${stage}: ${reason}`)
  assert.equal(reasons.length, 2)
  for (const reason of reasons) {
    assert.match(reason, /^readings: .+"sensor": its message takes \d+ bytes, at most 1048320 would be right$/)
  }
})

test('a window whose row no item can hold is let go, and the others are there', async () => {
  const run = drive(
    pipeline('sensors', ({ source }) => ({
      rows: source('readings', readings())
        .keyBy('sensor')
        .window(tumbling(milliseconds(10)))
        .aggregate('rows', {
          create: () => ({ longest: 0 }),
          add: ({ longest }, { value }: Reading) => ({ longest: Math.max(longest, value) }),
          merge: (one, other) => ({ longest: Math.max(one.longest, other.longest) }),
          result: ({ longest }) => 'x'.repeat(longest),
        }),
    })),
  )
  await run.readings.push(reading(1, 'a', 1), reading(2, 'b', 1_200_000), reading(3, 'c', 5), reading(100, 'a', 2))
  await run.readings.push(reading(200, 'a', 3))
  assert.deepEqual(
    run.rows
      .rows()
      .filter(({ value }) => value.length !== 2 && value.length !== 3)
      .map(({ value }) => value),
    ['x', 'xxxxx'],
  )
  assert.equal(run.deadLetters().length, 1)
})

test('a row that no item can hold is the fault of the message that made it', async () => {
  const run = drive(
    pipeline('sensors', ({ source }) => ({
      rows: source('readings', readings())
        .keyBy('sensor')
        .aggregate('rows', {
          create: () => ({ longest: 0 }),
          add: ({ longest }, { value }: Reading) => ({ longest: Math.max(longest, value) }),
          result: ({ longest }) => ({ text: 'x'.repeat(longest) }),
        }),
    })),
  )
  await run.readings.push(reading(1, 'a', 1), reading(2, 'b', 1_200_000), reading(3, 'c', 5))
  assert.deepEqual(
    run.rows.rows().map(({ key, value }) => [key, value.text.length]),
    [
      ['a', 1],
      ['c', 5],
    ],
  )
  const [{ stage, reason }, ...others] = run.deadLetters()
  assert.deepEqual(others, [])
  assert.deepEqual(
    [stage, reason],
    ['sensor', 'Cannot run operator "rows": its row takes 1200037 bytes with its key, at most 405504 would be right'],
  )
})

test('what throws with a book for a message is dead-lettered with its beginning', async () => {
  const book = 'and so on, '.repeat(100_000)
  const run = drive(
    pipeline('sensors', ({ source }) => {
      const all = source('readings', readings())
      const checked = all.map(each => {
        if (each.value < 0) throw new Error(book)
        return each
      })
      const picky = checked.keyBy('sensor').aggregate('picky', {
        create: () => ({ sum: 0 }),
        add: ({ sum }, { value }: Reading) => {
          if (value === 0) throw new Error(book)
          return { sum: sum + value }
        },
        result: ({ sum }) => sum,
      })
      return { picky }
    }),
  )
  await run.readings.push(reading(1, 'a', -1), reading(2, 'a', 0), reading(3, 'a', 1))
  assert.deepEqual(run.picky.rows(), [{ key: 'a', value: 1 }])
  const letters = run.deadLetters()
  assert.deepEqual(letters.map(({ stage }) => stage).sort(), ['readings', 'sensor'])
  for (const { reason } of letters) assert.match(reason, /^Cannot run operator "\w+": and so on, .*…$/)
})
