import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hours, milliseconds } from '../../shared/model/duration.ts'
import { limits } from '../../shared/model/limits.ts'
import { firstEnd, isWindowEnd, lastEnd, sliceStart, windowStart, windowsHolding } from '../../shared/windows/assign.ts'
import { daily } from '../../shared/windows/daily.ts'
import { Random } from '../codecs/random.ts'
import { NaiveDays } from './naive-days.ts'

const at = (text: string): number => Date.parse(text)
const dayOf = (zone: string, time: string, startsAt = milliseconds(0)) => {
  const windows = windowsHolding(daily(zone, { startsAt }), at(time))
  assert.equal(windows.length, 1)
  return [new Date(windows[0].start).toISOString(), new Date(windows[0].end).toISOString()]
}

test('a day is from midnight to midnight on the clocks of its zone', () => {
  assert.deepEqual(dayOf('Europe/Berlin', '2024-01-10T22:59:59.999Z'), [
    '2024-01-09T23:00:00.000Z',
    '2024-01-10T23:00:00.000Z',
  ])
  assert.deepEqual(dayOf('Europe/Berlin', '2024-01-10T23:00:00Z'), [
    '2024-01-10T23:00:00.000Z',
    '2024-01-11T23:00:00.000Z',
  ])
  assert.deepEqual(dayOf('Asia/Kathmandu', '2024-01-10T18:15:00Z'), [
    '2024-01-10T18:15:00.000Z',
    '2024-01-11T18:15:00.000Z',
  ])
  assert.deepEqual(dayOf('UTC', '1969-12-31T12:00:00Z'), ['1969-12-31T00:00:00.000Z', '1970-01-01T00:00:00.000Z'])
})

test('a day has 23 or 25 hours when the clocks change', () => {
  assert.deepEqual(dayOf('Europe/Berlin', '2024-03-31T12:00:00Z'), [
    '2024-03-30T23:00:00.000Z',
    '2024-03-31T22:00:00.000Z',
  ])
  assert.deepEqual(dayOf('Europe/Berlin', '2024-10-27T12:00:00Z'), [
    '2024-10-26T22:00:00.000Z',
    '2024-10-27T23:00:00.000Z',
  ])
})

test('a day begins later where the clocks skip its midnight, and with the first where they show it twice', () => {
  // From 00:00 to 01:00.
  assert.deepEqual(dayOf('America/Sao_Paulo', '2018-11-04T12:00:00Z'), [
    '2018-11-04T03:00:00.000Z',
    '2018-11-05T02:00:00.000Z',
  ])
  // From 01:00 to 00:00.
  assert.deepEqual(dayOf('America/Havana', '2023-11-05T12:00:00Z'), [
    '2023-11-05T04:00:00.000Z',
    '2023-11-06T05:00:00.000Z',
  ])
  // From 24:00 to 23:00 of the same day.
  assert.deepEqual(dayOf('America/Sao_Paulo', '2018-02-17T12:00:00Z'), [
    '2018-02-17T02:00:00.000Z',
    '2018-02-18T03:00:00.000Z',
  ])
})

test('a date that a zone skipped is no day', () => {
  // Samoa went from the 29th to the 31st of December.
  assert.deepEqual(dayOf('Pacific/Apia', '2011-12-30T09:59:59Z'), [
    '2011-12-29T10:00:00.000Z',
    '2011-12-30T10:00:00.000Z',
  ])
  assert.deepEqual(dayOf('Pacific/Apia', '2011-12-30T10:00:00Z'), [
    '2011-12-30T10:00:00.000Z',
    '2011-12-31T10:00:00.000Z',
  ])
})

test('days may begin at another time of the clocks', () => {
  assert.deepEqual(dayOf('Europe/Berlin', '2024-03-31T03:59:00Z', hours(6)), [
    '2024-03-30T05:00:00.000Z',
    '2024-03-31T04:00:00.000Z',
  ])
  assert.deepEqual(dayOf('Europe/Berlin', '2024-03-31T04:00:00Z', hours(6)), [
    '2024-03-31T04:00:00.000Z',
    '2024-04-01T04:00:00.000Z',
  ])
})

test('days are those that reading the zone’s clock gives', () => {
  const zones = [
    'Europe/Berlin',
    'America/New_York',
    'America/Sao_Paulo',
    'America/Havana',
    'Asia/Beirut',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Pacific/Kiritimati',
    'Asia/Kathmandu',
    'Africa/Casablanca',
    'Asia/Tehran',
    'UTC',
  ]
  for (const [seed, zone] of zones.entries()) {
    const random = new Random(seed + 1)
    for (const startsAt of [0, 90, 1_425]) {
      const windows = daily(zone, { startsAt: milliseconds(startsAt * 60_000) })
      const naive = new NaiveDays(zone, startsAt * 60_000)
      // Some times anywhere from 1980, and a run of days, that meets clock changes.
      const anywhere = Array.from({ length: 6 }, () => random.between(at('1980-01-01'), at('2040-01-01')))
      const from = random.between(at('1990-01-01'), at('2023-01-01'))
      const run = Array.from({ length: 40 }, (_, i) => from + i * random.between(1, 12) * 3_600_000)
      for (const time of [...anywhere, ...run]) {
        const expected = naive.dayOf(time)
        const place = `${zone} from ${startsAt} min at ${new Date(time).toISOString()}`
        assert.deepEqual(windowsHolding(windows, time), [expected], place)
        assert.equal(sliceStart(windows, time), expected.start, place)
        assert.equal(firstEnd(windows, expected.start), expected.end, place)
        assert.equal(lastEnd(windows, expected.start), expected.end, place)
        assert.equal(windowStart(windows, expected.end), expected.start, place)
        assert.ok(isWindowEnd(windows, expected.end) && !isWindowEnd(windows, expected.end - 1), place)
      }
    }
  }
})

test('there are days at all event times', () => {
  for (const zone of ['Europe/Berlin', 'America/New_York', 'Pacific/Apia']) {
    for (const time of [
      -limits.eventTimeMs,
      at('1600-01-01'),
      at('1850-06-01'),
      at('1915-01-01'),
      limits.eventTimeMs,
    ]) {
      const [{ start, end }] = windowsHolding(daily(zone), time)
      assert.ok(start <= time && time < end && end - start <= 49 * 3_600_000, `${zone} at ${time}`)
    }
  }
})

test('a zone or a start that cannot be is refused with a sentence', () => {
  assert.throws(() => daily('Europe/Atlantis'), {
    name: 'ConfigurationError',
    message: 'Cannot make daily windows: time zone "Europe/Atlantis" is not known, expected one as "Europe/Berlin"',
  })
  assert.throws(() => daily('UTC', { startsAt: hours(24) }), {
    name: 'ConfigurationError',
    message: /^Cannot make daily windows: they start 86400000 ms after midnight, expected less than a day/,
  })
})
