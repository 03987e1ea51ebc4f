import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deflateSync } from 'node:zlib'
import { avro, avroOf } from '../../../shared/codecs/avro/index.ts'
import { confluentFraming } from '../../../shared/codecs/framing/confluent.ts'
import type { Framing, SchemaId } from '../../../shared/codecs/framing/framing.ts'
import { glueFraming } from '../../../shared/codecs/framing/glue.ts'
import type { SchemaSource, WrittenSchema } from '../../../shared/codecs/framing/schema-source.ts'
import { ConfigurationError } from '../../../shared/model/errors.ts'
import { decode, refusesToRead } from './reading.ts'

const { signal } = new AbortController()

/** Schemas in a list; each call is counted. */
class Shelf implements SchemaSource {
  readonly name = 'the shelf'
  readonly framing: Framing
  readonly calls: string[] = []
  readonly schemas: WrittenSchema[] = []
  readonly #idFor: (index: number) => SchemaId
  isDown = false

  constructor(framing: Framing = confluentFraming, idFor: (index: number) => SchemaId = index => index + 1) {
    this.framing = framing
    this.#idFor = idFor
  }

  put(schema: unknown, more: Partial<WrittenSchema> = {}): SchemaId {
    this.schemas.push({ type: 'AVRO', text: JSON.stringify(schema), ...more })
    return this.#idFor(this.schemas.length - 1)
  }

  async schemaOf(id: SchemaId): Promise<WrittenSchema | undefined> {
    this.calls.push(`schemaOf ${id}`)
    if (this.isDown) throw new Error('no answer')
    return this.schemas.find((_, i) => this.#idFor(i) === id)
  }

  async idOf(subject: string, schema: WrittenSchema): Promise<SchemaId> {
    this.calls.push(`idOf ${subject}`)
    const known = this.schemas.findIndex(({ text }) => text === schema.text)
    return known < 0 ? this.put(JSON.parse(schema.text)) : this.#idFor(known)
  }
}

const before = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'old', type: 'string' },
  ],
} as const
const now = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'note', type: 'string', default: '-' },
  ],
} as const

describe('avro() with a registry', () => {
  it('reads each record by its own schema, asked for once', async () => {
    const registry = new Shelf()
    const older = avro(before, { registry, subject: 'orders' })
    const codec = avro(now, { registry, subject: 'orders' })
    await older.prepare?.([], signal)
    await codec.prepare?.([], signal)
    assert.deepEqual(decode(codec, codec.encode({ id: 3, note: 'own' })), { id: 3, note: 'own' })
    const records = [older.encode({ id: 1, old: 'x' }), codec.encode({ id: 2, note: 'y' }), Buffer.of(9)]
    assert.deepEqual(registry.calls, ['idOf orders', 'idOf orders'])
    const reading = avro(now, { registry })
    await reading.prepare?.(records, signal)
    assert.equal(reading.prepare?.(records, signal), undefined)
    assert.equal(codec.prepare?.([], signal), undefined)
    assert.deepEqual(registry.calls.slice(2), ['schemaOf 1', 'schemaOf 2'])
    assert.deepEqual(decode(reading, records[0]), { id: 1, note: '-' })
    assert.deepEqual(decode(reading, records[1]), { id: 2, note: 'y' })
    refusesToRead(
      reading,
      records[2],
      "Cannot read Confluent's wire format: found the bytes 09, expected a zero and the four bytes of a schema id",
    )
  })

  it('says of a record what cannot be learned', async () => {
    const registry = new Shelf()
    registry.put({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'text' }] })
    registry.put('', { type: 'PROTOBUF', text: 'syntax = "proto3";' })
    registry.put({ type: 'record', name: 'Other', fields: [] })
    const codec = avro(now, { registry })
    const record = (id: number) => confluentFraming.write(id, Buffer.of(2, 0))
    refusesToRead(
      codec,
      record(1),
      'Cannot read avro: found the schema id 1, which the shelf was not asked for, expected that of a schema for it',
    )
    await codec.prepare?.([record(1), record(2), record(3), record(4)], signal)
    refusesToRead(codec, record(1), /schema id 1, whose schema cannot be used \(.*at Order\.id: found the type "text"/)
    refusesToRead(
      codec,
      record(2),
      /schema id 2, whose schema cannot be used \(.*found one of type PROTOBUF, expected AVRO\)/,
    )
    refusesToRead(codec, record(3), /found record Other at Other of the writer's schema, expected what record Order/)
    refusesToRead(codec, record(4), /schema id 4, which the shelf does not have/)
    registry.put(now)
    await codec.prepare?.([record(4)], signal)
    assert.deepEqual(decode(codec, record(4)), { id: 1, note: '' })
  })

  it('is tried again when the registry cannot be reached', async () => {
    const registry = new Shelf()
    registry.put(now)
    registry.isDown = true
    const codec = avro(now, { registry })
    const record = confluentFraming.write(1, Buffer.of(2, 0))
    await assert.rejects(async () => codec.prepare?.([record], signal), /no answer/)
    registry.isDown = false
    await codec.prepare?.([record], signal)
    assert.deepEqual(decode(codec, record), { id: 1, note: '' })
  })

  it('writes only with a subject, and when its id is known', () => {
    const registry = new Shelf()
    assert.throws(() => avro(now, { registry }).encode({ id: 1, note: '' }), /Cannot write avro: found no subject/)
    assert.throws(
      () => avro(now, { registry, subject: 's' }).encode({ id: 1, note: '' }),
      /Cannot write avro: found no schema id/,
    )
    assert.throws(() => avro(now, { registry, framing: 'singleObject' }), ConfigurationError)
  })

  it('reads schemas that refer to others', async () => {
    const registry = new Shelf()
    const side: WrittenSchema = { type: 'AVRO', text: '{"type":"enum","name":"com.acme.Side","symbols":["B","S"]}' }
    const line: WrittenSchema = {
      type: 'AVRO',
      text: '{"type":"record","name":"com.acme.Line","fields":[{"name":"side","type":"Side"}]}',
      references: [{ name: 'com.acme.Side', schema: side }],
    }
    registry.put(
      {
        type: 'record',
        name: 'com.acme.Order',
        fields: [
          { name: 'lines', type: { type: 'array', items: 'Line' } },
          { name: 'side', type: 'Side' },
        ],
      },
      {
        references: [
          { name: 'com.acme.Side', schema: side },
          { name: 'com.acme.Line', schema: line },
        ],
      },
    )
    const codec = avroOf({ registry })
    const record = confluentFraming.write(1, Buffer.of(4, 2, 0, 0, 2))
    await codec.prepare?.([record], signal)
    assert.deepEqual(decode(codec, record), { lines: [{ side: 'S' }, { side: 'B' }], side: 'S' })
  })

  it('speaks as AWS Glue does, compressed or not', async () => {
    const id = 'b7b4a7f0-9c96-4e4a-a687-fb5de9ef0c63'
    for (const framing of [glueFraming(), glueFraming({ compression: 'zlib' })]) {
      const registry = new Shelf(framing, () => id)
      const codec = avro(now, { registry, subject: 'orders' })
      await codec.prepare?.([], signal)
      const record = codec.encode({ id: 5, note: 'x'.repeat(100) })
      assert.equal(Buffer.from(record).toString('hex', 2, 18), id.replaceAll('-', ''))
      await codec.prepare?.([record], signal)
      assert.deepEqual(decode(codec, record), { id: 5, note: 'x'.repeat(100) })
    }
  })
})

describe('avroOf()', () => {
  it('reads by the schema of the record alone', async () => {
    const registry = new Shelf()
    registry.put({ type: 'array', items: 'long' })
    const codec = avroOf({ registry })
    const record = confluentFraming.write(
      1,
      avro({ type: 'array', items: 'long' }, { long: 'bigint' }).encode([1n, 2n ** 60n]),
    )
    await codec.prepare?.([record], signal)
    assert.deepEqual(decode(codec, record), [1, 2n ** 60n])
    assert.throws(() => codec.encode([1]), ConfigurationError)
  })
})

describe('avro() of single objects', () => {
  it('reads what it knows the schema of', () => {
    const older = avro(before, { framing: 'singleObject' })
    const codec = avro(now, { framing: 'singleObject', alsoReads: [before] })
    assert.deepEqual(decode(codec, older.encode({ id: 1, old: 'x' })), { id: 1, note: '-' })
    assert.deepEqual(decode(codec, codec.encode({ id: 2, note: 'y' })), { id: 2, note: 'y' })
    const other = avro('int', { framing: 'singleObject' }).encode(1)
    // The fingerprint of "int", from the specification's test vectors.
    assert.equal(Buffer.from(other).toString('hex'), 'c3018f5c393f1ad5757202')
    refusesToRead(
      codec,
      other,
      /Cannot read avro: found the fingerprint 7275d51a3f395c8f, expected [\da-f]{16} or [\da-f]{16}$/,
    )
    refusesToRead(
      codec,
      [0xc3],
      "Cannot read Avro's single-object encoding: found the bytes c3, expected c3 01 and the eight bytes of a fingerprint",
    )
    refusesToRead(codec, [], /found nothing, expected c3 01/)
  })

  it('is refused schemas that a fingerprint does not tell apart, and that mean something else', () => {
    const at = (logicalType: string, more: object = {}) => ({
      type: 'record',
      name: 'R',
      fields: [{ name: 'at', type: { type: 'long', logicalType }, ...more }],
    })
    const codec = (older: ReturnType<typeof at>) =>
      avro<unknown>(at('timestamp-millis'), { framing: 'singleObject', alsoReads: [older] })
    assert.throws(() => codec(at('timestamp-micros')), {
      name: ConfigurationError.name,
      message: /^Cannot make an Avro codec: two schemas have the fingerprint [\da-f]{16} and other logical types/,
    })
    codec(at('timestamp-millis', { default: 5 }))
  })
})

describe('framings', () => {
  it('refuse what they cannot read', () => {
    const glue = glueFraming()
    const refuses = (framing: Framing, hex: string, message: RegExp) => {
      const bytes = Buffer.from(hex, 'hex')
      assert.throws(() => framing.read(bytes, 0, bytes.length), { name: 'MalformedRecordError', message })
    }
    refuses(confluentFraming, '0100000001', /found the bytes 01 00 00 00 01, expected a zero/)
    refuses(confluentFraming, '00ffffffff', /a schema id that is not negative/)
    refuses(glue, `03${'00'.repeat(16)}`, /expected a 3, a 0 or 5/)
    refuses(glue, `0301${'00'.repeat(16)}`, /found the bytes 03 01 00 00 00 00 00 00 …/)
    refuses(glue, `0305${'00'.repeat(16)}ff`, /found 1 bytes that do not inflate/)
    const bomb = deflateSync(Buffer.alloc(100 * 2 ** 20)).toString('hex')
    refuses(glue, `0305${'00'.repeat(16)}${bomb}`, /expected zlib data of at most 67108864 bytes/)
  })

  it('refuse ids that they cannot carry', () => {
    assert.throws(() => confluentFraming.write('a', Buffer.of()), RangeError)
    assert.throws(() => confluentFraming.write(2 ** 31, Buffer.of()), RangeError)
    assert.throws(() => glueFraming().write(1, Buffer.of()), RangeError)
  })

  it('read where they are told to', () => {
    const record = confluentFraming.write(7, Buffer.of(1, 2))
    const inside = Buffer.concat([Buffer.of(9, 9), record, Buffer.of(9)])
    const { id, body, start, end } = confluentFraming.read(inside, 2, 2 + record.length)
    assert.equal(id, 7)
    assert.deepEqual([...body.subarray(start, end)], [1, 2])
  })
})
