import assert from 'node:assert/strict'
import { test } from 'node:test'
import { avroFormat } from '../../shared/registry/avro/avro-format.ts'
import { change, testChanges } from './verdicts.ts'

const record = (...fields: readonly object[]) => ({ type: 'record', name: 'R', fields })
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more })
const symbols = (...names: readonly string[]) => ({ type: 'enum', name: 'E', symbols: names })
const fixed = (size: number, name = 'F') => ({ type: 'fixed', name, size })
const list = (value: unknown) => record(field('v', value), field('next', ['null', 'R'], { default: null }))

// Avro 1.12, "Schema Resolution", and Confluent's "Schema Evolution and Compatibility".
testChanges(
  'AVRO',
  [
    change('nothing changes', record(field('a', 'int')), record(field('a', 'int')), 'both'),
    change(
      'a field with a default is added',
      record(field('a', 'int')),
      record(field('a', 'int'), field('b', 'int', { default: 1 })),
      'both',
    ),
    change(
      'a field without a default is added',
      record(field('a', 'int')),
      record(field('a', 'int'), field('b', 'int')),
      'forward',
      /READER_FIELD_MISSING_DEFAULT_VALUE.*'b' at path '\/fields\/1' in the new schema/,
    ),
    change(
      'a field without a default is removed',
      record(field('a', 'int'), field('b', 'int')),
      record(field('a', 'int')),
      'backward',
      /in the old schema/,
    ),
    change('a field is renamed', record(field('a', 'int')), record(field('b', 'int')), 'neither'),
    change(
      'a field is renamed with an alias',
      record(field('a', 'int')),
      record(field('b', 'int', { aliases: ['a'] })),
      'backward',
    ),
    change('int becomes long', 'int', 'long', 'backward', /TYPE_MISMATCH/),
    change('int becomes float', 'int', 'float', 'backward'),
    change('long becomes double', 'long', 'double', 'backward'),
    change('float becomes double', 'float', 'double', 'backward'),
    change('double becomes float', 'double', 'float', 'forward'),
    change('string becomes bytes', 'string', 'bytes', 'both'),
    change(
      'int becomes string',
      record(field('a', 'int')),
      record(field('a', 'string')),
      'neither',
      /path '\/fields\/0\/type'.*reader type: \w+ not compatible with writer type: \w+/,
    ),
    change('boolean becomes int', 'boolean', 'int', 'neither'),
    change(
      'items are promoted',
      { type: 'array', items: 'int' },
      { type: 'array', items: 'long' },
      'backward',
      /path '\/items'/,
    ),
    change(
      'values are promoted',
      { type: 'map', values: 'int' },
      { type: 'map', values: 'long' },
      'backward',
      /path '\/values'/,
    ),
    change('an array becomes a map', { type: 'array', items: 'int' }, { type: 'map', values: 'int' }, 'neither'),
    change('a type becomes optional', 'int', ['null', 'int'], 'backward', /TYPE_MISMATCH/),
    change(
      'a branch is added to a union',
      ['null', 'int'],
      ['null', 'int', 'string'],
      'backward',
      /MISSING_UNION_BRANCH.*path '\/2'/,
    ),
    change('a branch is promoted', ['null', 'int'], ['null', 'long'], 'backward'),
    change('a union of one', ['int'], 'int', 'both'),
    change('a symbol is added', symbols('A'), symbols('A', 'B'), 'backward', /MISSING_ENUM_SYMBOLS.*\[B\]/),
    change(
      'a symbol is added, the enum has a default',
      { ...symbols('A'), default: 'A' },
      { ...symbols('A', 'B'), default: 'A' },
      'both',
    ),
    change('symbols change their order', symbols('A', 'B'), symbols('B', 'A'), 'both'),
    change('a fixed type grows', fixed(4), fixed(8), 'neither', /FIXED_SIZE_MISMATCH.*path '\/size'/),
    change('a type is renamed', fixed(4), fixed(4, 'G'), 'neither', /NAME_MISMATCH.*path '\/name'/),
    change('a type is renamed with an alias', fixed(4), { ...fixed(4, 'G'), aliases: ['F'] }, 'backward'),
    change('a namespace changes', fixed(4, 'a.F'), fixed(4, 'b.F'), 'both'),
    change(
      'documentation and properties change',
      record(field('a', 'int', { doc: 'x' })),
      { ...record(field('a', 'int')), unit: 'm' },
      'both',
    ),
    change('a logical type changes', { type: 'long', logicalType: 'timestamp-millis' }, 'long', 'both'),
    change('a recursive record changes', list('int'), list('long'), 'backward'),
    change('a recursive record stays', list('int'), list('int'), 'both'),
    change(
      'a record in a union is compared inside',
      ['null', record(field('a', 'int'))],
      ['null', record(field('a', 'int'), field('b', 'int'))],
      'forward',
      /MISSING_UNION_BRANCH/,
    ),
  ],
  JSON.stringify,
)

const canonical = (schema: unknown) => avroFormat.parse(JSON.stringify(schema), []).canonical

test('the canonical form has one order of attributes, no needless names and no needless attributes', () => {
  const given = {
    fields: [
      { order: 'ascending', type: { type: 'string' }, name: 'a', doc: 'd' },
      { type: ['null', 'shop.Money'], name: 'b', default: null },
    ],
    doc: 'D',
    name: 'shop.Money',
    aliases: ['Cash', 'bank.Coin'],
    type: 'record',
    unit: 'EUR',
  }
  assert.equal(
    canonical(given),
    '{"type":"record","name":"Money","namespace":"shop","doc":"D","fields":[{"name":"a","type":"string","doc":"d"},' +
      '{"name":"b","type":["null","Money"],"default":null}],"unit":"EUR","aliases":["Cash","bank.Coin"]}',
  )
  assert.equal(canonical(JSON.parse(canonical(given))), canonical(given))
})

test('the normalized form has full names and properties in order', () => {
  const one = { type: 'fixed', name: 'F', namespace: 'a', size: 4, y: 1, x: 2 }
  const other = { x: 2, type: 'fixed', name: 'a.F', y: 1, size: 4 }
  const normalized = (schema: unknown) => avroFormat.parse(JSON.stringify(schema), []).normalized()
  assert.equal(normalized(one), '{"type":"fixed","name":"a.F","size":4,"x":2,"y":1}')
  assert.equal(normalized(other), normalized(one))
  assert.notEqual(canonical(one), canonical(other))
})

test('what is no schema is refused with its place', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ type: 'record', name: 'R' }, /found nothing at "\/fields", expected a list of fields/],
    [record(field('a', 'int'), field('a', 'int')), /field "a" is there twice at "\/fields\/1"/],
    [record(field('1a', 'int')), /found "1a" at "\/fields\/0\/name"/],
    [record(field('a', 'Money')), /undefined name "Money" at "\/fields\/0\/type"/],
    [
      record(field('a', 'int', { default: 'x' })),
      /invalid default of field "a" at "\/fields\/0": found "x", expected a value of type int/,
    ],
    [symbols('A', 'A'), /a symbol is there twice/],
    [{ ...symbols('A'), default: 'B' }, /found "B" at "\/default", expected one of the symbols/],
    [['int', ['null']], /a union directly within a union at "\/1"/],
    [['int', 'int'], /has "int" twice/],
    [fixed(-1), /found -1 at "\/size"/],
    [fixed(2 ** 31), /found 2147483648 at "\/size"/],
    [fixed(1, 'int'), /cannot redefine "int"/],
    [{ type: 'array' }, /an array without "items"/],
    [7, /found 7 at "\/", expected a type/],
    [record(field('a', fixed(1)), field('b', fixed(2))), /cannot redefine "F"/],
  ]
  for (const [schema, message] of cases) assert.throws(() => canonical(schema), { message })
  const deep = `${'{"type":"array","items":'.repeat(2_000)}"int"${'}'.repeat(2_000)}`
  assert.throws(() => avroFormat.parse(deep, []), /nested more than 500 deep/)
})
