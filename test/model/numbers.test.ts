import assert from 'node:assert/strict'
import { test } from 'node:test'
import { days, hours, milliseconds, minutes, seconds } from '../../shared/model/duration.ts'
import { compareSequenceNumbers, sequenceNumber } from '../../shared/model/ids.ts'
import { parsePosition, positionText } from '../../shared/model/position.ts'
import { Random } from '../codecs/random.ts'

const decimalOf = (random: Random, digits: number): string =>
  String(random.between(1, 9)) + Array.from({ length: digits - 1 }, () => random.below(10)).join('')

const bySize = (a: bigint | number, b: bigint | number): number => (a < b ? -1 : a > b ? 1 : 0)

test('sequence numbers compare by value, whatever their length', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = new Random(seed)
    const [a, b] = [1, 2].map(() => (random.below(9) === 0 ? '0' : decimalOf(random, random.between(1, 56))))
    assert.equal(Math.sign(compareSequenceNumbers(sequenceNumber(a), sequenceNumber(b))), bySize(BigInt(a), BigInt(b)))
  }
})

test('a sequence number is a decimal integer without leading zeros', () => {
  for (const bad of ['', '01', '-1', '1.5', ' 1', '1e3', 'x', '١']) assert.throws(() => sequenceNumber(bad), RangeError)
})

test('the text order of positions is their numeric order, and they can be read back', () => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = new Random(seed)
    const base = decimalOf(random, random.between(1, 56))
    const make = () => ({
      major: random.pick([base, decimalOf(random, random.between(1, 56))]),
      sub: random.pick([0, 9, 10, random.below(1_000_000)]),
      index: random.pick([0, 9, 10, 99, 100, random.below(2 ** 31)]),
    })
    const [a, b] = [make(), make()]
    const [x, y] = [a, b].map(({ major, sub, index }) => positionText(major, sub, index))
    const expected = bySize(BigInt(a.major), BigInt(b.major)) || bySize(a.sub, b.sub) || bySize(a.index, b.index)
    assert.equal(x < y ? -1 : x > y ? 1 : 0, expected)
    assert.deepEqual(parsePosition(x), a)
    assert.match(x, /^[\x20-\x7e]+$/)
    assert.ok('' < x, 'no position is below the empty one')
  }
})

test('durations that are whole milliseconds are taken, however they are written', () => {
  for (let ms = 0; ms < 100_000; ms++) {
    assert.equal(seconds(ms / 1_000), ms)
    assert.equal(minutes(ms / 60_000), ms)
    assert.equal(hours(ms / 3_600_000), ms)
    assert.equal(days(ms / 86_400_000), ms)
  }
  for (let hundredths = 0; hundredths < 10_000; hundredths++) assert.equal(seconds(hundredths / 100), hundredths * 10)
})

test('a duration that is no whole number of milliseconds, negative or no number is refused', () => {
  const bad = [
    () => milliseconds(0.5),
    () => seconds(-1),
    () => seconds(0.0001),
    () => days(Number.NaN),
    () => hours(1e300),
  ]
  for (const make of bad) assert.throws(make, { name: 'RangeError', message: /^Cannot make a duration: / })
})
