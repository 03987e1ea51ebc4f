import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { csv } from '../../shared/codecs/csv.ts'
import { bool, float, int, oneOf, optional, text } from '../../shared/codecs/csv-fields.ts'
import { timestamp } from '../../shared/codecs/csv-timestamp.ts'
import { ConfigurationError, MalformedRecordError } from '../../shared/model/errors.ts'
import { columnChecks } from './csv-column.ts'
import { Random } from './random.ts'

const { read, reads, refuses } = columnChecks()

describe('int', () => {
  it('reads whole numbers that are safe integers', () => {
    for (const [column, value] of [
      ['0', 0],
      ['-0', 0],
      ['007', 7],
      ['+7', 7],
      ['-12', -12],
      ['2147483648', 2 ** 31],
      ['1458678420000000', 1458678420000000],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
      ['-9007199254740991', Number.MIN_SAFE_INTEGER],
      ['00000000000000000000001', 1],
    ] as const) {
      reads(int, column, value)
    }
  })

  it('refuses everything else', () => {
    const unsafe = [
      '9007199254740992',
      '9007199254740993',
      '-9007199254740992',
      '99999999999999999999',
      '9999999999999999',
    ]
    const noDigits = ['', '-', '+', 'x', ' 1', '1 ', '1.0', '1e3', '0x10', '--1', '1-', '1_000', '١', 'NaN', 'Infinity']
    for (const column of [...unsafe, ...noDigits]) refuses(int, column)
  })
})

describe('float', () => {
  it('reads the same double as Number for 100,000 random decimals', () => {
    const random = new Random(1)
    const codec = csv({ x: float })
    for (let i = 0; i < 100_000; i++) {
      const column = randomDecimal(random)
      const bytes = Buffer.from(column)
      const { x } = codec.decode(bytes, 0, bytes.length)
      if (!Object.is(x, Number(column))) assert.equal(x, Number(column), column)
    }
  })

  it('reads both ways alike what a double can just hold, or not quite', () => {
    for (const column of [
      '0.30000000000000004',
      '5e-324',
      '1.7976931348623157e308',
      '-2.2250738585072014e-308',
      '9007199254740993',
      '9007199254740992.5',
      '0.9007199254740993',
      '0.0000009007199254740991',
      '0.0000001234567890123456',
      '0.00000001234567890123456',
      '00000000000000000000012.5',
      '1e22',
      '1e23',
      '123456789012345678901234567890',
      '0.000000000000000000000000000000000001',
      '.5',
      '5.',
      '+1.5',
      '-.5E+1',
      '1e-400',
    ]) {
      reads(float, column, Number(column))
    }
    reads(float, '-0', -0)
    reads(float, '-0.000', -0)
  })

  it('refuses what is no decimal number or beyond all doubles', () => {
    for (const column of ['', '-', '.', '-.', 'e5', '1e', '1e+', '1.2.3', '1;5', ' 1', '1 ', '0x1', '1f']) {
      refuses(float, column)
    }
    for (const column of ['NaN', 'Infinity', '-Infinity', '1e309', '1_0', '--1', '1-']) refuses(float, column)
  })

  it('refuses a megabyte of digits that ends in a letter without delay', { timeout: 5_000 }, () => {
    const codec = csv({ x: float })
    const bytes = Buffer.from(`${'1'.repeat(1_000_000)}x`)
    assert.throws(() => codec.decode(bytes, 0, bytes.length), MalformedRecordError)
  })
})

function randomDecimal(random: Random): string {
  const sign = random.pick(['', '', '-'])
  const digits = (most: number): string => random.textOf([...'0123456789'], most)
  switch (random.below(5)) {
    case 0:
      return `${sign}${random.below(1000)}.${digits(2)}`
    case 1:
      return `${sign}${random.below(10)}${digits(18)}.${digits(25)}`
    case 2:
      return `${sign}${random.fraction() * 10 ** random.between(-5, 5)}`
    case 3:
      return `${sign}${(random.fraction() + random.fraction()) / 3}`
    default:
      return `${sign}${random.below(10)}${digits(20)}.${digits(20)}e${random.between(-330, 285)}`
  }
}

describe('text', () => {
  it('reads UTF-8 and keeps every character, a byte order mark too', () => {
    for (const value of [
      '',
      ' a ',
      'EPE',
      'köln-東京',
      '\ufeffa',
      '\ufffd',
      "it's",
      '👩‍🚀',
      'a\tb',
      'x'.repeat(5000),
    ]) {
      reads(text, value, value)
    }
  })

  it('gives each of many texts back, with more of them than it keeps', () => {
    const codec = csv({ a: text })
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(`text ${(i * 7919) % 5003}`)
      assert.equal(codec.decode(bytes, 0, bytes.length).a, bytes.toString())
    }
  })
})

describe('bool and oneOf()', () => {
  it('read their words and nothing else', () => {
    reads(bool, 'true', true)
    reads(bool, 'false', false)
    for (const column of ['', 'tru', 'trues', 'True', '1', 'fals']) refuses(bool, column)
    const side = oneOf('B', 'S', 'both', 'größer')
    for (const word of ['B', 'S', 'both', 'größer'] as const) reads(side, word, word)
    for (const column of ['', 'b', 'Bo', 'BS', 'constructor']) refuses(side, column)
  })

  it('names its choices in the message', () => {
    assert.equal(oneOf('a', 'b "c"').expected, 'one of "a", "b \\"c\\""')
  })

  it('is refused without choices that can be told apart', () => {
    const refused = (choices: string[], message: string): void =>
      assert.throws(() => oneOf(...choices), { name: 'ConfigurationError', message })
    refused([], 'Cannot make oneOf(): there is nothing to choose from, one word or more would be right')
    refused(['a', ''], 'Cannot make oneOf("a", ""): a choice is empty, optional(oneOf(...)) would be right')
    refused(['a', 'a'], 'Cannot make oneOf("a", "a"): "a" is there twice, once would be right')
    refused(['a\0'], 'Cannot make oneOf("a\\u0000"): "a\\u0000" cannot be written, text without NUL would be right')
  })
})

describe('optional()', () => {
  it('reads an empty column as undefined, of any field', () => {
    const fields = [int, float, text, bool, oneOf('x'), timestamp('yyyyMMdd'), optional(int)]
    for (const field of fields) assert.equal(read(optional<unknown>(field), ''), undefined)
    reads(optional(int), '5', 5)
    reads(optional(text), '""', '')
    reads(optional(timestamp('yyyyMMdd')), '19700102', 86_400_000)
    refuses(optional(int), 'x')
  })
})

describe('timestamp()', () => {
  it('reads what its pattern says, in UTC', () => {
    const time = Date.UTC(2016, 2, 22, 20, 25, 28)
    reads(timestamp('yyyy-MM-dd HH:mm:ss'), '2016-03-22 20:25:28', time)
    reads(timestamp('yyyy-MM-ddTHH:mm:ss.SSSZ'), '2016-03-22T20:25:28.007Z', time + 7)
    reads(timestamp('yyyyMMddHHmmss'), '20160322202528', time)
    reads(timestamp('dd/MM/yyyy'), '22/03/2016', Date.UTC(2016, 2, 22))
    reads(timestamp("'on' dd.MM.yyyy 'at' HH 'o''''clock'"), "on 22.03.2016 at 20 o'clock", Date.UTC(2016, 2, 22, 20))
  })

  it('reads every day of the years 0000 to 9999, and writes it back', () => {
    const field = timestamp('yyyy-MM-dd')
    const codec = csv({ day: field })
    for (let day = Date.parse('0000-01-01T00:00:00Z'); day < 253_402_300_800_000; day += 17 * 86_400_000) {
      const line = new Date(day).toISOString().slice(0, 10)
      const bytes = Buffer.from(line)
      assert.equal(codec.decode(bytes, 0, bytes.length).day, day)
      assert.equal(field.format(day), line)
    }
  })

  it('refuses days and hours that there are not, whatever was read before', () => {
    const field = timestamp('yyyy-MM-dd HH:mm:ss')
    const days = [
      '2016-02-30',
      '2015-02-29',
      '1900-02-29',
      '2016-04-31',
      '2016-13-01',
      '2016-00-10',
      '2016-01-00',
      '2016-01-32',
    ]
    for (const day of days) refuses(field, `${day} 10:00:00`)
    for (const hour of ['24:00:00', '23:60:00', '23:59:60', '2x:00:00', '-1:00:00'])
      refuses(field, `2016-01-01 ${hour}`)
    for (const other of ['', '2016-01-01', '2016-01-01T10:00:00', '2016-01-01 10:00:00 ', 'yyyy-MM-dd HH:mm:ss'])
      refuses(field, other)
    reads(field, '2016-02-29 10:00:00', Date.UTC(2016, 1, 29, 10))
    reads(field, '2000-02-29 10:00:00', Date.UTC(2000, 1, 29, 10))
    refuses(timestamp('yyyyMMddHHmmssSSS'), '20160101000000x00')
    refuses(timestamp('yyyy-MM-dd'), '２016-01-0')
  })

  it('is refused with a pattern that it would misread', () => {
    const refused = (pattern: string, what: string): void =>
      assert.throws(() => timestamp(pattern), {
        name: ConfigurationError.name,
        message: `Cannot use timestamp pattern ${JSON.stringify(pattern)}: ${what}`,
      })
    const expected = 'expected yyyy, MM, dd, HH, mm, ss, SSS or a literal, with letters in single quotes'
    refused('YYYY-MM-dd', `found "YYYY", ${expected}`)
    refused('yyyy-MM-DD', `found "DD", ${expected}`)
    refused('yy-MM-dd', `found "yy", ${expected}`)
    refused('yyyy-MM-dd hh:mm', `found "hh", ${expected}`)
    refused('yyyy-MM-ddx', `found "x", ${expected}`)
    refused("yyyy-MM-dd'T", `found "'", ${expected}`)
    refused('yyyy-MM-dd MM', '"MM" is there twice, once would be right')
    refused('', 'it has no "yyyy", a whole date would be right')
    refused('HH:mm', 'it has no "yyyy", a whole date would be right')
    refused('yyyy-MM', 'it has no "dd", a whole date would be right')
    refused('yyyy-MM-dd mm', 'it has "mm" without "HH", both would be right')
    refused('yyyy-MM-dd HH:mm.SSS', 'it has "SSS" without "ss", both would be right')
    refused('yyyy年MM-dd', 'found "年", expected ASCII that can be printed, without double quotes')
    refused('yyyy"MM"dd', 'found "\\"", expected ASCII that can be printed, without double quotes')
  })
})
