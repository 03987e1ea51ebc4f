import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { create, createFileRegistry, createMutableRegistry, fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import {
  AvroDeserializer,
  AvroSerializer,
  Compatibility,
  JsonDeserializer,
  JsonSerializer,
  ProtobufDeserializer,
  ProtobufSerializer,
  RestError,
  SchemaRegistryClient,
  SerdeType,
} from '@confluentinc/schemaregistry'
import { SchemaRegistry as KafkaJsRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { serveRegistry } from '../../local/registry/serve.ts'
import { MemoryRegistryStore } from '../../shared/registry/memory-store.ts'
import { protobufFormat } from '../../shared/registry/protobuf/protobuf-format.ts'

// Clients that others wrote for Confluent's registry, against ours.

const order = JSON.stringify({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [{ name: 'id', type: 'long' }],
})
const wider = order.replace(']', ',{"name":"note","type":"string","default":""}]')
const wrong = order.replace('"long"', '"string"')

async function served(): Promise<string> {
  const registry = await serveRegistry({ store: new MemoryRegistryStore() })
  after(() => registry.close())
  return registry.url
}

describe('@kafkajs/confluent-schema-registry', () => {
  test('registers, encodes and decodes schemas of all types', async () => {
    const registry = new KafkaJsRegistry({ host: await served() })
    const avro = await registry.register({ type: SchemaType.AVRO, schema: order }, { subject: 'orders-value' })
    const json = await registry.register(
      { type: SchemaType.JSON, schema: '{"type":"object","properties":{"a":{"type":"string"}}}' },
      { subject: 'json' },
    )
    const proto = await registry.register(
      { type: SchemaType.PROTOBUF, schema: 'syntax = "proto3"; package shop; message M { string a = 1; }' },
      { subject: 'proto' },
    )
    assert.deepEqual([avro.id, json.id, proto.id], [1, 2, 3])
    assert.deepEqual({ ...(await registry.decode(await registry.encode(avro.id, { id: 7 }))) }, { id: 7 })
    assert.deepEqual(await registry.decode(await registry.encode(json.id, { a: 'x' })), { a: 'x' })
    assert.equal((await registry.decode(await registry.encode(proto.id, { a: 'x' }))).a, 'x')
  })

  test('finds ids, keeps to compatibility and follows references', async () => {
    const registry = new KafkaJsRegistry({ host: await served() })
    const subject = 'orders-value'
    const { id } = await registry.register({ type: SchemaType.AVRO, schema: order }, { subject })
    assert.equal(await registry.getLatestSchemaId(subject), id)
    assert.equal(await registry.getRegistryId(subject, 1), id)
    assert.equal(await registry.getRegistryIdBySchema(subject, { type: SchemaType.AVRO, schema: order }), id)
    await assert.rejects(registry.register({ type: SchemaType.AVRO, schema: wrong }, { subject }), /incompatible/)
    const references = [{ name: 'shop.Order', subject, version: 1 }]
    const cart = '{"type":"record","name":"Cart","namespace":"shop","fields":[{"name":"order","type":"Order"}]}'
    const referring = await registry.register({ type: SchemaType.AVRO, schema: cart, references }, { subject: 'cart' })
    const bytes = await registry.encode(referring.id, { order: { id: 3 } })
    assert.equal((await registry.decode(bytes)).order.id, 3)
  })
})

describe('@confluentinc/schemaregistry', () => {
  test('works on subjects, versions, configuration and deletion', async () => {
    const client = new SchemaRegistryClient({ baseURLs: [await served()] })
    const avro = (schema: string) => ({ schemaType: 'AVRO', schema })
    assert.equal(await client.register('s', avro(order), false), 1)
    assert.equal(await client.register('s', avro(wider), false), 2)
    assert.equal(await client.getId('s', avro(order), false), 1)
    assert.equal(await client.getVersion('s', avro(wider), false, false), 2)
    assert.deepEqual(await client.getAllVersions('s'), [1, 2])
    assert.deepEqual(await client.getAllSubjects(), ['s'])
    assert.equal((await client.getLatestSchemaMetadata('s')).schema, wider)
    assert.equal((await client.getSchemaMetadata('s', 1)).id, 1)
    assert.equal((await client.getBySubjectAndId('s', 2)).schema, wider)
    assert.equal(await client.testSubjectCompatibility('s', avro(wrong)), false)
    assert.equal(await client.testCompatibility('s', 1, avro(wider)), true)
    assert.equal(await client.getDefaultCompatibility(), Compatibility.BACKWARD)
    assert.equal(await client.updateCompatibility('s', Compatibility.NONE), Compatibility.NONE)
    assert.equal(await client.getCompatibility('s'), Compatibility.NONE)
    await client.updateDefaultCompatibility(Compatibility.FULL_TRANSITIVE)
    assert.deepEqual(await client.getDefaultConfig(), { compatibilityLevel: Compatibility.FULL_TRANSITIVE })
    assert.equal(await client.deleteSubjectVersion('s', 1), 1)
    assert.deepEqual(await client.deleteSubject('s'), [2])
    assert.deepEqual(await client.deleteSubject('s', true), [1, 2])
    assert.deepEqual(await client.getAllSubjects(), [])
  })

  test('understands refusals', async () => {
    const client = new SchemaRegistryClient({ baseURLs: [await served()] })
    const isRefused = (status: number, code: number) => (error: unknown) =>
      error instanceof RestError && error.status === status && error.errorCode === code
    await assert.rejects(client.getAllVersions('none'), isRefused(404, 40401))
    await assert.rejects(client.getCompatibility('none'), isRefused(404, 40408))
    await assert.rejects(client.register('s', { schemaType: 'AVRO', schema: '{' }), isRefused(422, 42201))
    await client.register('s', { schemaType: 'AVRO', schema: order })
    await assert.rejects(client.getSchemaMetadata('s', 9), isRefused(404, 40402))
    await assert.rejects(client.register('s', { schemaType: 'AVRO', schema: wrong }), isRefused(409, 409))
  })

  test('serializes and deserializes Avro and JSON by the newest schema', async () => {
    const client = new SchemaRegistryClient({ baseURLs: [await served()] })
    await client.register('orders-value', { schemaType: 'AVRO', schema: order })
    const avro = await new AvroSerializer(client, SerdeType.VALUE, { useLatestVersion: true }).serialize('orders', {
      id: 9,
    })
    assert.deepEqual([...avro], [0, 0, 0, 0, 1, 18])
    const back = await new AvroDeserializer(client, SerdeType.VALUE, {}).deserialize('orders', avro)
    assert.deepEqual({ ...back }, { id: 9 })
    await client.register('notes-value', { schemaType: 'JSON', schema: '{"type":"object"}' })
    const json = await new JsonSerializer(client, SerdeType.VALUE, { useLatestVersion: true }).serialize('notes', {
      a: 1,
    })
    assert.deepEqual(await new JsonDeserializer(client, SerdeType.VALUE, {}).deserialize('notes', json), { a: 1 })
  })

  test('registers Protobuf by its descriptor, and reads with it', async () => {
    const client = new SchemaRegistryClient({ baseURLs: [await served()] })
    const file = protobufFormat.parse(
      'syntax = "proto3"; package shop; message Order { int64 id = 1; repeated Line lines = 2; message Line { string sku = 1; } }',
      [],
    )
    const descriptor = fromBinary(FileDescriptorProtoSchema, Buffer.from(file.serialized?.() ?? '', 'base64'))
    const message = createFileRegistry(descriptor, () => undefined).getMessage('shop.Order')
    assert.ok(message !== undefined)
    const registry = createMutableRegistry(message)
    const serializer = new ProtobufSerializer(client, SerdeType.VALUE, { registry, autoRegisterSchemas: true })
    const order = create(message, { id: 7n, lines: [{ sku: 'a' }] })
    const bytes = await serializer.serialize('orders', order)
    assert.match(
      (await client.getLatestSchemaMetadata('orders-value')).schema ?? '',
      /^syntax = "proto3";\npackage shop;\nmessage Order {/,
    )
    const back = await new ProtobufDeserializer(client, SerdeType.VALUE, {}).deserialize('orders', bytes)
    assert.equal(back.id, 7n)
    assert.equal(back.lines[0].sku, 'a')
  })
})
