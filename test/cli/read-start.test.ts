import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStartOf } from '../../local/cli/read-start.ts'
import { usage } from './commands.ts'

const nowMs = Date.parse('2016-03-22T20:30:00Z')

test('reading begins at the beginning, at the end, or at a time in any of its notations', () => {
  assert.deepEqual(readStartOf('beginning', nowMs), { kind: 'beginning' })
  assert.deepEqual(readStartOf('latest', nowMs), { kind: 'latest' })
  const cases = {
    '2016-03-22T20:25:28Z': '2016-03-22T20:25:28Z',
    '2016-03-22T20:25:28.5Z': '2016-03-22T20:25:28.500Z',
    '2016-03-22T21:25:28+01:00': '2016-03-22T20:25:28Z',
    // Without a zone it is UTC, wherever the machine is.
    '2016-03-22T20:25:28': '2016-03-22T20:25:28Z',
    '2016-03-22 20:25': '2016-03-22T20:25:00Z',
    '2016-03-22': '2016-03-22T00:00:00Z',
    '1458678328000': '2016-03-22T20:25:28Z',
    '10m ago': '2016-03-22T20:20:00Z',
    '10m': '2016-03-22T20:20:00Z',
    '1.5h ago': '2016-03-22T19:00:00Z',
    '90s': '2016-03-22T20:28:30Z',
    '250ms ago': '2016-03-22T20:29:59.750Z',
    '2d': '2016-03-20T20:30:00Z',
  }
  for (const [text, time] of Object.entries(cases)) {
    assert.deepEqual(readStartOf(text, nowMs), { kind: 'time', ms: Date.parse(time) }, text)
  }
})

test('what is no place to begin is refused', () => {
  for (const text of [
    '',
    'then',
    '5',
    '10 minutes ago',
    '2016-13-01',
    '2016-03-22T25:00Z',
    '-10m',
    'ago',
    '10m agow',
  ]) {
    assert.throws(
      () => readStartOf(text, nowMs),
      usage(/^Cannot read --from ".*": expected beginning, latest, or a time/),
    )
  }
})
