import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { csv } from '../../shared/codecs/csv.ts'
import type { Field } from '../../shared/codecs/csv-field.ts'
import { optional, text } from '../../shared/codecs/csv-fields.ts'
import { boolOf, decimal, instant, long } from '../../shared/codecs/csv-more-fields.ts'
import { ConfigurationError, MalformedRecordError } from '../../shared/model/errors.ts'
import { columnChecks, quotedToo } from './csv-column.ts'
import { Random } from './random.ts'

const { read, reads, refuses } = columnChecks(quotedToo)

describe('long', () => {
  it('reads whole numbers of 64 bits', () => {
    reads(long, '0', 0n)
    reads(long, '-0', 0n)
    reads(long, '+7', 7n)
    reads(long, '9223372036854775807', 2n ** 63n - 1n)
    reads(long, '-9223372036854775808', -(2n ** 63n))
    for (const column of ['9223372036854775808', '1.0', '', '1e3', '0x1', ' 1', '1n', '1'.repeat(300)]) {
      if (column.length < 80) refuses(long, column)
      else assert.match(String(read(long, column)), /expected a whole number of 64 bits$/)
    }
  })
})

describe('decimal', () => {
  it('keeps every digit', () => {
    for (const same of ['0', '12.50', '-0.001', '79228162514264337593543950335.00', '0.00']) reads(decimal, same, same)
  })

  it('puts right what is written otherwise', () => {
    for (const [column, value] of [
      ['+1', '1'],
      ['007.10', '7.10'],
      ['.5', '0.5'],
      ['-.5', '-0.5'],
      ['5.', '5'],
      ['-0.00', '0.00'],
    ] as const) {
      reads(decimal, column, value)
    }
  })

  it('refuses everything else, and to write what it would read otherwise', () => {
    for (const column of ['', '.', '-', '1;5', '1e3', '1_0', 'NaN', '1.2.3', '٣']) refuses(decimal, column)
    const codec = csv({ a: decimal })
    assert.equal(Buffer.from(codec.encode({ a: '1.50' })).toString(), '1.50')
    for (const a of ['+1', '.5', 'x', '']) assert.throws(() => codec.encode({ a }), RangeError)
  })
})

describe('instant', () => {
  it('reads times with a zone', () => {
    const time = Date.UTC(2026, 0, 31, 10, 0, 0, 123)
    for (const column of [
      '2026-01-31T10:00:00.123Z',
      '2026-01-31 12:00:00.123456789+02:00',
      '2026-01-31T04:30:00.123-0530',
      '2026-01-31t11:00:00.1239+01',
    ]) {
      reads(instant, column, time)
    }
    reads(instant, '2026-01-31T10:00Z', time - 123)
    reads(instant, '2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29))
    reads(instant, '0001-01-01T00:00:00Z', Date.parse('0001-01-01T00:00:00Z'))
  })

  it('refuses times without a zone, and those that there are not', () => {
    for (const column of [
      '2026-01-31T10:00:00',
      '2026-02-30T10:00:00Z',
      '2026-13-01T10:00:00Z',
      '2026-01-31T24:00:00Z',
      '2026-01-31T10:60:00Z',
      '2026-01-31T23:59:60Z',
      '2026-01-31T10:00:00+24:00',
      '0000-01-01T00:00:00+01:00',
      '2026-01-31',
      '1769853600000',
      '',
    ]) {
      refuses(instant, column)
    }
  })

  it('agrees with Date.parse, and writes what it reads', () => {
    const random = new Random(3)
    const codec = csv({ a: instant })
    for (let i = 0; i < 2_000; i++) {
      const a = random.between(-62_000_000_000, 250_000_000_000) * 1000 + random.below(1000)
      assert.deepEqual(codec.decode(codec.encode({ a }), 0, 24), { a })
      const local = new Date(a).toISOString().slice(0, 19)
      const zone = `${random.pick(['+', '-'])}${String(random.below(14)).padStart(2, '0')}:${random.pick(['00', '30', '45'])}`
      assert.equal(read(instant, `${local}${zone}`), Date.parse(`${local}${zone}`))
    }
    for (const a of [1.5, Number.NaN, 1e15, Infinity]) assert.throws(() => codec.encode({ a }), RangeError)
  })
})

describe('boolOf()', () => {
  it('reads and writes its two words', () => {
    const field = boolOf('Y', 'N')
    reads(field, 'Y', true)
    reads(field, 'N', false)
    for (const column of ['y', 'YES', '', 'true']) refuses(field, column)
    const codec = csv({ a: boolOf('yes, please', 'no'), b: optional(boolOf('1', '0')) })
    assert.equal(Buffer.from(codec.encode({ a: true, b: undefined })).toString(), '"yes, please",')
    assert.deepEqual(codec.decode(Buffer.from('no,0'), 0, 4), { a: false, b: false })
    assert.throws(() => boolOf('a', 'a'), ConfigurationError)
  })
})

it('the fast way and the slow way agree on columns of random characters', () => {
  const random = new Random(9)
  const alphabet = [...'0123456789+-.:TZ YN"é']
  for (let i = 0; i < 5_000; i++) {
    const column = random.textOf(alphabet, 26)
    for (const field of [long, decimal, instant, boolOf('Y', 'N')]) {
      const { fast: _, ...slow } = field as Field<unknown>
      const [quick, careful] = [field as Field<unknown>, slow].map(each => {
        const bytes = Buffer.from(`${column},1`)
        try {
          return csv({ a: each, b: text }).decode(bytes, 0, bytes.length).a
        } catch (error) {
          assert.ok(error instanceof MalformedRecordError)
          return error.message
        }
      })
      assert.deepEqual(quick, careful)
    }
  }
})
