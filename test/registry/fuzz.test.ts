import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatOf } from '../../shared/registry/formats.ts'
import type { SchemaType } from '../../shared/registry/schema-format.ts'
import { newRest } from './registries.ts'

/** Numbers that look random and are the same each time. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state >>> 8
  }
}

const seeds: Readonly<Record<SchemaType, string>> = {
  AVRO: '{"type":"record","name":"a.R","aliases":["S"],"fields":[{"name":"a","type":["null","int",{"type":"enum","name":"E","symbols":["X"]}],"default":null},{"name":"r","type":{"type":"map","values":"R"},"default":{}}]}',
  JSON: '{"$id":"urn:x","type":["object","null"],"properties":{"a":{"$ref":"#/$defs/b"},"c":{"enum":[1,null]}},"$defs":{"b":{"oneOf":[{"type":"array","items":[{"const":1}]},{"not":{}}]}},"patternProperties":{"^x":false},"required":["a"]}',
  PROTOBUF:
    'syntax = "proto3"; package a.b; message M { map<string, N> m = 1 [deprecated = true]; oneof o { int32 a = 2; } enum E { X = 0; } reserved 7 to 9; message N {} } service S { rpc C (M) returns (stream M); }',
}

/** A part is dropped, doubled, moved or replaced. */
function mutated(text: string, next: () => number): string {
  const [from, length, to] = [next() % text.length, 1 + (next() % 12), next() % text.length]
  const part = text.slice(from, from + length)
  const without = text.slice(0, from) + text.slice(from + length)
  const kind = next() % 4
  if (kind === 0) return without
  if (kind === 1) return text.slice(0, to) + part + text.slice(to)
  if (kind === 2) return without.slice(0, to) + part + without.slice(to)
  return text.slice(0, from) + String.fromCharCode(next() % 256) + text.slice(from + 1)
}

for (const [type, seed] of Object.entries(seeds) as [SchemaType, string][]) {
  test(`any text is a schema of type ${type} or is refused, and what is taken can be read again and compared`, async () => {
    const format = await formatOf(type)
    const original = format.parse(seed, [])
    const random = numbers(7)
    const next = () => random.next().value
    let taken = 0
    for (let round = 0; round < 2_000; round++) {
      let text = seed
      for (let times = next() % 3; times >= 0; times--) text = mutated(text, next) || 'x'
      let schema: typeof original
      try {
        schema = format.parse(text, [])
      } catch (error) {
        assert.ok(error instanceof Error, text)
        continue
      }
      taken++
      assert.equal(format.parse(schema.canonical, []).canonical, schema.canonical, text)
      assert.equal(format.parse(schema.normalized(), []).normalized(), schema.normalized(), text)
      original.problemsReading(schema, { reader: 'new', writer: 'old' })
      assert.deepEqual(schema.problemsReading(schema, { reader: 'new', writer: 'old' }), [], text)
    }
    assert.ok(taken > 20)
  })
}

test('any request is answered', async () => {
  const call = newRest()
  await call('POST', '/subjects/s/versions', { schema: '"int"' })
  const random = numbers(11)
  const pick = <T>(all: readonly T[]): T => all[random.next().value % all.length]!
  const parts = [
    'subjects',
    's',
    'versions',
    'latest',
    '1',
    'schemas',
    'ids',
    'config',
    'mode',
    'compatibility',
    '%00',
    '..',
    'schema',
    '-1',
  ]
  const bodies = [
    undefined,
    {},
    [],
    7,
    null,
    { schema: 1 },
    { schema: '"int"', references: [1] },
    { compatibility: [] },
    { mode: {} },
    { schema: '"long"', id: -5, version: 'x' },
  ]
  for (let round = 0; round < 2_000; round++) {
    const path = Array.from({ length: random.next().value % 6 }, () => pick(parts)).join('/')
    const [status] = await call(pick(['GET', 'POST', 'PUT', 'DELETE']), `/${path}?deleted=true`, pick(bodies))
    assert.ok(status >= 200 && status < 500, `${path} ${status}`)
  }
})
