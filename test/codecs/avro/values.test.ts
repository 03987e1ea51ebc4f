import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { avro } from '../../../shared/codecs/avro/index.ts'
import { again, decode, refusesToRead, refusesToWrite } from './reading.ts'

const order = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Line',
          fields: [
            { name: 'price', type: 'double' },
            { name: 'tags', type: { type: 'map', values: 'int' } },
          ],
        },
      },
    },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
} as const

describe('avro()', () => {
  it('writes the examples of the specification', () => {
    // "Binary Encoding": zigzag integers, a string, the record test, an array, a union.
    for (const [value, hex] of [
      [0, '00'],
      [-1, '01'],
      [1, '02'],
      [-2, '03'],
      [2, '04'],
      [-64, '7f'],
      [64, '8001'],
    ] as const) {
      assert.equal(Buffer.from(avro('long').encode(value)).toString('hex'), hex)
      assert.equal(Buffer.from(avro('int').encode(value)).toString('hex'), hex)
    }
    assert.equal(Buffer.from(avro('string').encode('foo')).toString('hex'), '06666f6f')
    const test = avro({
      type: 'record',
      name: 'test',
      fields: [
        { name: 'a', type: 'long' },
        { name: 'b', type: 'string' },
      ],
    })
    assert.equal(Buffer.from(test.encode({ a: 27, b: 'foo' })).toString('hex'), '3606666f6f')
    assert.equal(Buffer.from(avro({ type: 'array', items: 'long' }).encode([3, 27])).toString('hex'), '04063600')
    const union = avro(['null', 'string'])
    assert.equal(Buffer.from(union.encode(null)).toString('hex'), '00')
    assert.equal(Buffer.from(union.encode('a')).toString('hex'), '020261')
  })

  it('never rounds a long', () => {
    const largest = Buffer.from('feffffffffffffffff01', 'hex')
    refusesToRead(
      avro('long'),
      largest,
      'Cannot read the value: found the long 9223372036854775807, expected one within 2^53, or the option long: "bigint"',
    )
    assert.equal(decode(avro('long', { long: 'bigint' }), largest), 2n ** 63n - 1n)
    assert.equal(decode(avro('long', { long: 'either' }), largest), 2n ** 63n - 1n)
    assert.equal(decode(avro('long', { long: 'either' }), Buffer.of(4)), 2)
    const edges = [2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 28, 2 ** 27 - 1, -(2 ** 27) - 1, 2 ** 34]
    for (const edge of edges) assert.equal(again('long', edge), edge)
    for (const edge of [2n ** 53n, -(2n ** 53n), -(2n ** 63n), 2n ** 62n]) {
      assert.equal(again('long', edge, { long: 'bigint' }), edge)
    }
    for (const edge of [2n ** 53n, -(2n ** 53n)]) {
      assert.equal(again('long', edge, { long: 'either' }), edge)
      refusesToRead(avro('long'), avro('long', { long: 'bigint' }).encode(edge), /expected one within 2\^53/)
    }
    refusesToWrite(avro('long'), 2 ** 53, /found 9007199254740992, expected a long/)
    refusesToWrite(avro('long'), 2n ** 63n, /found 9223372036854775808n/)
    refusesToWrite(avro('long'), 1.5, /found 1.5, expected a long of 64 bits/)
  })

  it('says where in the value, what was found and what was expected', () => {
    const codec = avro(order)
    const value = {
      id: 1,
      lines: [
        { price: 1, tags: {} },
        { price: 2, tags: { 'a.b': 3 } },
      ],
      note: 'x',
    }
    const bytes = Buffer.from(codec.encode(value))
    assert.deepEqual(decode(codec, bytes), value)
    const path = (cut: number, message: string) => refusesToRead(codec, bytes.subarray(0, cut), message)
    path(0, 'Cannot read id: found no bytes left, expected a long of at most 64 bits')
    path(5, 'Cannot read lines[0].price: found 3 bytes left, expected 8 for a double')
    path(19, 'Cannot read lines[1].tags: found no bytes left, expected a long of at most 64 bits')
    path(24, 'Cannot read lines[1].tags["a.b"]: found no bytes left, expected an int of at most 32 bits')
    path(bytes.length - 1, 'Cannot read note: found 0 bytes left, expected 1 for a string')
    refusesToRead(codec, [...bytes, 0, 0], 'Cannot read the value: found 2 bytes behind the value, expected none')
    const wrong: unknown = { ...value, lines: [{ price: 1, tags: { a: 1, b: 'c' } }] }
    refusesToWrite(codec, wrong, 'Cannot write lines[0].tags["b"]: found "c", expected an int of 32 bits')
    refusesToWrite(codec, { ...value, note: undefined }, 'Cannot write note: found undefined, expected null or string')
    refusesToWrite(
      codec,
      [],
      'Cannot write id: found undefined, expected a long of 64 bits: a whole number within 2^53, or a bigint',
    )
    refusesToWrite(codec, 'x', 'Cannot write the value: found "x", expected an object as record Order')
    assert.deepEqual(decode(codec, codec.encode(value)), value)
  })

  it('refuses values that would not come back', () => {
    refusesToWrite(avro('int'), 2 ** 31, /expected an int of 32 bits/)
    refusesToWrite(avro('float'), 1e39, /expected a float, which is below 2\^128/)
    refusesToWrite(avro('string'), '\ud800', /half of a surrogate pair/)
    refusesToWrite(avro('boolean'), 1, 'Cannot write the value: found 1, expected true or false')
    refusesToWrite(avro('bytes'), 'x', /expected bytes as a Uint8Array/)
    refusesToWrite(avro({ type: 'fixed', name: 'F', size: 2 }), new Uint8Array(3), /found 3 bytes, expected 2 bytes/)
    refusesToWrite(
      avro({ type: 'enum', name: 'E', symbols: ['A', 'B'] }),
      'C',
      'Cannot write the value: found "C", expected one of A, B',
    )
    refusesToWrite(avro({ type: 'array', items: 'null' }), new Array(70_000).fill(null), /at most 65536 in a value/)
    refusesToWrite(avro({ type: 'array', items: 'null' }), null, /found null, expected an array/)
  })

  it('keeps neither the bytes nor what it was given', () => {
    const codec = avro({ type: 'array', items: 'bytes' })
    const bytes = Buffer.from(codec.encode([Uint8Array.of(1, 2)]))
    const [blob] = decode(codec, bytes)
    bytes.fill(0)
    assert.deepEqual(blob, Uint8Array.of(1, 2))
  })

  it('reads maps with any keys', () => {
    const value = Object.fromEntries([
      ['__proto__', 1],
      ['constructor', 2],
      ['', 3],
      ['2', 4],
    ])
    const read = again({ type: 'map', values: 'int' }, value)
    assert.deepEqual(Object.entries(read ?? {}).sort(), Object.entries(value).sort())
    assert.equal(Object.getPrototypeOf(read), Object.prototype)
  })

  it('reads exactly the bytes it is told to', () => {
    const codec = avro('string')
    assert.equal(codec.decode(Buffer.from('ff0261ff', 'hex'), 1, 3), 'a')
    assert.equal(codec.decode(new Uint8Array([255, 2, 97, 255]), 1, 3), 'a')
  })

  it('reads blocks that say their size, and several of them', () => {
    const codec = avro({ type: 'array', items: 'int' })
    // Two items in a block of two bytes, then one item.
    assert.deepEqual(decode(codec, Buffer.from('03040204020600', 'hex')), [1, 2, 3])
    refusesToRead(codec, [3, 6, 2, 4, 2, 0], /a block of items that ends -1 bytes off|ends .* off/)
    refusesToRead(
      codec,
      [3, 20, 2, 4],
      'Cannot read the value: found a block of 10 bytes, expected at most the 2 that are left',
    )
  })
})

describe('unions of avro()', () => {
  it('are written by the first branch that holds the value exactly', () => {
    const hex = (schema: Parameters<typeof again>[0], value: unknown) =>
      Buffer.from(avro<unknown>(schema, { long: 'either' }).encode(value)).toString('hex')
    const numbers = ['int', 'long', 'float', 'double'] as const
    assert.equal(hex(numbers, 5), '000a')
    assert.equal(hex(numbers, 2 ** 31), '028080808010')
    assert.equal(hex(numbers, 2n ** 62n).slice(0, 2), '02')
    assert.equal(hex(numbers, 0.5), '040000003f')
    assert.equal(hex(numbers, 0.1).slice(0, 2), '06')
    assert.equal(hex(numbers, -0), '0400000080')
    assert.equal(hex(['int', 'float'], 0.1).slice(0, 2), '02')
    assert.equal(hex([{ type: 'enum', name: 'E', symbols: ['A'] }, 'string'], 'A'), '0000')
    assert.equal(hex([{ type: 'enum', name: 'E', symbols: ['A'] }, 'string'], 'B'), '020242')
    assert.equal(hex([{ type: 'fixed', name: 'F', size: 1 }, 'bytes'], Uint8Array.of(1, 2)), '02040102')
    assert.equal(hex(['null', 'boolean', 'string'], true), '0201')
    assert.equal(hex(['null', { type: 'int', logicalType: 'date' }, 'string'], '1970-01-02'), '0202')
    assert.equal(hex(['null', { type: 'int', logicalType: 'date' }, 'string'], 'tomorrow').slice(0, 2), '04')
    refusesToWrite(
      avro<unknown>(['null', 'int', { type: 'array', items: 'int' }]),
      'x',
      'Cannot write the value: found "x", expected one of null, int, array',
    )
  })

  it('tell objects apart by name where there are several', () => {
    const payment = [
      'null',
      { type: 'record', name: 'pay.Card', fields: [{ name: 'number', type: 'string' }] },
      { type: 'record', name: 'pay.Cash', fields: [] },
      { type: 'map', values: 'int' },
    ] as const
    const codec = avro(payment)
    for (const value of [null, { 'pay.Card': { number: '1' } }, { 'pay.Cash': {} }, { map: { a: 1 } }] as const) {
      assert.deepEqual(decode(codec, codec.encode(value)), value)
    }
    refusesToWrite(
      codec,
      { number: '1' },
      /expected one of null, \{ "pay.Card": … \}, \{ "pay.Cash": … \}, \{ "map": … \}/,
    )
    refusesToWrite(codec, { 'pay.Card': { number: 1 } }, 'Cannot write ["pay.Card"].number: found 1, expected a string')
  })
})

describe('logical types of avro()', () => {
  it('are plain values that compare and print', () => {
    const decimal = { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 2 }
    for (const text of [
      '0.00',
      '12.50',
      '-0.01',
      '1.28',
      '-1.28',
      '-1.29',
      '999999999999999999.99',
      '-99999999999999999.00',
    ]) {
      assert.equal(again(decimal, text), text)
    }
    assert.equal(again(decimal, '12.5'), '12.50')
    assert.equal(again(decimal, '-0'), '0.00')
    assert.equal(again(decimal, '007.1000'), '7.10')
    const whole = { type: 'fixed', name: 'D', size: 12, logicalType: 'decimal', precision: 28 }
    assert.equal(again(whole, '-1234567890123456789012345678'), '-1234567890123456789012345678')
    for (const day of ['1970-01-01', '2024-02-29', '0001-01-01', '-000001-12-31', '+012345-06-07']) {
      assert.equal(again({ type: 'int', logicalType: 'date' }, day), day)
    }
    assert.equal(again({ type: 'long', logicalType: 'timestamp-millis' }, 1_700_000_000_123), 1_700_000_000_123)
    assert.equal(again({ type: 'long', logicalType: 'timestamp-nanos' }, 2n ** 62n), 2n ** 62n)
    assert.equal(
      again({ type: 'long', logicalType: 'time-micros' }, 86_399_999_999, { long: 'bigint' }),
      86_399_999_999,
    )
    const id = '01234567-89ab-cdef-0123-456789abcdef'
    assert.equal(again({ type: 'string', logicalType: 'uuid' }, id), id)
    assert.equal(again({ type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' }, id), id)
    const duration = { months: 1, days: 2 ** 32 - 1, milliseconds: 3 }
    assert.deepEqual(again({ type: 'fixed', name: 'L', size: 12, logicalType: 'duration' }, duration), duration)
  })

  it('are checked both ways', () => {
    const decimal = avro<unknown>({ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 })
    refusesToWrite(
      decimal,
      '123.45',
      'Cannot write the value: found "123.45", expected at most 4 digits, 2 of them behind the point',
    )
    refusesToWrite(
      decimal,
      '1.234',
      'Cannot write the value: found "1.234", expected at most 2 digits behind the point',
    )
    refusesToWrite(decimal, '1e2', /expected a decimal as text/)
    refusesToWrite(decimal, 12.5, /found 12.5, expected a decimal as text/)
    refusesToRead(decimal, [4, 0x7f, 0xff], 'Cannot read the value: found a decimal of 5 digits, expected at most 4')
    refusesToRead(decimal, [0], 'Cannot read the value: found a decimal of no bytes, expected one or more')
    refusesToRead(decimal, [18, 1, 0, 0, 0, 0, 0, 0, 0, 0], /found a decimal of 9 bytes/)
    const day = avro<unknown>({ type: 'int', logicalType: 'date' })
    for (const wrong of ['2023-02-30', '2023-2-3', '-000000-01-01', 5, '+999999-01-01']) {
      refusesToWrite(day, wrong, /expected a date/)
    }
    refusesToRead(day, Buffer.from(avro('int').encode(2 ** 31 - 1)), /found day 2147483647, expected a date between/)
    refusesToWrite(
      avro<unknown>({ type: 'int', logicalType: 'time-millis' }),
      86_400_000,
      /expected a time of day from 0 to 86399999/,
    )
    refusesToRead(
      avro<unknown>({ type: 'string', logicalType: 'uuid' }),
      [2, 97],
      'Cannot read the value: found "a", expected a UUID',
    )
    refusesToWrite(avro<unknown>({ type: 'string', logicalType: 'uuid' }), 'a', /expected a UUID/)
    refusesToWrite(
      avro<unknown>({ type: 'fixed', name: 'L', size: 12, logicalType: 'duration' }),
      { months: 1 },
      /found days undefined/,
    )
  })

  it('that are not known are none', () => {
    assert.equal(again({ type: 'string', logicalType: 'url' }, 'x'), 'x')
  })
})
