import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { drive, kinesisEvent, lambdaContext, TestCloud } from 'millrace/testing'
import { handlers } from '../../functions/handlers.ts'
import { KplWriter } from '../../shared/codecs/kpl-writer.ts'
import { json, pipeline } from '../../shared/index.ts'
import { limits } from '../../shared/model/limits.ts'
import { fingerprintOf } from '../../shared/plan/shape.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'

type Reading = { readonly at: number; readonly sensor: string; readonly value: number }

const sensors = pipeline('sensors', ({ source }) => {
  const readings = source('readings', { codec: json<Reading>(), eventTime: reading => reading.at })
  const sums = readings.keyBy('sensor').aggregate('picky', {
    create: () => ({ sum: 0n }),
    add: ({ sum }, { value }: Reading) => {
      if (value < 0) throw new Error('negative')
      return { sum: sum + BigInt(value) }
    },
    result: ({ sum }) => String(sum),
  })
  return { sums }
})

/** The letters of an event of one record. */
async function lettersOf(data: Uint8Array, partitionKey: string): Promise<readonly DeadLetter[]> {
  const cloud = new TestCloud()
  await handlers(sensors).readings(kinesisEvent('readings', [{ data, partitionKey }]), lambdaContext({ cloud }))
  return cloud.of(sensors).deadLetters()
}

test('a letter of a plain record has what it takes to put it back', async () => {
  const [letter, ...others] = await lettersOf(Buffer.from('{'), 'sensor-1')
  assert.equal(others.length, 0)
  const { kind, stream, stage, partitionKey, explicitHashKey, sub, payloadBytes, pipelineVersion } = letter
  assert.deepEqual(
    { kind, stream, stage, partitionKey, explicitHashKey, sub, payloadBytes, pipelineVersion },
    {
      kind: 'record',
      stream: 'readings',
      stage: 'readings',
      partitionKey: 'sensor-1',
      explicitHashKey: undefined,
      sub: 0,
      payloadBytes: 1,
      pipelineVersion: fingerprintOf(sensors.plan),
    },
  )
  assert.deepEqual(Buffer.from(letter.payload), Buffer.from('{'))
})

test('a letter of a record inside an aggregated one has the keys of its own', async () => {
  const writer = new KplWriter(1_000_000)
  const good = Buffer.from(JSON.stringify({ at: 1, sensor: 'a', value: 1 }))
  writer.add('first', good, 0, good.length, 1n)
  writer.add('second', Buffer.from('{'), 0, 1, 2n ** 127n)
  writer.add('third', Buffer.from('}'), 0, 1, undefined)
  const letters = await lettersOf(writer.finish(), 'first')
  assert.deepEqual(
    letters.map(({ sub, partitionKey, explicitHashKey, payload }) => ({
      sub,
      partitionKey,
      explicitHashKey,
      text: Buffer.from(payload).toString(),
    })),
    [
      { sub: 1, partitionKey: 'second', explicitHashKey: String(2n ** 127n), text: '{' },
      { sub: 2, partitionKey: 'third', explicitHashKey: undefined, text: '}' },
    ],
  )
})

test('a letter of an aggregated record whose key no Kinesis would take has the beginning of it', async () => {
  // By hand, as no writer of ours makes it: the table of keys, and a record that has the first of them.
  const message = Buffer.concat([
    Buffer.from([0x0a, 0x80, 0x80, 0x20]),
    Buffer.alloc(2 ** 19, 'k'),
    Buffer.from([0x1a, 0x05, 0x08, 0x00, 0x1a, 0x01, 0x7b]),
  ])
  const checksum = createHash('md5').update(message).digest()
  const [letter] = await lettersOf(Buffer.concat([Buffer.from('f3899ac2', 'hex'), message, checksum]), 'first')
  assert.equal(letter.partitionKey, `${'k'.repeat(limits.deadLetterCharacters)}…`)
})

test('a letter whose payload is not kept whole says how long it was', async () => {
  const data = Buffer.alloc(limits.deadLetterBytes + 1, '{')
  const [letter] = await lettersOf(data, 'k')
  assert.equal(letter.payload.length, limits.deadLetterBytes)
  assert.equal(letter.payloadBytes, data.length)
})

test('a letter of a message between stages shows key, event time and value, and is no record', async () => {
  const run = drive(sensors)
  await run.readings.push({ at: 1, sensor: 'a', value: 1 }, { at: 2, sensor: 'b', value: -1 })
  const [letter] = run.deadLetters()
  assert.equal(letter.kind, 'message')
  assert.equal(letter.stage, 'sensor')
  assert.equal(letter.stream, 'sensors-sensor')
  assert.equal(letter.pipelineVersion, fingerprintOf(sensors.plan))
  assert.deepEqual(JSON.parse(letter.text), { key: 'b', eventTime: 2, value: { at: 2, sensor: 'b', value: -1 } })
})

test('a letter of a record that another pipeline wrote says so: its position is its key', async () => {
  const reader = pipeline('reader', ({ pipelineSource }) => {
    const all = pipelineSource('written', { codec: json<Reading>(), eventTime: reading => reading.at })
    return { counts: all.keyBy('sensor').count('seen') }
  })
  const cloud = new TestCloud()
  await handlers(reader).written(
    kinesisEvent('written', [{ data: '{', partitionKey: 'not a position' }]),
    lambdaContext({ cloud }),
  )
  const [letter] = await cloud.of(reader).deadLetters()
  assert.equal(letter.kind, 'written')
})
