import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rateOf } from '../../local/cli/pace.ts'
import { Pace, type PaceClock } from '../../local/input/pace.ts'
import { usage } from './commands.ts'

/** A clock that stands still unless someone sleeps, and is late by `lateMs` then. */
function clockOf(lateMs = 0): PaceClock & { nowMs: number } {
  return {
    nowMs: 5_000,
    now() {
      return this.nowMs
    },
    async sleep(ms) {
      this.nowMs += ms + lateMs
    },
  }
}

const never = new AbortController().signal

async function timesOf(pace: Pace, clock: { readonly nowMs: number }, turns: number, lines: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < turns; i++) {
    await pace.turn(lines, never)
    times.push(clock.nowMs)
  }
  return times
}

test('a rate is a number of lines a second, a minute or an hour', () => {
  assert.equal(rateOf('500/s'), 500)
  assert.equal(rateOf('500'), 500)
  assert.equal(rateOf('30/m'), 0.5)
  assert.equal(rateOf('1800/h'), 0.5)
  assert.equal(rateOf('0.5/s'), 0.5)
  assert.equal(rateOf(undefined), Number.POSITIVE_INFINITY)
  for (const text of ['', '0', '0/s', '-1/s', '500/d', '1e3', 'x', '/s', '5 /s']) {
    assert.throws(
      () => rateOf(text),
      usage(/^Cannot use rate ".*": it is not a number of lines a second, minute or hour/),
    )
  }
})

test('lines go at a steady rate, in portions of a twentieth of a second', async () => {
  const clock = clockOf()
  const pace = new Pace(500, clock)
  assert.equal(pace.portion, 25)
  assert.deepEqual(await timesOf(pace, clock, 4, 25), [5_000, 5_050, 5_100, 5_150])
  const slow = clockOf()
  assert.deepEqual(await timesOf(new Pace(rateOf('30/m'), slow), slow, 3, 1), [5_000, 7_000, 9_000])
})

test('timers that are late do not slow it down', async () => {
  const clock = clockOf(10)
  const times = await timesOf(new Pace(500, clock), clock, 101, 25)
  assert.equal(times[100] - times[0], 100 * 50 + 10)
})

test('after an input that stood still there is no burst', async () => {
  const clock = clockOf()
  const pace = new Pace(500, clock)
  await pace.turn(25, never)
  clock.nowMs += 60_000
  const times = await timesOf(pace, clock, 10, 25)
  // Of a minute a tenth of a second is made up for.
  assert.deepEqual(times.slice(0, 4), [65_000, 65_000, 65_000, 65_050])
})
