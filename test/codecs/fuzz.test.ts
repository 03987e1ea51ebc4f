import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { z } from 'zod'
import { avro } from '../../shared/codecs/avro/index.ts'
import { raw } from '../../shared/codecs/bytes.ts'
import type { Codec } from '../../shared/codecs/codec.ts'
import { csv } from '../../shared/codecs/csv.ts'
import { bool, float, int, oneOf, optional, text } from '../../shared/codecs/csv-fields.ts'
import { decimal, instant, long } from '../../shared/codecs/csv-more-fields.ts'
import { timestamp } from '../../shared/codecs/csv-timestamp.ts'
import { debezium } from '../../shared/codecs/debezium.ts'
import { dynamodbChanges } from '../../shared/codecs/dynamodb-changes.ts'
import { confluentFraming } from '../../shared/codecs/framing/confluent.ts'
import type { Framing, SchemaId } from '../../shared/codecs/framing/framing.ts'
import { glueFraming } from '../../shared/codecs/framing/glue.ts'
import { registeredJson } from '../../shared/codecs/framing/registered-json.ts'
import type { SchemaSource, WrittenSchema } from '../../shared/codecs/framing/schema-source.ts'
import { singleObjectFraming } from '../../shared/codecs/framing/single-object.ts'
import { json } from '../../shared/codecs/json.ts'
import { protobuf } from '../../shared/codecs/protobuf/index.ts'
import { utf8 } from '../../shared/codecs/text.ts'
import { valuesOf } from '../../shared/codecs/values-codec.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import { LegacySchema } from '../vectors/protobuf/legacy_pb.ts'
import { OldOrderSchema, OrderSchema } from '../vectors/protobuf/orders_pb.ts'
import { Random } from './random.ts'

/**
 * Checked here, with seeds, for each codec: random bytes and valid records with damage come out as a value or as a MalformedRecordError,
 * in a moment and in little memory; its message is one line that says what was found and what was expected; a value that comes out is
 * written again to bytes that give the same value. Not checked: that values are right.
 */
type Subject = {
  readonly name: string
  readonly codec: Codec<unknown>
  readonly samples: readonly Uint8Array[]
  /** Values that are read but not written as they were. */
  readonly isOneWay?: (value: unknown) => boolean
}

const uuid = '3f2504e0-4f89-11d3-9a0c-0305e82c3301'
const proto = readFileSync(new URL('../vectors/protobuf/orders.proto', import.meta.url), 'utf8')
const vectors: { readonly messages: readonly { readonly type: string; readonly bytes: string }[] } = JSON.parse(
  readFileSync(new URL('../vectors/protobuf/vectors.json', import.meta.url), 'utf8'),
)
const messagesOf = (type: string): Buffer[] =>
  vectors.messages.filter(message => message.type === type).map(({ bytes }) => Buffer.from(bytes, 'hex'))

const registryOf = (framing: Framing, schemas: ReadonlyMap<SchemaId, WrittenSchema>): SchemaSource => ({
  name: 'the registry',
  framing,
  schemaOf: async id => schemas.get(id),
  idOf: async () => [...schemas.keys()][0],
})

const written: WrittenSchema = { type: 'PROTOBUF', text: proto }
const confluent = protobuf(OldOrderSchema, {
  registry: registryOf(confluentFraming, new Map([[1, written]])),
  subject: 'a',
  proto,
})
const glue = protobuf(OrderSchema, {
  registry: registryOf(glueFraming({ compression: 'zlib' }), new Map([[uuid, written]])),
  subject: 'a',
  proto,
})
const line = { sku: 'a', price: 1.5, parts: [{ sku: 'b' }] }
const order = create(OrderSchema, {
  id: 'Köln',
  lines: [line, line],
  stock: { a: 1n },
  payment: { case: 'card', value: 'x' },
})
await prepare(confluent, [])
await prepare(glue, [])
const oldOrder = confluent.encode(create(OldOrderSchema, { id: 'a' }))
const newOrder = glue.encode(order)
await prepare(confluent, [oldOrder])
await prepare(glue, [newOrder])

/** JSON has a minus zero and numbers beyond every double, and JavaScript does not write them. */
const isLostInJson = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some(isLostInJson)
    : Object.is(value, -0) || value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY

/** A framing as a codec of its id and its body. */
const framed = (framing: Framing, id: SchemaId): { codec: Codec<unknown>; samples: Uint8Array[] } => ({
  codec: {
    name: framing.name,
    decode: (bytes, start, end) => {
      const read = framing.read(bytes, start, end)
      return [read.id, new Uint8Array(read.body.subarray(read.start, read.end))]
    },
    encode: value => framing.write(...(value as [SchemaId, Uint8Array])),
  },
  samples: [framing.write(id, Buffer.from('a body')), framing.write(id, new Uint8Array())],
})

const row = csv({
  time: timestamp('yyyy-MM-dd HH:mm:ss'),
  id: int,
  total: long,
  price: float,
  exact: decimal,
  name: text,
  paid: bool,
  side: oneOf('B', 'S'),
  at: instant,
  note: optional(text),
})
const schema = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  lines: z.array(z.object({ price: z.number() })).max(9),
})
const texts = (...samples: readonly string[]): Buffer[] => samples.map(sample => Buffer.from(sample))

const account = {
  type: 'record',
  name: 'Account',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'names', type: { type: 'array', items: 'string' } },
    { name: 'limits', type: { type: 'map', values: ['null', 'double'] } },
    { name: 'side', type: { type: 'enum', name: 'Side', symbols: ['B', 'S'] } },
    { name: 'balance', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
    { name: 'since', type: { type: 'int', logicalType: 'date' } },
    { name: 'key', type: { type: 'fixed', name: 'Key', size: 4 } },
    { name: 'parent', type: ['null', 'Account'], default: null },
  ],
} as const
const bareAvro = avro<unknown>(account)
const singleObject = avro<unknown>(account, { framing: 'singleObject' })
const oneAccount = {
  id: -7,
  names: ['Köln', ''],
  limits: { a: null, b: 1.5 },
  side: 'S',
  balance: '12.50',
  key: Uint8Array.of(1, 2, 3, 4),
}
const accounts = [true, false].map(hasParent => {
  const parent = { ...oneAccount, since: '1969-12-31', parent: null }
  return { ...oneAccount, since: '2024-02-29', parent: hasParent ? parent : null }
})

const registeredSchema = registeredJson(json(), {
  registry: registryOf(confluentFraming, new Map([[9, { type: 'JSON', text: '{}' }]])),
  subject: 'a',
  jsonSchema: {},
})
await prepare(registeredSchema, [])
const jsonRecord = registeredSchema.encode({ a: [1, 'x'] })
await prepare(registeredSchema, [jsonRecord])

const subjects: readonly Subject[] = [
  {
    name: 'csv',
    codec: row,
    samples: texts(
      '2026-01-01 10:00:00,1,-9223372036854775808,1.5e3,12.50,"a ""b"", c",true,B,2026-01-01T10:00:00+02:00,',
      '2026-12-31 23:59:59,-7,0,0.1,-0.5,Köln,false,"S",2026-01-01T10:00:00.123Z,""\r\n',
    ),
  },
  {
    name: 'values of a format',
    codec: valuesOf('parquet'),
    samples: [{ id: 7n, at: new Date(5), text: 'a', list: [1, 2.5, null] }, 'text', [1, 2, 3], new Uint8Array(5)].map(
      value => valuesOf('parquet').encode(value),
    ),
  },
  {
    name: 'json',
    codec: json(),
    samples: texts('{"a":[1,2.5e3,null,true,"\\u00e9\\ud83d\\ude00"],"b":{"c":{}}}', ' [ ] ', '"x"', '-0.0'),
    isOneWay: isLostInJson,
  },
  {
    name: 'json with a schema',
    codec: json(schema),
    samples: texts('{"id":"a","at":"2026-01-01T10:00:00Z","lines":[{"price":1},{"price":2.5}]}'),
    isOneWay: isLostInJson,
  },
  { name: 'utf8', codec: utf8, samples: texts('Köln 東京 😀', '', '\ufeffx\n') },
  { name: 'raw', codec: raw, samples: texts('abc', '') },
  {
    name: 'debezium',
    codec: debezium(),
    samples: texts(
      '{"before":null,"after":{"id":"a"},"source":{"ts_ms":5},"op":"c","ts_ms":6}',
      '{"schema":{},"payload":{"before":{"id":"a"},"after":{"id":"a","n":1},"source":{"ts_ms":5},"op":"u","ts_ms":6}}',
      '{"before":{"id":"a"},"after":null,"op":"d","ts_ms":6}',
      'null',
    ),
    // All notices are written as tombstones.
    isOneWay: value => (value as { kind: string }).kind === 'notice' || isLostInJson(value),
  },
  {
    name: 'dynamodbChanges',
    codec: dynamodbChanges(),
    samples: texts(
      '{"eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":5,"NewImage":{"id":{"S":"a"},"n":{"N":"1.5"},"l":{"L":[{"BOOL":true},{"NULL":true}]},"m":{"M":{"x":{"S":""}}}}}}',
      '{"eventName":"REMOVE","dynamodb":{"ApproximateCreationDateTime":5,"Keys":{"id":{"S":"a"}}}}',
    ),
    // The keys of a delete are written as the old image.
    isOneWay: value => {
      const { kind, before } = value as { kind: string; before?: unknown }
      return (kind === 'delete' && before === undefined) || isLostInJson(value)
    },
  },
  { name: 'protobuf', codec: protobuf(OrderSchema), samples: messagesOf('millrace.test.Order') },
  { name: 'protobuf of syntax 2', codec: protobuf(LegacySchema), samples: messagesOf('millrace.test.Legacy') },
  {
    name: 'protobuf that drops what it does not know',
    codec: protobuf(OldOrderSchema, { unknownFields: 'drop' }),
    samples: messagesOf('millrace.test.Order'),
  },
  {
    name: "protobuf in Confluent's format",
    codec: confluent,
    samples: [oldOrder],
  },
  { name: "protobuf in Glue's format", codec: glue, samples: [newOrder] },
  { name: 'avro', codec: bareAvro, samples: accounts.map(value => bareAvro.encode(value)) },
  { name: 'avro as single objects', codec: singleObject, samples: accounts.map(value => singleObject.encode(value)) },
  { name: 'json by a registry', codec: registeredSchema, samples: [jsonRecord], isOneWay: isLostInJson },
  { name: "Confluent's wire format", ...framed(confluentFraming, 7) },
  { name: "Glue's wire format", ...framed(glueFraming(), uuid) },
  { name: "Glue's wire format, compressed", ...framed(glueFraming({ compression: 'zlib' }), uuid) },
  { name: "Avro's single-object encoding", ...framed(singleObjectFraming, '00112233445566ff') },
]

/** One change of a record, as transport or a wrong program might make it. */
function damaged(random: Random, samples: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.from(random.pick(samples))
  const at = random.below(bytes.length + 1)
  const extremes = [0, 1, 0x22, 0x2c, 0x2d, 0x30, 0x5b, 0x7b, 0x7f, 0x80, 0xc3, 0xff]
  switch (random.below(7)) {
    case 0:
      if (bytes.length > 0) bytes[at % bytes.length] = random.below(256)
      return bytes
    case 1:
      if (bytes.length > 0) bytes[at % bytes.length] = random.pick(extremes)
      return bytes
    case 2:
      return bytes.subarray(0, at)
    case 3:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at)])
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + random.below(8)))])
    case 5: {
      const other = Buffer.from(random.pick(samples))
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))])
    }
    default:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(1 + random.below(12), random.pick(extremes)),
        bytes.subarray(at),
      ])
  }
}

const slowestMs = 2_000
const mostGrowth = 256 * 2 ** 20

for (const [seed, subject] of subjects.entries()) {
  describe(`${subject.name}, given anything`, () => {
    it('reads its samples', () => {
      for (const sample of subject.samples) attempt(subject, sample, 'must be read')
    })

    it('reads 6,000 damaged records or says what is wrong', { timeout: 60_000 }, () => {
      const random = new Random(1_000 + seed)
      const heap = process.memoryUsage().heapUsed
      for (let i = 0; i < 6_000; i++) {
        const once = damaged(random, subject.samples)
        attempt(subject, random.below(3) === 0 ? damaged(random, [once]) : once)
      }
      assert.ok(process.memoryUsage().heapUsed - heap < mostGrowth)
    })

    it('reads 4,000 random byte strings or says what is wrong', { timeout: 60_000 }, () => {
      const random = new Random(2_000 + seed)
      for (let i = 0; i < 4_000; i++) attempt(subject, random.bytes(random.below(60)))
    })

    it('reads a megabyte of one thing in a moment', { timeout: 60_000 }, () => {
      for (const part of [
        '[',
        '{"a":',
        '"',
        ',',
        '1',
        '\\u0000',
        '\0',
        '\xff',
        '\x80',
        '\x0b',
        '\x0c',
        '\x1a\x80',
        '\x8a\x01',
      ]) {
        attempt(subject, Buffer.from(part.repeat(1_000_000 / part.length), 'latin1'))
        // Behind a header, so that it comes to the body.
        for (const sample of subject.samples.slice(0, 1)) {
          attempt(subject, Buffer.concat([sample, Buffer.from(part.repeat(100_000), 'latin1')]))
        }
      }
    })
  })
}

/** Decodes the bytes between others that must not be seen. */
function attempt({ codec, isOneWay }: Subject, given: Uint8Array, must?: 'must be read'): void {
  const around = Buffer.concat([Buffer.from([0x22, 0xff]), given, Buffer.from([0x22, 0x01])])
  const began = performance.now()
  let value: unknown
  try {
    value = codec.decode(around, 2, 2 + given.length)
  } catch (error) {
    assert.equal(must, undefined, String(error))
    assert.ok(
      error instanceof MalformedRecordError,
      `${String(error)} on ${Buffer.from(given).toString('hex').slice(0, 500)}`,
    )
    assert.match(error.message, /^Cannot read .*found .*expected .*$/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    assert.ok(error.message.length < 1_500, error.message)
    return
  } finally {
    assert.ok(performance.now() - began < slowestMs, 'too slow')
  }
  if (isOneWay?.(value)) return
  const again = codec.encode(value)
  assert.deepEqual(codec.decode(again, 0, again.length), value)
}

async function prepare(codec: Codec<unknown> | Codec<never>, records: readonly Uint8Array[]): Promise<void> {
  await codec.prepare?.(records, new AbortController().signal)
}
