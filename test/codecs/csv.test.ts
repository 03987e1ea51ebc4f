import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Codec } from '../../shared/codecs/codec.ts'
import { csv } from '../../shared/codecs/csv.ts'
import type { Field } from '../../shared/codecs/csv-field.ts'
import { bool, float, int, oneOf, optional, text } from '../../shared/codecs/csv-fields.ts'
import { timestamp } from '../../shared/codecs/csv-timestamp.ts'
import { ConfigurationError, MalformedRecordError } from '../../shared/model/errors.ts'

const trades = csv({
  time: timestamp('yyyy-MM-dd HH:mm:ss'),
  orderId: int,
  clientId: int,
  symbol: text,
  amount: int,
  price: float,
  side: oneOf('B', 'S'),
})

type Trade = {
  readonly time: number
  readonly orderId: number
  readonly clientId: number
  readonly symbol: string
  readonly amount: number
  readonly price: number
  readonly side: 'B' | 'S'
}

const line = '2016-03-22 20:25:28,1,80,EPE,710,55.50,B'
const trade: Trade = {
  time: Date.UTC(2016, 2, 22, 20, 25, 28),
  orderId: 1,
  clientId: 80,
  symbol: 'EPE',
  amount: 710,
  price: 55.5,
  side: 'B',
}

function decode<T>(codec: Codec<T>, given: string | Uint8Array): T {
  const bytes = Buffer.from(given)
  return codec.decode(bytes, 0, bytes.length)
}

const encode = <T>(codec: Codec<T>, value: T): string => Buffer.from(codec.encode(value)).toString('utf8')

function refuses<T>(codec: Codec<T>, given: string | Uint8Array, message: string): void {
  assert.throws(
    () => decode(codec, given),
    error => {
      assert.ok(error instanceof MalformedRecordError, String(error))
      assert.equal(error.message, message)
      return true
    },
  )
}

/** Compiles only if both are the same type, `readonly` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <Claim extends true>(claim: Claim): void => assert.ok(claim)

describe('csv()', () => {
  it('decodes a line to an object with the types of its fields', () => {
    const decoded: Trade = decode(trades, line)
    assert.deepEqual(decoded, trade)
    holds<Same<ReturnType<typeof trades.decode>, Trade>>(true)
  })

  it('infers every kind of field without a cast', () => {
    const codec = csv({ on: bool, note: optional(text), kind: optional(oneOf('a', 'b')) })
    type Expected = { readonly on: boolean; readonly note: string | undefined; readonly kind: 'a' | 'b' | undefined }
    holds<Same<ReturnType<typeof codec.decode>, Expected>>(true)
    // @ts-expect-error a word that is not among the choices does not compile
    assert.throws(() => codec.encode({ on: true, note: undefined, kind: 'c' }), RangeError)
  })

  it('reads exactly the bytes it is told to, from a Buffer or a plain Uint8Array', () => {
    const around = Buffer.from(`1,2,3\n${line}\n4,5,6`)
    const end = 6 + line.length
    assert.deepEqual(trades.decode(around, 6, end), trade)
    assert.deepEqual(trades.decode(new Uint8Array(around), 6, end), trade)
    const shifted = new Uint8Array(new Uint8Array(Buffer.concat([Buffer.from('xyz'), around])).buffer, 3)
    assert.deepEqual(trades.decode(shifted, 6, end), trade)
  })

  it('tolerates the line break of any system at the end of the line', () => {
    for (const lineBreak of ['\n', '\r\n', '\r']) assert.deepEqual(decode(trades, line + lineBreak), trade)
    assert.deepEqual(decode(csv({ a: text, b: text }), 'x,\r\n'), { a: 'x', b: '' })
  })

  it('does not change what it decoded when the bytes are used again', () => {
    const bytes = Buffer.from('a symbol that is longer than what is cached,x')
    const decoded = csv({ a: text, b: text }).decode(bytes, 0, bytes.length)
    bytes.fill(0x21)
    assert.deepEqual(decoded, { a: 'a symbol that is longer than what is cached', b: 'x' })
  })

  it('gives one hidden class to all rows, in the order of the columns', () => {
    assert.deepEqual(Object.keys(decode(trades, line)), Object.keys(trade))
    assert.deepEqual(Object.keys(decode(trades, `"${line.replaceAll(',', '","')}"`)), Object.keys(trade))
  })

  it('takes names that are no identifiers', () => {
    const codec = csv({ 'order id': int, 'a"b\\c\n': int, constructor: int, '': int })
    assert.deepEqual(decode(codec, '1,2,3,4'), { 'order id': 1, 'a"b\\c\n': 2, constructor: 3, '': 4 })
  })

  it('keeps its place when lines that cannot be read come in between', () => {
    for (const given of ['', 'x', '"', `${line},`, '2016-03-22 20:25:28,1,80']) {
      assert.throws(() => decode(trades, given), MalformedRecordError)
      assert.deepEqual(decode(trades, line), trade)
    }
  })

  it('takes a field made by hand', () => {
    const hex: Field<number> = {
      expected: 'a byte in hexadecimal digits',
      parse: value => Number.parseInt(value, 16),
      format: value => value.toString(16),
    }
    const codec = csv({ color: hex, name: text })
    assert.deepEqual(decode(codec, 'ff,red'), { color: 255, name: 'red' })
    assert.equal(encode(codec, { color: 10, name: 'black' }), 'a,black')
    assert.deepEqual(decode(csv({ color: optional(hex), name: text }), ',red'), { color: undefined, name: 'red' })
  })
})

describe('csv() quoting', () => {
  const pair = csv({ name: text, note: text })

  it('reads what RFC 4180 allows inside quotes', () => {
    assert.deepEqual(decode(pair, '"a, b","c ""quoted"" d"'), { name: 'a, b', note: 'c "quoted" d' })
    assert.deepEqual(decode(pair, '"two\nlines","two\r\nlines"'), { name: 'two\nlines', note: 'two\r\nlines' })
    assert.deepEqual(decode(pair, '"",""""'), { name: '', note: '"' })
    assert.deepEqual(decode(pair, '"東京",köln'), { name: '東京', note: 'köln' })
  })

  it('reads quoted columns of every field', () => {
    assert.deepEqual(decode(trades, `"${line.replaceAll(',', '","')}"\r\n`), trade)
  })

  it('writes quotes only where they are needed', () => {
    assert.equal(encode(trades, trade), '2016-03-22 20:25:28,1,80,EPE,710,55.5,B')
    assert.equal(encode(pair, { name: 'a, b', note: 'c "d"' }), '"a, b","c ""d"""')
    assert.equal(encode(pair, { name: 'a\r', note: 'b\nc' }), '"a\r","b\nc"')
    assert.equal(encode(csv({ name: text, note: text }, { delimiter: '|' }), { name: 'a,b', note: 'c|d' }), 'a,b|"c|d"')
  })

  it('keeps a missing value and an empty text apart', () => {
    const codec = csv({ id: int, note: optional(text) })
    assert.deepEqual(decode(codec, '1,'), { id: 1, note: undefined })
    assert.deepEqual(decode(codec, '1,""'), { id: 1, note: '' })
    assert.equal(encode(codec, { id: 1, note: undefined }), '1,')
    assert.equal(encode(codec, { id: 1, note: '' }), '1,""')
  })

  it('never writes an empty line but for a missing value', () => {
    assert.equal(encode(csv({ name: text }), { name: '' }), '""')
    assert.deepEqual(decode(csv({ name: text }), '""'), { name: '' })
    assert.equal(encode(csv({ name: optional(text) }), { name: undefined }), '')
    assert.deepEqual(decode(csv({ name: optional(text) }), ''), { name: undefined })
  })

  it('quotes a time, a word or a number that holds the delimiter', () => {
    const codec = csv({ time: timestamp('yyyy-MM-dd HH:mm:ss'), word: oneOf('a:b', 'c'), n: int }, { delimiter: ':' })
    const row = { time: trade.time, word: 'a:b', n: -1 } as const
    assert.equal(encode(codec, row), '"2016-03-22 20:25:28":"a:b":-1')
    assert.deepEqual(decode(codec, encode(codec, row)), row)
    refuses(codec, '2016-03-22 20:25:28:c:1', 'Cannot read the line: found 5 columns, expected 3')
  })
})

describe('csv() refuses a line', () => {
  const two = csv({ name: text, count: int })

  it('with the wrong number of columns', () => {
    refuses(trades, '2016-03-22 20:25:28,1,80,EPE,710,55.50', 'Cannot read the line: found 6 columns, expected 7')
    refuses(trades, `${line},`, 'Cannot read the line: found 8 columns, expected 7')
    refuses(trades, 'total', 'Cannot read the line: found 1 column, expected 7')
    refuses(two, `"a,b",1,"open`, 'Cannot read the line: found 3 columns, expected 2')
  })

  it('that is empty', () => {
    for (const empty of ['', '\n', '\r\n']) {
      refuses(trades, empty, 'Cannot read the line: found nothing, expected 7 columns')
    }
    refuses(csv({ name: text }), '', 'Cannot read the line: found nothing, expected 1 column')
  })

  it('with a column that its field cannot read', () => {
    const column = (at: number, value: string): string => line.split(',').with(at, value).join(',')
    const message = (at: number, name: string, value: string, expected: string): string =>
      `Cannot read column ${at + 1} "${name}": found "${value}", expected ${expected}`
    refuses(trades, column(4, '12x'), message(4, 'amount', '12x', 'a whole number'))
    refuses(trades, column(4, '1.5'), message(4, 'amount', '1.5', 'a whole number'))
    refuses(trades, column(4, ''), message(4, 'amount', '', 'a whole number'))
    refuses(trades, column(5, 'NaN'), message(5, 'price', 'NaN', 'a number'))
    refuses(trades, column(6, 'X'), message(6, 'side', 'X', 'one of "B", "S"'))
    refuses(
      trades,
      column(0, '2016-02-30 10:00:00'),
      'Cannot read column 1 "time": found "2016-02-30 10:00:00", expected a time as "yyyy-MM-dd HH:mm:ss"',
    )
    refuses(csv({ on: bool }), 'yes', 'Cannot read column 1 "on": found "yes", expected true or false')
    refuses(csv({ n: optional(int) }), 'x', 'Cannot read column 1 "n": found "x", expected a whole number or nothing')
  })

  it('with quotes that do not pair up', () => {
    refuses(two, '"abc,1', 'Cannot read column 1 "name": found "\\"abc,1", expected a closing quote')
    refuses(two, 'abc,"1', 'Cannot read column 2 "count": found "\\"1", expected a closing quote')
    const right = 'quotes around the whole column, doubled inside it'
    refuses(two, '5" pipe,1', `Cannot read column 1 "name": found "5\\" pipe", expected ${right}`)
    refuses(two, '"a"b,1', `Cannot read column 1 "name": found "\\"a\\"b", expected ${right}`)
  })

  it('that is binary', () => {
    refuses(two, 'a\0b,1', 'Cannot read column 1 "name": found "a\\u0000b", expected text without NUL')
    refuses(two, '"a\0b",1', 'Cannot read column 1 "name": found "\\"a\\u0000b\\"", expected text without NUL')
    refuses(two, Buffer.from('61ff2c31', 'hex'), 'Cannot read column 1 "name": found "a\ufffd", expected UTF-8')
    refuses(
      two,
      Buffer.from('2261ff222c31', 'hex'),
      'Cannot read column 1 "name": found "\\"a\ufffd\\"", expected UTF-8',
    )
  })

  it('that is two lines', () => {
    const message = 'Cannot read column 1 "name": found "a\\nb", expected line breaks only inside quotes'
    refuses(two, 'a\nb,1', message)
  })

  it('and shortens what it quotes', () => {
    const message = `Cannot read column 2 "count": found "${'x'.repeat(80)}…", expected a whole number`
    refuses(two, `a,${'x'.repeat(100_000)}`, message)
    refuses(
      two,
      'a,\u001b[31m\u202e',
      'Cannot read column 2 "count": found "\\u001b[31m\\u202e", expected a whole number',
    )
  })
})

describe('csv() refuses to write', () => {
  const codec = csv({ n: int, x: float, name: text, time: timestamp('yyyy-MM-dd HH:mm:ss') })
  const row = { n: 1, x: 1, name: 'a', time: 0 }
  const refusesToWrite = (value: typeof row, message: string): void =>
    assert.throws(() => codec.encode(value), { name: 'RangeError', message })

  it('what would not be read back as it is', () => {
    refusesToWrite({ ...row, n: 1.5 }, 'Cannot write column 1 "n": found 1.5, expected a whole number')
    refusesToWrite({ ...row, n: 2 ** 53 }, 'Cannot write column 1 "n": found 9007199254740992, expected a whole number')
    refusesToWrite({ ...row, x: Number.NaN }, 'Cannot write column 2 "x": found NaN, expected a number')
    refusesToWrite({ ...row, name: 'a\0b' }, 'Cannot write column 3 "name": found "a\\u0000b", expected text')
    refusesToWrite({ ...row, name: '\ud800' }, 'Cannot write column 3 "name": found "\\ud800", expected text')
    const right = 'expected a time as "yyyy-MM-dd HH:mm:ss"'
    refusesToWrite({ ...row, time: 1 }, `Cannot write column 4 "time": found 1, ${right}`)
    refusesToWrite({ ...row, time: Number.NaN }, `Cannot write column 4 "time": found NaN, ${right}`)
    refusesToWrite(
      { ...row, time: 253_402_300_800_000 },
      `Cannot write column 4 "time": found 253402300800000, ${right}`,
    )
  })
})

describe('csv() is refused when it is built', () => {
  const refused = (build: () => unknown, message: string): void =>
    assert.throws(build, error => error instanceof ConfigurationError && error.message === message)

  it('without columns', () => {
    refused(() => csv({}), 'Cannot make a CSV codec: it has no columns, one or more would be right')
  })

  it('with a name that a plain object cannot have in its place', () => {
    for (const name of ['0', '12', '__proto__']) {
      const message = `Cannot make a CSV codec: a column is named "${name}", a name such as "column1" would be right`
      refused(() => csv({ a: int, [name]: int }), message)
    }
  })

  it('with a delimiter that numbers or quotes are made of', () => {
    for (const delimiter of ['', ',,', '"', '\n', '\r', '\0', 'é', 'a', '5', '.', '-', '+']) {
      assert.throws(() => csv({ a: int }, { delimiter }), ConfigurationError, delimiter)
    }
    for (const delimiter of [',', ';', '|', '\t', ' ', ':', '/']) csv({ a: int }, { delimiter })
  })
})
