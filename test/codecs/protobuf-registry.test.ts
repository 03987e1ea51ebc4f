import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { ProtobufSerializer, SchemaRegistryClient, SerdeType } from '@confluentinc/schemaregistry'
import type { Codec } from '../../shared/codecs/codec.ts'
import { confluentFraming } from '../../shared/codecs/framing/confluent.ts'
import type { Framing, SchemaId } from '../../shared/codecs/framing/framing.ts'
import { glueFraming } from '../../shared/codecs/framing/glue.ts'
import type { SchemaSource, WrittenSchema } from '../../shared/codecs/framing/schema-source.ts'
import { protobuf } from '../../shared/codecs/protobuf/index.ts'
import { indexesOf, nameAt, protoFileOf, sortedNames } from '../../shared/codecs/protobuf/proto-messages.ts'
import { ConfigurationError, MalformedRecordError } from '../../shared/model/errors.ts'
import { OldOrderSchema, Order_LineSchema, OrderSchema } from '../vectors/protobuf/orders_pb.ts'

const folder = new URL('../vectors/protobuf/', import.meta.url)
const textOf = (file: string): string => readFileSync(new URL(file, folder), 'utf8')
const proto = textOf('orders.proto')

/** A registry with these schemas, and one id for all that are registered. */
function sourceOf(
  framing: Framing,
  schemas: ReadonlyMap<SchemaId, WrittenSchema>,
  ownId: SchemaId,
): SchemaSource & {
  readonly asked: SchemaId[]
} {
  const asked: SchemaId[] = []
  return {
    name: 'the registry',
    framing,
    asked,
    schemaOf: async id => {
      asked.push(id)
      return schemas.get(id)
    },
    idOf: async (subject, schema) => {
      assert.deepEqual([subject, schema.text], ['out-value', proto])
      return ownId
    },
  }
}

const never = new AbortController().signal
const written: WrittenSchema = { type: 'PROTOBUF', text: proto }

async function decode<T>(codec: Codec<T>, bytes: Uint8Array): Promise<T> {
  await codec.prepare?.([bytes], never)
  return codec.decode(bytes, 0, bytes.length)
}

describe('protobuf() with a registry', () => {
  it("reads what Confluent's serializer wrote, and writes the same bytes", async () => {
    const client = SchemaRegistryClient.newClient({ baseURLs: ['mock://'] })
    const serializer = new ProtobufSerializer(client, SerdeType.VALUE, { autoRegisterSchemas: true })
    for (const [desc, value] of [
      [OrderSchema, create(OrderSchema, { id: 'a', cents: 5n })],
      [OldOrderSchema, create(OldOrderSchema, { id: 'a', amount: 3 })],
      [Order_LineSchema, create(Order_LineSchema, { sku: 'x' })],
    ] as const) {
      serializer.registry.add(desc)
      const bytes = await serializer.serialize('orders', value)
      const id = bytes.readInt32BE(1)
      const registry = sourceOf(confluentFraming, new Map([[id, written]]), id)
      const codec = protobuf<typeof OrderSchema | typeof OldOrderSchema | typeof Order_LineSchema>(desc, {
        registry,
        subject: 'out-value',
        proto,
      })
      assert.deepEqual(await decode(codec, bytes), value)
      await codec.prepare?.([], never)
      assert.equal(Buffer.from(codec.encode(value)).toString('hex'), bytes.toString('hex'))
    }
  })

  it('frames as the serializers of Glue do', async () => {
    const id = '3f2504e0-4f89-11d3-9a0c-0305e82c3301'
    const registry = sourceOf(glueFraming(), new Map([[id, written]]), id)
    const codec = protobuf(OldOrderSchema, { registry, subject: 'out-value', proto })
    const value = create(OldOrderSchema, { id: 'a' })
    await codec.prepare?.([], never)
    const bytes = codec.encode(value)
    // OldOrder is the first by name.
    assert.equal(Buffer.from(bytes).toString('hex'), `0300${id.replaceAll('-', '')}00${'0a0161'}`)
    assert.deepEqual(await decode(codec, bytes), value)
  })

  it('asks for a schema once, and for one that is not there with each batch', async () => {
    const registry = sourceOf(confluentFraming, new Map([[1, written]]), 1)
    const codec = protobuf(OrderSchema, { registry })
    const record = Buffer.from('0000000001000a0161', 'hex')
    const unknown = Buffer.from('0000000002000a0161', 'hex')
    await decode(codec, record)
    await decode(codec, record)
    assert.equal(codec.prepare?.([record], never), undefined)
    assert.equal(codec.prepare?.([], never), undefined)
    for (let i = 0; i < 2; i++) {
      await assert.rejects(decode(codec, unknown), {
        name: MalformedRecordError.name,
        message:
          'Cannot read millrace.test.Order: found the schema id 2, which the registry does not have, expected that of a schema for it',
      })
    }
    assert.deepEqual(registry.asked, [1, 2, 2])
  })

  it('refuses another message of the schema, another kind of schema, and what is not framed', async () => {
    const schemas = new Map<SchemaId, WrittenSchema>([
      [1, written],
      [2, { type: 'AVRO', text: '"string"' }],
    ])
    const codec = protobuf(OrderSchema, { registry: sourceOf(confluentFraming, schemas, 1) })
    for (const [bytes, message] of [
      ['000000000102020a0161', 'found message millrace.test.OldOrder of schema 1, expected millrace.test.Order'],
      ['00000000010212 0a0161', 'found no message of schema 1, expected millrace.test.Order'],
    ] as const) {
      await assert.rejects(decode(codec, Buffer.from(bytes.replace(' ', ''), 'hex')), {
        name: MalformedRecordError.name,
        message: `Cannot read millrace.test.Order: ${message}`,
      })
    }
    await assert.rejects(
      decode(codec, Buffer.from('000000000200', 'hex')),
      /found the schema id 2, whose schema cannot be used \(it is of type AVRO, not a .proto file\), expected /,
    )
    await assert.rejects(
      decode(codec, Buffer.from('0a0161')),
      /^MalformedRecordError: Cannot read Confluent's wire format/,
    )
  })

  it('refuses options that cannot write', () => {
    const registry = sourceOf(confluentFraming, new Map(), 1)
    const make = (more: object) => () => protobuf(OrderSchema, { registry, ...more })
    assert.throws(make({ subject: 'a' }), ConfigurationError)
    assert.throws(make({ subject: 'a', proto: 'syntax = "proto3"; message Other {}' }), {
      name: ConfigurationError.name,
      message: /^Cannot make a codec for millrace.test.Order: proto does not define it, /,
    })
    const reading = protobuf(OrderSchema, { registry })
    assert.throws(() => reading.encode(create(OrderSchema)), RangeError)
  })
})

describe('the messages of a .proto file', () => {
  const { files }: { files: { file: string; paths: Record<string, number[]>; sorted: string[] }[] } = JSON.parse(
    textOf('vectors.json'),
  )

  it("are numbered as the compiler's descriptors have them", () => {
    for (const { file, paths, sorted } of files) {
      const read = protoFileOf(textOf(file))
      assert.ok(read !== undefined)
      for (const [name, path] of Object.entries(paths)) {
        assert.equal(nameAt(read, path), name)
        assert.deepEqual(indexesOf(read, name), path)
      }
      assert.deepEqual(sortedNames(read), sorted)
    }
  })

  it('are found among comments, texts, options and fields of such names', () => {
    const read = protoFileOf(`
      // message No {
      /* message No { */
      syntax = 'proto3'; package a.b;
      option (mine) = { message: { text: "message No {" } };
      enum Kind { message = 0; }
      message One { Two message = 1; One group = 2; oneof which { int32 package = 3; Two map = 4; } message In {} }
      service S { rpc Get(One) returns (Two) { option (x) = {}; } }
      message Two { message Deep { message Deeper {} } }`)
    assert.ok(read !== undefined)
    assert.deepEqual(sortedNames(read), ['a.b.One', 'a.b.One.In', 'a.b.Two', 'a.b.Two.Deep', 'a.b.Two.Deep.Deeper'])
    assert.equal(nameAt(read, [1, 0, 0]), 'a.b.Two.Deep.Deeper')
    assert.equal(nameAt(read, [2]), undefined)
    assert.equal(protoFileOf('{"type": "string"}'), undefined)
  })
})
