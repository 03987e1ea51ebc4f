import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avroOfJson } from '../../local/cli/avro-json.ts'
import { avroOfText } from '../../local/cli/avro-texts.ts'
import { parseSchema } from '../../shared/codecs/avro/parse-schema.ts'

const nodeOf = (schema: unknown) => parseSchema(schema, { isOwn: true })
const ofText = (schema: unknown, text: string, quoted = false) =>
  avroOfText(nodeOf(schema), { text, quoted }, 'column 1')
const ofJson = (schema: unknown, value: unknown) => avroOfJson(nodeOf(schema), value, '')
const refusal = (message: string | RegExp) => ({ name: 'MalformedLineError', message })

const logical = (type: string, logicalType: string, more: object = {}) => ({ type, logicalType, ...more })
const side = { type: 'enum', name: 'Side', symbols: ['B', 'S'] }
const decimal = logical('bytes', 'decimal', { precision: 6, scale: 2 })

test('a text becomes the value of its type', () => {
  const cases: readonly (readonly [schema: unknown, text: string, value: unknown])[] = [
    ['int', '-2147483648', -2_147_483_648],
    ['int', '+7', 7],
    ['long', '9007199254740991', Number.MAX_SAFE_INTEGER],
    ['long', '9223372036854775807', 9_223_372_036_854_775_807n],
    ['long', '-9223372036854775808', -9_223_372_036_854_775_808n],
    ['double', '1e3', 1_000],
    ['double', '.5', 0.5],
    ['float', 'NaN', Number.NaN],
    ['double', '-Infinity', Number.NEGATIVE_INFINITY],
    ['boolean', 'TRUE', true],
    ['boolean', 'false', false],
    ['string', '', ''],
    ['string', ' x ', ' x '],
    ['bytes', '/wA=', Buffer.from([0xff, 0])],
    [{ type: 'fixed', name: 'Two', size: 2 }, '/wA=', Buffer.from([0xff, 0])],
    [side, 'S', 'S'],
    [logical('int', 'date'), '2016-03-22', '2016-03-22'],
    [logical('int', 'date'), '1', '1970-01-02'],
    [logical('int', 'time-millis'), '20:25:28.5', 73_528_500],
    [logical('long', 'time-micros'), '00:00:00.000001', 1],
    [logical('long', 'timestamp-millis'), '2016-03-22T20:25:28Z', 1_458_678_328_000],
    [logical('long', 'timestamp-millis'), '2016-03-22 20:25:28', 1_458_678_328_000],
    [logical('long', 'timestamp-millis'), '2016-03-22T21:25:28.25+01:00', 1_458_678_328_250],
    [logical('long', 'timestamp-millis'), '1458678328000', 1_458_678_328_000],
    [logical('long', 'timestamp-micros'), '2016-03-22T20:25:28.000001Z', 1_458_678_328_000_001],
    [logical('long', 'timestamp-nanos'), '1969-12-31T23:59:59.999999999Z', -1n],
    [decimal, '12.5', '12.5'],
    [decimal, '-1234.56', '-1234.56'],
    [logical('string', 'uuid'), '00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000a'],
    [{ type: 'array', items: 'int' }, '[1, 2]', [1, 2]],
    [{ type: 'map', values: 'string' }, '{"a": "b"}', { a: 'b' }],
    [['null', 'int'], '', null],
    [['null', 'int'], '5', 5],
    [['null', 'string'], '5', '5'],
    [['string', 'null'], '', null],
    [['int', 'string'], 'x', 'x'],
    [['int', 'string'], '5', 5],
  ]
  for (const [schema, text, value] of cases) {
    assert.deepEqual(ofText(schema, text), value, `${JSON.stringify(schema)} of ${JSON.stringify(text)}`)
  }
  // A text in quotes is there, although it is empty.
  assert.equal(ofText(['null', 'string'], '', true), '')
})

test('a text that is none of its type is refused with what was found and expected', () => {
  const cases: readonly (readonly [schema: unknown, text: string, message: string | RegExp])[] = [
    ['int', 'abc', 'column 1: found "abc", expected an int, a whole number of 32 bits'],
    ['int', '', 'column 1: found nothing, expected an int, a whole number of 32 bits'],
    ['int', '2147483648', /^column 1: found 2147483648, expected an int/],
    ['int', '1.5', /^column 1: found 1\.5, expected an int/],
    ['int', '0x10', /^column 1: found "0x10", expected an int/],
    ['long', '9223372036854775808', /^column 1: found 9223372036854775808, expected a long/],
    ['double', '1,5', 'column 1: found "1,5", expected a double'],
    ['boolean', 'yes', 'column 1: found "yes", expected a boolean, true or false'],
    ['null', 'x', 'column 1: found "x", expected nothing'],
    ['bytes', 'a', 'column 1: found "a", expected bytes in base64'],
    [{ type: 'fixed', name: 'Two', size: 2 }, '/w==', 'column 1: found "/w==", expected 2 bytes in base64'],
    [side, 'X', 'column 1: found "X", expected one of "B", "S"'],
    [logical('int', 'date'), '2016-02-30', /^column 1: found "2016-02-30", expected a date such as/],
    [logical('int', 'time-millis'), '24:00', /^column 1: found "24:00", expected a time of day/],
    [logical('int', 'time-millis'), '20:25:28.1234', /expected a time of day/],
    [logical('long', 'timestamp-millis'), '2016-02-30T00:00:00Z', /expected a time such as .+, or millis since 1970$/],
    [logical('long', 'timestamp-millis'), 'now', /^column 1: found "now", expected a time such as/],
    [decimal, '1.234', /^column 1: found "1\.234", expected at most 2 digits behind the point/],
    [decimal, 'x', /^column 1: found "x", expected a decimal/],
    [logical('string', 'uuid'), '1', 'column 1: found "1", expected a UUID'],
    [{ type: 'array', items: 'int' }, '[1, "a"]', 'column 1[1]: found "a", expected an int, a whole number of 32 bits'],
    [{ type: 'array', items: 'int' }, '[1', 'column 1: found "[1", expected an array as JSON'],
    [['null', 'int'], 'x', 'column 1: found "x", expected an int, a whole number of 32 bits'],
    [['int', 'boolean'], 'x', 'column 1: found "x", expected one of int, boolean'],
  ]
  for (const [schema, text, message] of cases) assert.throws(() => ofText(schema, text), refusal(message))
})

const order = {
  type: 'record',
  name: 'com.acme.Order',
  fields: [
    { name: 'id', type: 'long', aliases: ['orderId'] },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'tags', type: { type: 'map', values: ['int', 'string'] }, default: {} },
    { name: 'raw', type: 'bytes', default: '\u00ff' },
  ],
}

test('JSON becomes the value of its type, with defaults, aliases and without what the schema does not have', () => {
  assert.deepEqual(ofJson(order, { orderId: 1, more: true }), {
    id: 1,
    note: null,
    tags: {},
    raw: new Uint8Array([0xff]),
  })
  // As Avro writes unions.
  assert.deepEqual(
    ofJson(order, { id: '9223372036854775807', note: { string: 'x' }, tags: { a: 1, b: 'c' }, raw: '/w==' }),
    {
      id: 9_223_372_036_854_775_807n,
      note: 'x',
      tags: { a: 1, b: 'c' },
      raw: Buffer.from([0xff]),
    },
  )
})

test('branches of a union that are records are told apart by their names', () => {
  const record = (name: string, field: string) => ({ type: 'record', name, fields: [{ name: field, type: 'int' }] })
  const union = ['null', { ...record('A', 'a'), namespace: 'com.acme' }, record('B', 'b')]
  assert.deepEqual(ofJson(union, { B: { b: 1 } }), { B: { b: 1 } })
  assert.deepEqual(ofJson(union, { A: { a: 1 } }), { 'com.acme.A': { a: 1 } })
  assert.deepEqual(ofJson(union, { 'com.acme.A': { a: 1 } }), { 'com.acme.A': { a: 1 } })
  assert.deepEqual(ofJson(union, { b: 1 }), { B: { b: 1 } })
  assert.deepEqual(ofJson(['null', record('A', 'a')], { a: 1 }), { a: 1 })
  assert.deepEqual(ofText(union, '{"B": {"b": 1}}'), { B: { b: 1 } })
  assert.deepEqual(ofText(union, '{"b": 1}'), { B: { b: 1 } })
  assert.equal(ofText(union, ''), null)
  assert.deepEqual(ofJson(['null', record('A', 'a')], { A: { a: 1 } }), { a: 1 })
})

test('JSON that is none of its type is refused with its place', () => {
  assert.throws(() => ofJson(order, { note: 'x' }), refusal('field "id": found nothing, expected a long'))
  assert.throws(
    () => ofJson(order, { id: 1.5 }),
    refusal('field "id": found 1.5, expected a long, a whole number of 64 bits'),
  )
  assert.throws(
    () => ofJson(order, { id: 1, tags: { 'a b': [] } }),
    refusal(/^field "tags"\["a b"\]: found \[\], expected one of int, string/),
  )
  assert.throws(() => ofJson(order, [1]), refusal('found [1], expected a record com.acme.Order'))
  assert.throws(
    () => ofJson(order, { id: null }),
    refusal('field "id": found null, expected a long, a whole number of 64 bits'),
  )
})
