import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { incompatibilities } from '../../shared/registry/compatibility.ts'
import { formatOf } from '../../shared/registry/formats.ts'
import type { SchemaType } from '../../shared/registry/schema-format.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/registry.md'), 'utf8')

const avro = (...fields: readonly object[]) => JSON.stringify({ type: 'record', name: 'R', fields })
const symbols = (...names: readonly string[]) => JSON.stringify({ type: 'enum', name: 'E', symbols: names })
const closed = (properties: object, required: readonly string[] = []) =>
  JSON.stringify({ type: 'object', properties, required, additionalProperties: false })
const open = (properties: object, required: readonly string[] = []) =>
  JSON.stringify({ type: 'object', properties, required })
const proto = (body: string) => `syntax = "proto2"; message M { ${body} }`

const [a, b, withDefault] = [
  { name: 'a', type: 'int' },
  { name: 'b', type: 'int' },
  { name: 'b', type: 'int', default: 0 },
]
const [s, n, i] = [{ type: 'string' }, { type: 'number' }, { type: 'integer' }]
const both = (properties: (model: typeof open) => readonly [string, string]) =>
  [properties(open), properties(closed)] as const

/** Before and after, by the rows of the page's table and its columns. */
const rows: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'optional field added': [
    [avro(a), avro(a, withDefault)],
    ...both(of => [of({ a: s }), of({ a: s, b: s })]),
    [proto(''), proto('optional int32 b = 2;')],
  ],
  'optional field removed': [
    [avro(a, withDefault), avro(a)],
    ...both(of => [of({ a: s, b: s }), of({ a: s })]),
    [proto('optional int32 b = 2;'), proto('')],
  ],
  'required field added': [
    [avro(a), avro(a, b)],
    ...both(of => [of({ a: s }), of({ a: s, b: s }, ['b'])]),
    [proto(''), proto('required int32 b = 2;')],
  ],
  'required field removed': [
    [avro(a, b), avro(a)],
    ...both(of => [of({ a: s, b: s }, ['b']), of({ a: s })]),
    [proto('required int32 b = 2;'), proto('')],
  ],
  'field renamed': [
    [avro(a), avro(b)],
    ...both(of => [of({ a: s }), of({ b: s })]),
    [proto('optional int32 a = 1;'), proto('optional int32 b = 1;')],
  ],
  'type widened': [
    ['"int"', '"long"'],
    ...both(of => [of({ a: i }), of({ a: n })]),
    [proto('optional int32 a = 1;'), proto('optional int64 a = 1;')],
  ],
  'type changed': [
    ['"int"', '"string"'],
    ...both(of => [of({ a: i }), of({ a: s })]),
    [proto('optional int32 a = 1;'), proto('optional string a = 1;')],
  ],
  'symbol or value added to an enum': [
    [symbols('A'), symbols('A', 'B')],
    ...both(of => [of({ a: { enum: ['x'] } }), of({ a: { enum: ['x', 'y'] } })]),
    [proto('enum E { A = 0; }'), proto('enum E { A = 0; B = 1; }')],
  ],
  'branch added to a union': [
    ['["null","int"]', '["null","int","string"]'],
    ...both(of => [of({ a: { oneOf: [s] } }), of({ a: { oneOf: [s, n] } })]),
    [proto('oneof o { int32 a = 1; }'), proto('oneof o { int32 a = 1; int32 b = 2; }')],
  ],
}

const types: readonly SchemaType[] = ['AVRO', 'JSON', 'JSON', 'PROTOBUF']

for (const [what, cases] of Object.entries(rows)) {
  test(`the page says what becomes of a change: ${what}`, async () => {
    const line = page.split('\n').find(each => each.startsWith(`| ${what}`))
    const said = line
      ?.split('|')
      .slice(2, 6)
      .map(cell => cell.replace(/\(.*\)/, '').trim())
    const found = await Promise.all(
      cases.map(async ([before, after], column) => {
        const format = await formatOf(types[column]!)
        const [old, next] = [format.parse(before, []), format.parse(after, [])]
        const allows = (level: 'BACKWARD' | 'FORWARD') =>
          incompatibilities(level, next, [{ version: 1, schema: old }]).length === 0
        const levels = [...(allows('BACKWARD') ? ['B'] : []), ...(allows('FORWARD') ? ['F'] : [])]
        return levels.join(' ') || '-'
      }),
    )
    assert.deepEqual(found, said)
  })
}
