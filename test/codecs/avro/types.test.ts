import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AvroValue, avro, avroFile } from '../../../shared/codecs/avro/index.ts'
import type { Codec } from '../../../shared/codecs/codec.ts'
import type { FileFormat } from '../../../shared/codecs/files/file-format.ts'

/** Compiles only when both types are the same: the compiler is the test. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const isSame = <Holds extends true>(): Holds | undefined => undefined
type ValueIn<C> = C extends Codec<infer T> ? T : never

const order = avro({
  type: 'record',
  name: 'Order',
  namespace: 'com.acme',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'side', type: { type: 'enum', name: 'Side', symbols: ['B', 'S'] } },
    { name: 'other', type: ['null', 'Side'], default: null },
    { name: 'full', type: 'com.acme.Side' },
    {
      name: 'lines',
      type: { type: 'array', items: { type: 'record', name: 'Line', fields: [{ name: 'n', type: 'int' }] } },
    },
    { name: 'tags', type: { type: 'map', values: 'string' } },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 16 } },
    { name: 'blob', type: 'bytes' },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'micros', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'nanos', type: { type: 'long', logicalType: 'timestamp-nanos' } },
    { name: 'odd', type: { type: 'long', logicalType: 'something-else' } },
    { name: 'any', type: ['null', 'boolean', 'string', 'double'] },
  ],
})

test('a schema in the program gives its values a type', () => {
  type Expected = {
    readonly id: number
    readonly side: 'B' | 'S'
    readonly other: 'B' | 'S' | null
    readonly full: 'B' | 'S'
    readonly lines: readonly { readonly n: number }[]
    readonly tags: { readonly [key: string]: string }
    readonly hash: Uint8Array
    readonly blob: Uint8Array
    readonly price: string
    readonly day: string
    readonly at: number
    readonly micros: number
    readonly nanos: bigint
    readonly odd: number
    readonly any: string | number | boolean | null
  }
  isSame<Same<ValueIn<typeof order>, Expected>>()
})

test('longs are what the program wants', () => {
  const bigints = avro({ type: 'array', items: 'long' }, { long: 'bigint' })
  isSame<Same<ValueIn<typeof bigints>, readonly bigint[]>>()
  isSame<Same<AvroValue<'long'>, number>>()
  isSame<Same<AvroValue<'long', 'either'>, number | bigint>>()
})

test('a record may hold itself', () => {
  const list = {
    type: 'record',
    name: 'a.List',
    fields: [
      { name: 'value', type: 'int' },
      { name: 'next', type: ['null', 'List'] },
      { name: 'children', type: { type: 'array', items: 'a.List' } },
    ],
  } as const
  type List = AvroValue<typeof list>
  const value: List = { value: 1, next: { value: 2, next: null, children: [] }, children: [] }
  isSame<Same<NonNullable<NonNullable<List['next']>['next']>['value'], number>>()
  isSame<Same<List['children'][number]['value'], number>>()
  avro(list).encode(value)
  // @ts-expect-error: the inner one has no value
  const wrong: List = { value: 1, next: { next: null, children: [] }, children: [] }
  assert.throws(() => avro(list).encode(wrong), RangeError)
})

test('branches that are objects are told apart by name where there are several', () => {
  const payment = avro([
    'null',
    { type: 'record', name: 'Card', namespace: 'pay', fields: [{ name: 'number', type: 'string' }] },
    { type: 'record', name: 'pay.Cash', fields: [] },
    { type: 'map', values: 'int' },
    'string',
  ])
  type Expected =
    | null
    | string
    | { readonly 'pay.Card': { readonly number: string } }
    // biome-ignore lint/complexity/noBannedTypes: a record without fields
    | { readonly 'pay.Cash': {} }
    | { readonly map: { readonly [key: string]: number } }
  isSame<Same<ValueIn<typeof payment>, Expected>>()
  const one = avro(['null', { type: 'record', name: 'Card', fields: [{ name: 'number', type: 'string' }] }])
  isSame<Same<ValueIn<typeof one>, { readonly number: string } | null>>()
})

test('a schema from a file has the type that the program says', () => {
  type Reading = { readonly celsius: number }
  const reading = avro<Reading>({ text: '{"type":"record","name":"R","fields":[{"name":"celsius","type":"double"}]}' })
  isSame<Same<ValueIn<typeof reading>, Reading>>()
  const unknown = avro({ text: '"string"' })
  isSame<Same<ValueIn<typeof unknown>, unknown>>()
  const parsed: { type: string; items: string } = { type: 'array', items: 'int' }
  const given = avro<readonly number[]>(parsed)
  isSame<Same<ValueIn<typeof given>, readonly number[]>>()
})

test('a codec may stand where the type of its values is expected', () => {
  const fill = {
    type: 'record',
    name: 'Fill',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'direction', type: { type: 'enum', name: 'Direction', symbols: ['BUY', 'SELL'] } },
      {
        name: 'fee',
        type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 }],
        default: null,
      },
    ],
  } as const
  const value: { id: number; direction: 'BUY' | 'SELL'; fee: string | null } = { id: 1, direction: 'BUY', fee: null }
  const encoded = <T>(one: T, codec: Codec<T>): Uint8Array => codec.encode(one)
  encoded(value, avro(fill))
  avroFile(fill).encode([value])
  const inFile = <T>(one: T, format: FileFormat<T>): Uint8Array => format.encode([one])
  inFile(value, avroFile(fill))
  // @ts-expect-error: fee is null or a decimal as text
  assert.throws(() => encoded({ ...value, fee: 5 }, avro(fill)), RangeError)
})
