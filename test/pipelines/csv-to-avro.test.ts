import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import avsc from 'avsc'
import { handlers } from 'millrace/lambda'
import { confluentRegistry } from 'millrace/registry'
import { drive, kinesisEvent, lambdaContext, TestCloud } from 'millrace/testing'
import { countingVenues, looking, migrating } from '../../functions/csv-to-avro/pipeline.ts'
import { serveRegistry } from '../../local/registry/serve.ts'
import { MemoryRegistryStore } from '../../shared/registry/memory-store.ts'

const lines = [
  '9007199254740990,2026-01-02T10:00:00.123Z,7,EPE,B,100,51.0125,1.50,N,first of the year',
  '12,2026-01-02T11:00:01+01:00,123456,"A B",S,5,0.1,,N,',
  '13,2026-01-02T10:00:02Z,7,EPE,B,100,51.00,,Y,between our own desks',
  '14,yesterday,7,EPE,B,100,51.00,,N,',
]

async function served(): Promise<string> {
  const registry = await serveRegistry({ store: new MemoryRegistryStore() })
  after(() => registry.close())
  return registry.url
}

/** The records that the deployed handler puts on `testout`. */
async function migrated(url: string, input: readonly string[], venue?: string): Promise<Uint8Array[]> {
  const cloud = new TestCloud()
  // Each deployment has a client of its own.
  const { test: migrate } = handlers(migrating(confluentRegistry({ url }), venue))
  const event = kinesisEvent('test', input)
  await migrate(event, lambdaContext({ cloud }))
  await migrate(event, lambdaContext({ cloud }))
  const { streams } = cloud.embedded
  const [shard] = streams.describe('testout')
  const seen = new Map<string, Uint8Array>()
  const records = streams.read('testout', shard.id, undefined, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  for (const { partitionKey, data } of records) if (!seen.has(partitionKey)) seen.set(partitionKey, data)
  return [...seen.values()]
}

const time = Date.UTC(2026, 0, 2, 10)
const first = {
  id: 9_007_199_254_740_990,
  executedAt: time + 123,
  account: 'A-000007',
  symbol: 'EPE',
  direction: 'BUY',
  quantity: 100,
  price: '51.0125',
  fee: '1.5000',
}
const second = {
  id: 12,
  executedAt: time + 1_000,
  account: 'A-123456',
  symbol: 'A B',
  direction: 'SELL',
  quantity: 5,
  price: '0.1000',
  fee: null,
}

test('columns are renamed, converted and dropped, and a consumer reads the fills by the ids in them alone', async () => {
  const url = await served()
  const records = await migrated(url, lines)
  assert.equal(records.length, 2)
  const run = drive(looking(confluentRegistry({ url })))
  await run.testout.pushRaw(...records)
  assert.deepEqual(run.all.values(), [first, second])
})

test('a client that we did not write reads them', async () => {
  const url = await served()
  const records = await migrated(url, lines)
  /** A decimal's digits, as Avro writes them: big-endian, two's complement. */
  class Unscaled extends avsc.types.LogicalType {
    override _fromValue(bytes: Buffer): bigint {
      return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
    }
    override _toValue(): undefined {
      return undefined
    }
  }
  const registry = new SchemaRegistry({ host: url }, { AVRO: { logicalTypes: { decimal: Unscaled } } } as never)
  const fills = await Promise.all(records.map(bytes => registry.decode(Buffer.from(bytes))))
  assert.deepEqual(
    fills.map(one => [one.id, one.executedAt, one.account, one.direction, one.quantity, one.price]),
    [
      [first.id, first.executedAt, first.account, 'BUY', 100, 510_125n],
      [second.id, second.executedAt, second.account, 'SELL', 5, 1_000n],
    ],
  )
})

test('the schema evolves while old fills are still in the stream', async () => {
  const url = await served()
  const old = await migrated(url, lines)
  const now = await migrated(url, [lines[0], lines[1]], 'XETR')
  assert.notDeepEqual(old[0].subarray(1, 5), now[0].subarray(1, 5), 'they name other schemas')

  const asTheyAre = drive(looking(confluentRegistry({ url })))
  await asTheyAre.testout.pushRaw(old[0], now[0], old[1], now[1])
  assert.deepEqual(asTheyAre.all.values(), [first, { ...first, venue: 'XETR' }, second, { ...second, venue: 'XETR' }])

  const perVenue = drive(countingVenues(confluentRegistry({ url })))
  await perVenue.testout.pushRaw(old[0], now[0], now[1], old[1], old[0])
  assert.deepEqual(perVenue.venues.rows(), [
    { key: 'XETR', value: 2 },
    { key: 'unknown', value: 3 },
  ])
})

test('a line that is no trade is a dead letter with its place, internal trades go nowhere', async () => {
  const url = await served()
  const run = drive(migrating(confluentRegistry({ url })))
  await run.test.pushRaw(...lines)
  assert.deepEqual(run.fills.values(), [first, second])
  assert.deepEqual(
    run.deadLetters().map(({ reason, text }) => [reason, text]),
    [['Cannot read column 2 "ts": found "yesterday", expected a time of ISO 8601 with a zone', lines[3]]],
  )
})

test('nothing is lost while the registry is away', async () => {
  const url = await served()
  let failures = 3
  const fetch: NonNullable<Parameters<typeof confluentRegistry>[0]['fetch']> = async (...args) => {
    if (failures-- > 0) throw new TypeError('fetch failed')
    return globalThis.fetch(...args)
  }
  const run = drive(migrating(confluentRegistry({ url, fetch })))
  await run.test.pushRaw(...lines)
  assert.deepEqual(run.fills.values(), [first, second])
})
