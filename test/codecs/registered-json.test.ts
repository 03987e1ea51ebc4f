import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JsonDeserializer, JsonSerializer, SchemaRegistryClient, SerdeType } from '@confluentinc/schemaregistry'
import { z } from 'zod'
import { confluentFraming } from '../../shared/codecs/framing/confluent.ts'
import { glueFraming } from '../../shared/codecs/framing/glue.ts'
import { registeredJson } from '../../shared/codecs/framing/registered-json.ts'
import type { SchemaSource, WrittenSchema } from '../../shared/codecs/framing/schema-source.ts'
import { json } from '../../shared/codecs/json.ts'
import { ConfigurationError, MalformedRecordError } from '../../shared/model/errors.ts'

const schema = z.object({ id: z.string(), cents: z.int() })
const jsonSchema = z.toJSONSchema(schema)
const never = new AbortController().signal

describe('registeredJson()', () => {
  it("reads what Confluent's serializer wrote, and writes what its deserializer reads", async () => {
    const client = SchemaRegistryClient.newClient({ baseURLs: ['mock://'] })
    const id = await client.register('orders-value', { schemaType: 'JSON', schema: JSON.stringify(jsonSchema) }, false)
    const registry: SchemaSource = {
      name: "Confluent's client",
      framing: confluentFraming,
      schemaOf: async () => ({ type: 'JSON', text: JSON.stringify(jsonSchema) }),
      idOf: (subject, { type, text }) => client.getId(subject, { schemaType: type, schema: text }, false),
    }
    const codec = registeredJson(json(schema), { registry, subject: 'orders-value', jsonSchema })
    const serializer = new JsonSerializer(client, SerdeType.VALUE, {
      useLatestVersion: true,
      autoRegisterSchemas: false,
    })
    const bytes = await serializer.serialize('orders', { id: 'a', cents: 5 })
    await codec.prepare?.([bytes], never)
    const value: { id: string; cents: number } = codec.decode(bytes, 0, bytes.length)
    assert.deepEqual(value, { id: 'a', cents: 5 })
    await codec.prepare?.([], never)
    const ours = codec.encode({ id: 'b', cents: 6 })
    assert.equal(Buffer.from(ours).readInt32BE(1), id)
    const deserializer = new JsonDeserializer(client, SerdeType.VALUE, {})
    assert.deepEqual(await deserializer.deserialize('orders', Buffer.from(ours)), { id: 'b', cents: 6 })
  })

  it('refuses a record that its codec refuses, an id of another kind, and what is not framed', async () => {
    const uuid = '3f2504e0-4f89-11d3-9a0c-0305e82c3301'
    const other = '3f2504e0-4f89-11d3-9a0c-0305e82c3302'
    const framing = glueFraming()
    const schemas = new Map<unknown, WrittenSchema>([
      [uuid, { type: 'JSON', text: '{}' }],
      [other, { type: 'AVRO', text: '"string"' }],
    ])
    const registry: SchemaSource = {
      name: 'the registry',
      framing,
      schemaOf: async id => schemas.get(id),
      idOf: async () => uuid,
    }
    const codec = registeredJson(json(schema), { registry })
    const records = [
      framing.write(uuid, Buffer.from('{"id":"a"}')),
      framing.write(other, Buffer.from('{}')),
      Buffer.from('{}'),
    ]
    await codec.prepare?.(records, never)
    const reasons = [
      /found nothing at "cents"/,
      /it is of type AVRO, not a JSON Schema/,
      /Cannot read AWS Glue's wire format/,
    ]
    for (const [i, record] of records.entries()) {
      assert.throws(() => codec.decode(record, 0, record.length), {
        name: MalformedRecordError.name,
        message: reasons[i],
      })
    }
    assert.throws(() => codec.encode({ id: 'a', cents: 5 }), RangeError)
    assert.throws(() => registeredJson(json(), { registry, subject: 'a' }), ConfigurationError)
  })
})
