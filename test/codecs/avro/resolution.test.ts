import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AvroSchema, avro } from '../../../shared/codecs/avro/index.ts'
import { ConfigurationError } from '../../../shared/model/errors.ts'
import { readAs, refusesToReread, reread } from './reading.ts'

const enumOf = (name: string, symbols: readonly string[], more: object = {}): AvroSchema => ({
  type: 'enum',
  name,
  symbols,
  ...more,
})
const recordOf = (name: string, fields: readonly object[], more: object = {}): AvroSchema => ({
  type: 'record',
  name,
  fields,
  ...more,
})
const fixedOf = (name: string, size: number, more: object = {}): AvroSchema => ({ type: 'fixed', name, size, ...more })
const arrayOf = (items: AvroSchema): AvroSchema => ({ type: 'array', items })
const mapOf = (values: AvroSchema): AvroSchema => ({ type: 'map', values })
const a = (type: AvroSchema, more: object = {}): object => ({ name: 'a', type, ...more })
const b = (type: AvroSchema, more: object = {}): object => ({ name: 'b', type, ...more })
const listOf = (type: AvroSchema): AvroSchema =>
  recordOf('List', [
    { name: 'head', type },
    { name: 'tail', type: ['null', 'List'] },
  ])
const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)

/** Reader, writer, what is written, what is read: after the pairs of the Java library's compatibility tests. */
const readable: readonly (readonly [reader: AvroSchema, writer: AvroSchema, written: unknown, read: unknown])[] = [
  ['null', 'null', null, null],
  ['boolean', 'boolean', true, true],
  ['int', 'int', -5, -5],
  ['long', 'int', 5, 5],
  ['float', 'int', 16_777_217, 16_777_216],
  ['float', 'long', 2 ** 40, 2 ** 40],
  ['double', 'int', 5, 5],
  ['double', 'long', 2n ** 62n, 2 ** 62],
  ['double', 'float', 0.5, 0.5],
  ['string', 'bytes', bytes(0x6b, 0xc3, 0xb6), 'kö'],
  ['bytes', 'string', 'kö', bytes(0x6b, 0xc3, 0xb6)],
  [arrayOf('long'), arrayOf('int'), [1, 2], [1, 2]],
  [mapOf('double'), mapOf('long'), { a: 1 }, { a: 1 }],
  [enumOf('E', ['A', 'B', 'C']), enumOf('E', ['B', 'A']), 'B', 'B'],
  [enumOf('E', ['A', 'B']), enumOf('E', ['A', 'B', 'C']), 'A', 'A'],
  [enumOf('E', ['A', 'B'], { default: 'A' }), enumOf('E', ['A', 'B', 'C']), 'C', 'A'],
  [enumOf('y.E', ['A']), enumOf('x.E', ['A']), 'A', 'A'],
  [enumOf('F', ['A'], { aliases: ['E'] }), enumOf('E', ['A']), 'A', 'A'],
  [fixedOf('G', 2, { aliases: ['F'] }), fixedOf('F', 2), bytes(1, 2), bytes(1, 2)],
  // Unions, of the writer, of the reader and of both.
  ['int', ['int'], 5, 5],
  ['long', ['int', 'long'], 5, 5],
  ['double', ['int', 'long', 'float', 'double'], 0.25, 0.25],
  [['int'], 'int', 5, 5],
  [['null', 'long'], 'int', 5, 5],
  [['string', 'int'], ['int', 'string'], 'x', 'x'],
  [['string', 'int'], ['int', 'string'], 7, 7],
  [['bytes', 'string'], 'string', 'x', 'x'],
  [['bytes'], ['string'], 'x', bytes(0x78)],
  [['null', 'double'], ['null', 'int', 'float'], 3, 3],
  [['null', 'double'], ['null', 'int', 'float'], null, null],
  ['int', ['null', 'int'], 5, 5],
  [['null', enumOf('E', ['A'])], enumOf('E', ['A']), 'A', 'A'],
  // Records.
  [recordOf('R', []), recordOf('R', []), {}, {}],
  [recordOf('R', []), recordOf('R', [a('int')]), { a: 1 }, {}],
  [recordOf('R', [a('int', { default: 7 })]), recordOf('R', []), {}, { a: 7 }],
  [recordOf('R', [a('int'), b('int', { default: 7 })]), recordOf('R', [a('int')]), { a: 1 }, { a: 1, b: 7 }],
  [recordOf('R', [b('long'), a('int')]), recordOf('R', [a('int'), b('int')]), { a: 1, b: 2 }, { b: 2, a: 1 }],
  [recordOf('R', [b('int', { aliases: ['a'] })]), recordOf('R', [a('int')]), { a: 1 }, { b: 1 }],
  [recordOf('Q', [a('int')], { aliases: ['R'] }), recordOf('R', [a('int')]), { a: 1 }, { a: 1 }],
  [recordOf('n.Q', [a('int')], { aliases: ['m.R'] }), recordOf('m.R', [a('int')]), { a: 1 }, { a: 1 }],
  [recordOf('y.R', [a('int')]), recordOf('x.R', [a('int')]), { a: 1 }, { a: 1 }],
  [
    listOf('double'),
    listOf('int'),
    { head: 1, tail: { head: 2, tail: null } },
    { head: 1, tail: { head: 2, tail: null } },
  ],
  // What the reader does not have is read past, whatever it is.
  [
    recordOf('R', [b('int')]),
    recordOf('R', [a(['null', arrayOf(mapOf(recordOf('S', [a('string'), b('double')])))]), b('int')]),
    { a: [{ x: { a: 'long ago', b: 1 } }, {}], b: 5 },
    { b: 5 },
  ],
  // Of several records in a union: the one of the same name.
  [[recordOf('x.A', [a('int')]), recordOf('B', [a('int')])], recordOf('B', [a('int')]), { a: 1 }, { B: { a: 1 } }],
]

/** Reader, writer, what is written: nothing can be read. */
const unreadable: readonly (readonly [reader: AvroSchema, writer: AvroSchema, written: unknown])[] = [
  ['null', 'int', 1],
  ['boolean', 'int', 1],
  ['int', 'null', null],
  ['int', 'boolean', true],
  ['int', 'long', 1],
  ['int', 'float', 1],
  ['int', 'double', 1],
  ['long', 'float', 1],
  ['long', 'double', 1],
  ['float', 'double', 1],
  ['string', 'boolean', true],
  ['string', 'int', 1],
  ['bytes', 'null', null],
  ['bytes', 'int', 1],
  [arrayOf('int'), arrayOf('long'), [1]],
  [mapOf('int'), arrayOf('int'), [1]],
  [arrayOf('int'), mapOf('int'), { a: 1 }],
  [mapOf('int'), mapOf('long'), { a: 1 }],
  [enumOf('E', ['A', 'B']), enumOf('E', ['A', 'B', 'C']), 'C'],
  [enumOf('E', ['A', 'B']), enumOf('F', ['A', 'B']), 'A'],
  ['int', enumOf('E', ['A']), 'A'],
  [enumOf('E', ['A']), 'int', 0],
  [fixedOf('F', 2), fixedOf('F', 3), bytes(1, 2, 3)],
  [fixedOf('F', 2), fixedOf('G', 2), bytes(1, 2)],
  ['bytes', fixedOf('F', 2), bytes(1, 2)],
  ['int', ['null', 'int'], null],
  [['int'], ['int', 'string'], 'x'],
  [['string'], ['int', 'string'], 5],
  ['long', ['int', 'float'], 0.5],
  [['null', 'string'], 'int', 5],
  [recordOf('S', []), recordOf('R', []), {}],
  [recordOf('R', [a('int')]), recordOf('R', []), {}],
  [recordOf('R', [a('int'), b('int', { default: 7 })]), recordOf('R', []), {}],
  [recordOf('R', [a('int')]), recordOf('R', [b('int')]), { b: 1 }],
  [listOf('int'), listOf('long'), { head: 1, tail: null }],
  [['null', recordOf('S', [a('int')])], recordOf('R', [a('int')]), { a: 1 }],
]

describe('schema resolution', () => {
  for (const [reader, writer, written, read] of readable) {
    it(`reads ${JSON.stringify(writer)} as ${JSON.stringify(reader)}: ${show(written)}`, () => {
      const got = reread(writer, reader, written)
      assert.deepEqual(got, read)
      if (typeof got === 'object' && got !== null) assert.deepEqual(Object.keys(got), Object.keys(Object(read)))
    })
  }
  for (const [reader, writer, written] of unreadable) {
    it(`does not read ${JSON.stringify(writer)} as ${JSON.stringify(reader)}: ${show(written)}`, () => {
      refusesToReread(writer, reader, written, /^Cannot read .*: found .*, expected /)
    })
  }

  it('names both places in the schemas', () => {
    const writer = recordOf('n.Order', [
      { name: 'lines', type: arrayOf(recordOf('Line', [{ name: 'price', type: 'string' }])) },
    ])
    const reader = recordOf('Order', [
      {
        name: 'items',
        aliases: ['lines'],
        type: arrayOf(recordOf('Line', [{ name: 'cost', aliases: ['price'], type: 'double' }])),
      },
    ])
    refusesToReread(
      writer,
      reader,
      { lines: [{ price: 'x' }] },
      "Cannot read lines[0].price: found string at n.Order.lines[].price of the writer's schema, expected what double at Order.items[].cost of the reader's schema can be read from",
    )
    refusesToReread(
      recordOf('Order', []),
      recordOf('Order', [a('int')]),
      {},
      "Cannot read the value: found record Order at Order of the writer's schema, without a, expected a default at Order.a of the reader's schema, or an alias for a field that was written",
    )
    refusesToReread(
      enumOf('E', ['A']),
      enumOf('E', ['B', 'C']),
      'A',
      'Cannot read the value: found the symbol "A", expected one of B, C, or a default in the reader\'s enum',
    )
  })

  it('reads a branch that can be read where another cannot', () => {
    assert.equal(reread(['string', 'int'], 'int', 5), 5)
    refusesToReread(['string', 'int'], 'int', 'x', /found string at its top of the writer's schema/)
  })

  it('reads past blocks by their size, whatever is in them', () => {
    const writer = recordOf('R', [a(arrayOf('string')), b('int')])
    // Two strings in a block of three bytes that are none, then the end of the array, then 5.
    const written = Buffer.from([3, 6, 0xff, 0xff, 0xff, 0, 10])
    assert.deepEqual(readAs(writer, recordOf('R', [b('int')]), written), { b: 5 })
    assert.throws(() => readAs(writer, writer, written), { name: 'MalformedRecordError' })
  })

  it('makes each default anew, as a value of its type', () => {
    const reader = recordOf('R', [
      { name: 'list', type: arrayOf('int'), default: [1] },
      { name: 'map', type: mapOf(arrayOf('int')), default: { a: [1] } },
      { name: 'blob', type: 'bytes', default: '\u0000ÿ' },
      { name: 'fixed', type: fixedOf('F', 2), default: 'ab' },
      { name: 'inner', type: recordOf('S', [a('int', { default: 3 }), b('string')]), default: { b: 'x' } },
      { name: 'first', type: ['string', 'null'], default: 'x' },
      { name: 'second', type: ['null', 'string'], default: 'x' },
      { name: 'day', type: { type: 'int', logicalType: 'date' }, default: 1 },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }, default: '\u0001' },
      { name: 'side', type: enumOf('E', ['A', 'B']), default: 'B' },
      { name: 'float', type: 'float', default: 0.1 },
      { name: 'one', type: [recordOf('X', []), recordOf('Y', [a('int')])], default: { a: 1 } },
    ])
    const expected = {
      list: [1],
      map: { a: [1] },
      blob: bytes(0, 255),
      fixed: bytes(0x61, 0x62),
      inner: { a: 3, b: 'x' },
      first: 'x',
      second: 'x',
      day: '1970-01-02',
      price: '0.01',
      side: 'B',
      float: Math.fround(0.1),
      one: { X: {} },
    }
    const read = reread(recordOf('R', []), reader, {})
    assert.deepEqual(read, expected)
    const [one, two] = reread(arrayOf(recordOf('R', [])), arrayOf(reader), [{}, {}]) as (typeof expected)[]
    one.list.push(2)
    one.blob.fill(9)
    assert.deepEqual(two, expected)
    assert.deepEqual(reread(recordOf('R', []), recordOf('R', [a('long', { default: 5 })]), {}, 'bigint'), {
      a: 5n,
    })
  })

  it('refuses a default that is none for its type', () => {
    const wrong: readonly (readonly [AvroSchema, unknown])[] = [
      ['int', 2 ** 31],
      ['long', 2 ** 53],
      ['int', 'x'],
      [['null', 'int'], 'x'],
      ['bytes', 'Ā'],
      [fixedOf('F', 2), 'abc'],
      [enumOf('E', ['A']), 'B'],
      [arrayOf('int'), ['x']],
      [recordOf('S', [a('int')]), {}],
    ]
    for (const [type, json] of wrong) {
      assert.throws(() => avro<unknown>(recordOf('R', [a(type, { default: json })])), {
        name: ConfigurationError.name,
        message: /^Cannot read an Avro schema at R\.a: found the default .*, expected /,
      })
    }
  })
})

describe('logical types in schema resolution', () => {
  const millis = { type: 'long', logicalType: 'timestamp-millis' }
  const micros = { type: 'long', logicalType: 'timestamp-micros' }
  const nanos = { type: 'long', logicalType: 'timestamp-nanos' }
  const decimal = (precision: number, scale: number) => ({ type: 'bytes', logicalType: 'decimal', precision, scale })

  it('are converted where nothing is lost', () => {
    assert.equal(reread(millis, micros, 1_700_000_000_123), 1_700_000_000_123_000)
    assert.equal(reread(millis, nanos, -1), -1_000_000n)
    assert.equal(reread(micros, nanos, 5), 5000n)
    assert.equal(reread(millis, micros, 5, 'bigint'), 5000n)
    assert.equal(
      reread({ type: 'int', logicalType: 'time-millis' }, { type: 'long', logicalType: 'time-micros' }, 5),
      5000,
    )
    assert.equal(reread(decimal(6, 2), decimal(8, 4), '-12.50'), '-12.5000')
    assert.equal(reread(decimal(6, 0), decimal(8, 2), '7'), '7.00')
    assert.equal(reread(decimal(6, 2), decimal(9, 2), '12.50'), '12.50')
  })

  it('are refused where something could be lost', () => {
    refusesToReread(micros, millis, 5, /found long \(timestamp-micros\) at its top .*long \(timestamp-millis\)/)
    refusesToReread(decimal(6, 2), decimal(6, 1), '1.00', /decimal\(6, 2\).*decimal\(6, 1\)/)
    refusesToReread(decimal(6, 2), decimal(6, 3), '1.00', /decimal/)
    refusesToReread({ type: 'long', logicalType: 'local-timestamp-millis' }, millis, 5, /local-timestamp-millis/)
    refusesToReread({ type: 'int', logicalType: 'date' }, millis, '2024-01-01', /date/)
    refusesToReread(millis, micros, 8_640_000_000_000_000, /found the time .*, expected one within 2\^53/)
  })

  it('are taken as plain where only one side has one', () => {
    assert.equal(reread('long', millis, 5), 5)
    assert.equal(reread('int', millis, 5), 5)
    assert.equal(reread(millis, 'long', 5), 5)
    assert.equal(reread(millis, 'double', 5), 5)
    assert.equal(reread('int', { type: 'int', logicalType: 'date' }, 1), '1970-01-02')
    assert.deepEqual(reread(decimal(4, 2), 'bytes', '1.00'), bytes(100))
  })
})

function show(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each))
}
