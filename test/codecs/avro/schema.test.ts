import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AvroSchema, avro } from '../../../shared/codecs/avro/index.ts'
import { ConfigurationError } from '../../../shared/model/errors.ts'
import { again, decode, readAs } from './reading.ts'

function refused(schema: unknown, message: string | RegExp): void {
  assert.throws(() => avro({ text: JSON.stringify(schema) }), { name: ConfigurationError.name, message })
}

const recordOf = (fields: readonly unknown[], more: object = {}): unknown => ({
  type: 'record',
  name: 'R',
  fields,
  ...more,
})

describe('a schema of avro()', () => {
  it('is refused when the codec is made, with the place and what would be right', () => {
    refused('text', 'Cannot read an Avro schema: found the type "text", expected a type of Avro')
    refused(5, 'Cannot read an Avro schema: found 5, expected a type')
    refused({}, 'Cannot read an Avro schema: found nothing, expected a type')
    refused(
      recordOf([{ name: 'a', type: 'text' }]),
      'Cannot read an Avro schema at R.a: found the type "text", expected a type of Avro or one of "R"',
    )
    refused(recordOf([{ name: 'a-b', type: 'int' }]), /at R\.a-b: found the name "a-b", expected letters, digits and _/)
    refused(recordOf([{ name: '__proto__', type: 'int' }]), /found the name "__proto__"/)
    refused(
      recordOf([
        { name: 'a', type: 'int' },
        { name: 'a', type: 'int' },
      ]),
      /at R\.a: found its name twice/,
    )
    refused(
      { type: 'record', name: 'R' },
      'Cannot read an Avro schema at R: found no fields, expected an array of fields',
    )
    refused({ type: 'record', fields: [] }, /found a type named undefined, expected a name/)
    refused({ type: 'array' }, 'Cannot read an Avro schema at []: found nothing, expected a type')
    refused(
      { type: 'enum', name: 'E', symbols: ['A', 'A'] },
      /at E: found the symbols \["A","A"\], expected names, each once/,
    )
    refused(
      { type: 'enum', name: 'E', symbols: ['A'], default: 'B' },
      /at E: found the default "B", expected one of its symbols/,
    )
    refused({ type: 'fixed', name: 'F', size: -1 }, /at F: found the size -1/)
    refused(['int', 'int'], /found a union that has "int" twice/)
    refused(['null', ['int']], /found a union in a union/)
    refused([], /found a union of nothing/)
    refused(recordOf([{ name: 'a', type: recordOf([]) }]), /found it defined twice/)
    refused({ type: 'string', logicalType: 'decimal', precision: 2 }, /found the logical type "decimal" of string/)
    refused(
      { type: 'bytes', logicalType: 'decimal', precision: 2, scale: 3 },
      /expected bytes or fixed with a precision and a scale that fit/,
    )
    refused({ type: 'fixed', name: 'F', size: 2, logicalType: 'decimal', precision: 5 }, /logical type "decimal"/)
    refused({ type: 'int', logicalType: 'timestamp-millis' }, /found the logical type "timestamp-millis" of int/)
    const deep = `${'{"type":"array","items":'.repeat(5000)}"int"${'}'.repeat(5000)}`
    assert.throws(() => avro({ text: deep }), /found 100 or more types inside each other, expected fewer/)
    assert.throws(() => avro({ text: '{' }), { name: ConfigurationError.name, message: /found "\{", expected JSON/ })
  })

  it('finds names in their namespaces', () => {
    const schema = {
      type: 'record',
      name: 'Order',
      namespace: 'com.acme',
      fields: [
        { name: 'side', type: { type: 'enum', name: 'Side', symbols: ['B', 'S'] } },
        { name: 'again', type: 'com.acme.Side' },
        {
          name: 'other',
          type: {
            type: 'record',
            name: 'org.Other',
            fields: [{ name: 'x', type: { type: 'fixed', name: 'F', size: 1 } }],
          },
        },
        { name: 'fixed', type: 'org.F' },
        { name: 'near', type: 'Side' },
        { name: 'none', type: { type: 'enum', name: 'None', namespace: '', symbols: ['N'] } },
        { name: 'noneAgain', type: 'None' },
      ],
    } as const
    const one = Uint8Array.of(1)
    const value = {
      side: 'B',
      again: 'S',
      other: { x: one },
      fixed: one,
      near: 'B',
      none: 'N',
      noneAgain: 'N',
    } as const
    const codec = avro(schema)
    assert.deepEqual(decode(codec, codec.encode(value)), value)
  })

  it('takes a leading dot for no namespace', () => {
    const text = `{"type":"record","name":"a.R","fields":[
      {"name":"none","type":{"type":"enum","name":".E","symbols":["X"]}},
      {"name":"own","type":{"type":"enum","name":"E","symbols":["Y"]}},
      {"name":"noneAgain","type":".E"},
      {"name":"ownAgain","type":"E"}]}`
    const value = { none: 'X', own: 'Y', noneAgain: 'X', ownAgain: 'Y' }
    const codec = avro<typeof value>({ text })
    assert.deepEqual(decode(codec, codec.encode(value)), value)
  })

  it('may be a name, a union or text', () => {
    assert.equal(again('string', 'x'), 'x')
    assert.equal(again({ type: { type: 'string' } } as AvroSchema, 'x'), 'x')
    assert.equal(decode(avro<string>({ text: ' "string" ' }), Buffer.of(2, 97)), 'a')
    assert.equal(decode(avro<string>({ text: 'string' }), Buffer.of(2, 97)), 'a')
  })

  it('of a writer may have what does not matter to its bytes', () => {
    const writer = {
      type: 'record',
      name: 'a-b.R',
      fields: [{ name: 'x-y', type: { type: 'string', logicalType: 'decimal' }, default: 5 }],
    } as const
    const reader = { type: 'record', name: 'R', fields: [{ name: 'x', aliases: ['x-y'], type: 'string' }] } as const
    assert.deepEqual(readAs(writer, reader, Buffer.of(2, 97)), { x: 'a' })
    assert.throws(() => avro(writer), ConfigurationError)
  })
})

describe('the options of avro()', () => {
  it('are refused where they contradict each other', () => {
    const message = /^Cannot make an Avro codec: .* would be right/
    assert.throws(() => avro('int', { alsoReads: ['long'] }), { name: ConfigurationError.name, message })
    assert.throws(() => avro('int', { subject: 's' }), { name: ConfigurationError.name, message })
    assert.throws(() => avro<number>('int', { long: JSON.parse('"text"') }), { name: ConfigurationError.name, message })
  })
})
