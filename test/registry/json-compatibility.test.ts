import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonFormat } from '../../shared/registry/json/json-format.ts'
import { change, testChanges } from './verdicts.ts'

const open = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const closed = (properties: object, more: object = {}) => open(properties, { additionalProperties: false, ...more })
const texts = (properties: object, more: object = {}) =>
  open(properties, { additionalProperties: { type: 'string' }, ...more })
const [string, number, integer] = [{ type: 'string' }, { type: 'number' }, { type: 'integer' }]
const tree = (value: object) => ({
  definitions: { node: open({ value, children: { type: 'array', items: { $ref: '#/definitions/node' } } }) },
  $ref: '#/definitions/node',
})

// Confluent's "JSON Schema Serializer and Deserializer", on compatibility: what a schema says about an object's further properties
// (its content model) decides which properties may come and go.
testChanges(
  'JSON',
  [
    change('nothing changes', open({ a: string }), open({ a: string }), 'both'),
    change(
      'an optional property is added to an open model',
      open({}),
      open({ a: string }),
      'forward',
      /OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL.*#\/properties\/a/,
    ),
    change(
      'an optional property is added to a closed model',
      closed({}),
      closed({ a: string }),
      'backward',
      /PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL/,
    ),
    change(
      'a required property is added to a closed model',
      closed({}),
      closed({ a: string }, { required: ['a'] }),
      'neither',
    ),
    change(
      'a required property with a default is added to a closed model',
      closed({}),
      closed({ a: { ...string, default: '' } }, { required: ['a'] }),
      'backward',
    ),
    change('a property of any kind is added to an open model', open({}), open({ a: {} }), 'both'),
    change('a property that the rest allows is added', texts({}), texts({ a: string }), 'both'),
    change(
      'a property that the rest does not allow is added',
      texts({}),
      texts({ a: number }),
      'neither',
      /NOT_COVERED_BY_PARTIALLY_OPEN/,
    ),
    change(
      'a pattern allows what is added',
      closed({}, { patternProperties: { '^a': string } }),
      closed({ a: string }, { patternProperties: { '^a': string } }),
      'both',
    ),
    change(
      'the model is closed',
      open({ a: string }),
      closed({ a: string }),
      'forward',
      /ADDITIONAL_PROPERTIES_REMOVED/,
    ),
    change('the model is narrowed', open({}), texts({}), 'forward', /ADDITIONAL_PROPERTIES_NARROWED/),
    change(
      'a property becomes required',
      open({ a: string }),
      open({ a: string }, { required: ['a'] }),
      'forward',
      /REQUIRED_ATTRIBUTE_ADDED.*#\/required\/a/,
    ),
    change('a type is widened', integer, number, 'backward', /TYPE_NARROWED/),
    change('a type changes', open({ a: string }), open({ a: number }), 'neither', /TYPE_CHANGED.*#\/properties\/a/),
    change('a type may be null as well', string, { type: ['string', 'null'] }, 'backward'),
    change(
      'types are written as another union',
      { type: ['string', 'null'] },
      { anyOf: [string, { type: 'null' }] },
      'both',
    ),
    change('anything is allowed', string, {}, 'backward'),
    change('nothing was allowed', false, string, 'backward'),
    change('an enum grows', { enum: ['a'] }, { enum: ['a', 'b'] }, 'backward', /ENUM_ARRAY_NARROWED/),
    change('an enum changes', { enum: ['a'] }, { enum: ['b'] }, 'neither', /ENUM_ARRAY_CHANGED/),
    change('a constant changes', { const: { a: 1, b: 2 } }, { const: { b: 2, a: 2 } }, 'neither'),
    change('a constant is written in another order', { const: { a: 1, b: 2 } }, { const: { b: 2, a: 1 } }, 'both'),
    change(
      'a text may be longer',
      { type: 'string', maxLength: 5 },
      { type: 'string', maxLength: 6 },
      'backward',
      /MAX_LENGTH_DECREASED.*#\/maxLength/,
    ),
    change('a text may be shorter', { type: 'string', minLength: 5 }, { type: 'string', minLength: 4 }, 'backward'),
    change('a pattern goes', { type: 'string', pattern: 'a' }, string, 'backward', /PATTERN_ADDED/),
    change('a pattern changes', { type: 'string', pattern: 'a' }, { type: 'string', pattern: 'b' }, 'neither'),
    change('a maximum grows', { type: 'number', maximum: 5 }, { type: 'number', maximum: 6 }, 'backward'),
    change('a minimum comes', number, { type: 'number', minimum: 0 }, 'forward', /MINIMUM_ADDED/),
    change(
      'an exclusive maximum of draft 4 becomes one of draft 6',
      { type: 'number', maximum: 5, exclusiveMaximum: true },
      { type: 'number', exclusiveMaximum: 5 },
      'both',
    ),
    change(
      'a factor is divided',
      { type: 'number', multipleOf: 0.5 },
      { type: 'number', multipleOf: 0.1 },
      'backward',
      /MULTIPLE_OF_EXPANDED/,
    ),
    change('items are widened', { type: 'array', items: integer }, { type: 'array', items: number }, 'backward'),
    change('items must differ', { type: 'array' }, { type: 'array', uniqueItems: true }, 'forward'),
    change(
      'an item is added to a closed tuple',
      { type: 'array', items: [string], additionalItems: false },
      { type: 'array', items: [string, number], additionalItems: false },
      'backward',
    ),
    change(
      'a tuple of draft 7 becomes one of draft 2020-12',
      { items: [string], additionalItems: false },
      { prefixItems: [string], items: false },
      'both',
    ),
    change('a branch is added', { oneOf: [string] }, { oneOf: [string, number] }, 'backward', /SUM_TYPE_NARROWED/),
    change('branches change their order', { anyOf: [string, number] }, { anyOf: [number, string] }, 'both'),
    change(
      'a demand is added',
      { allOf: [string] },
      { allOf: [string, { maxLength: 3 }] },
      'forward',
      /PRODUCT_TYPE_EXTENDED/,
    ),
    change(
      'all becomes any',
      { allOf: [string, number] },
      { anyOf: [string, number] },
      'backward',
      /COMBINED_TYPE_CHANGED/,
    ),
    change(
      'less is forbidden',
      { not: { type: 'number' } },
      { not: { type: 'integer' } },
      'backward',
      /NOT_TYPE_EXTENDED/,
    ),
    change(
      'a dependency comes',
      open({}),
      open({}, { dependencies: { a: ['b'] } }),
      'forward',
      /DEPENDENCY_ARRAY_ADDED/,
    ),
    change(
      'a dependency is written as in draft 2019-09',
      open({}, { dependencies: { a: ['b'] } }),
      open({}, { dependentRequired: { a: ['b'] } }),
      'both',
    ),
    change('what is not evaluated is forbidden', open({}), open({}, { unevaluatedProperties: false }), 'forward'),
    change(
      'titles and defaults change',
      { ...string, title: 'a', default: 'x' },
      { ...string, title: 'b', default: 'y' },
      'both',
    ),
    change('a recursive schema stays', tree(integer), tree(integer), 'both'),
    change('a recursive schema is widened', tree(integer), tree(number), 'backward', /#\/properties\/value/),
    change(
      'a reference by id leads as one by place',
      { $defs: { a: { $id: 'urn:a', ...string } }, $ref: 'urn:a' },
      { $defs: { a: string }, $ref: '#/$defs/a' },
      'both',
    ),
  ],
  JSON.stringify,
)

test('many definitions that refer to each other are compared, though not every way to each (there are more than memory holds)', () => {
  const names = Array.from({ length: 20 }, (_, i) => `d${i}`)
  const all = (type: string) => ({
    definitions: Object.fromEntries(
      names.map(name => [
        name,
        { oneOf: [{ type }, ...names.map(other => open({ [other]: { $ref: `#/definitions/${other}` } }))] },
      ]),
    ),
    $ref: '#/definitions/d0',
  })
  const parse = (type: string) => jsonFormat.parse(JSON.stringify(all(type)), [])
  assert.deepEqual(parse('number').problemsReading(parse('integer'), { reader: 'new', writer: 'old' }), [])
  assert.notEqual(parse('integer').problemsReading(parse('number'), { reader: 'new', writer: 'old' }).length, 0)
})

test('a reference that leads nowhere, or around in a circle, is refused', () => {
  const parse = (schema: unknown) => jsonFormat.parse(JSON.stringify(schema), [])
  assert.throws(() => parse({ $ref: '#/definitions/a' }), /reference "#\/definitions\/a" leads nowhere/)
  assert.throws(() => parse({ properties: { a: { $ref: 'money.json' } } }), /expected it among the schema's references/)
  assert.throws(() => parse({ $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }), /circle/)
  // What is data looks like a reference and is none.
  parse({ enum: [{ $ref: 'nowhere' }] })
})

test('a reference is found by its name', () => {
  const references = [
    {
      name: 'money.json',
      schema: { type: 'JSON' as const, text: '{"$defs":{"c":{"type":"integer"}},"$ref":"#/$defs/c"}' },
    },
  ]
  const parse = (ref: string) => jsonFormat.parse(JSON.stringify({ $ref: ref }), references)
  const plain = jsonFormat.parse('{"type":"integer"}', [])
  const names = { reader: 'new', writer: 'old' }
  for (const ref of ['money.json', 'money.json#/$defs/c'])
    assert.deepEqual(plain.problemsReading(parse(ref), names), [])
})
