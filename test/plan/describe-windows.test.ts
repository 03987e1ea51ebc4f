import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  countWindow,
  cumulating,
  daily,
  days,
  globalWindow,
  hopping,
  hours,
  json,
  minutes,
  pipeline,
  session,
  sliding,
  tumbling,
} from '../../shared/index.ts'
import { describe } from '../../shared/plan/describe.ts'
import type { WindowAssigner } from '../../shared/windows/window.ts'

const described = (windows: WindowAssigner) => {
  const { plan } = pipeline('p', ({ source }) => ({
    n: source('s', { codec: json<{ readonly k: string }>() }).keyBy('k').window(windows).count('n'),
  }))
  const [operator] = describe(plan).stages.flatMap(stage => stage.operators)
  return [operator.windows, operator.keeps]
}

test('explain says which windows an operator has, and what it keeps for them', () => {
  const slices = (length: string) => `one accumulator per key and slice of ${length}, until its last window has closed`
  const cases: readonly [WindowAssigner, windows: string, keeps: string][] = [
    [
      tumbling(minutes(5), { offset: -minutes(1) }),
      'tumbling windows of 5 minutes offset by 4 minutes',
      slices('5 minutes'),
    ],
    [hopping(hours(1), minutes(5)), 'windows of 1 hour every 5 minutes', slices('5 minutes')],
    [cumulating(days(1), hours(1)), 'windows that grow by 1 hour up to 1 day', slices('1 hour')],
    [
      cumulating(days(1), hours(1), { unchanged: 'skip', offset: hours(2) }),
      'windows that grow by 1 hour up to 1 day offset by 2 hours, unchanged ones left out',
      slices('1 hour'),
    ],
    [daily('Europe/Berlin'), 'days in Europe/Berlin', 'one accumulator per key and day, until the day has closed'],
    [
      daily('Europe/Berlin', { startsAt: hours(6) }),
      'days in Europe/Berlin from 6 hours after midnight',
      'one accumulator per key and day, until the day has closed',
    ],
    [session(minutes(5)), 'sessions with a gap of 5 minutes', 'one accumulator per key and open session'],
    [
      session(minutes(5), { atGap: 'part' }),
      'sessions with a gap of 5 minutes, exactly one gap apart parts',
      'one accumulator per key and open session',
    ],
    [
      sliding(minutes(5)),
      'windows that slide over the records, 5 minutes back from each',
      'one accumulator per key and event time, 5 minutes long',
    ],
    [
      countWindow(10),
      'windows of 10 records of a key',
      'one accumulator per key for each 10 records of a window, for ever',
    ],
    [
      countWindow(10, { every: 5, leftover: 'emit' }),
      'windows of 10 records of a key every 5, and what is left over',
      'one accumulator per key for each 5 records of a window, for ever',
    ],
    [globalWindow(), 'one window over all time', 'one accumulator per key, for ever'],
  ]
  for (const [windows, text, keeps] of cases) assert.deepEqual(described(windows), [text, keeps])
})
