import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableOf } from '../../local/cli/tables.ts'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'

const options = { isWhole: false, way: '--all shows them' }

test('a table has columns for window, rank, key and value, numbers to the right and points in a line', () => {
  const window = { start: Date.UTC(2016, 2, 22, 20, 25), end: Date.UTC(2016, 2, 22, 20, 26, 0, 500) }
  const rows = [
    { key: 'ORJ', window, value: 12.5, rank: 1 },
    { key: 'X', window: { start: beginningOfTime, end: endOfTime }, value: 1_234, rank: 10 },
  ]
  const expected = [
    'from                  to                        rank  key    value',
    '2016-03-22T20:25:00Z  2016-03-22T20:26:00.500Z     1  ORJ     12.5',
    'beginning             end                         10  X    1234.0',
    '',
  ]
  const found = tableOf(rows, options)
  assert.equal(found.replaceAll(/ +/g, ' '), expected.join('\n').replaceAll(/ +/g, ' '))
  const [head, first, second] = found.split('\n')
  assert.equal(head?.length, first?.length)
  assert.equal(first?.indexOf('.5', 50), second?.indexOf('.0', 50))
})

test('a long table shows its first and last rows, and says how many are between', () => {
  const rows = Array.from({ length: 30 }, (_, i) => ({ key: i, value: i * i }))
  const lines = tableOf(rows, options).split('\n')
  assert.equal(lines.length, 1 + 10 + 1 + 3 + 1 + 1)
  assert.match(lines[11] ?? '', /^ *\.\.\. +\.\.\.$/)
  assert.equal(lines[15], '17 more rows: --all shows them')
  assert.equal(tableOf(rows, { ...options, isWhole: true }).split('\n').length, 1 + 30 + 1)
  const shorter = rows.slice(0, 14)
  assert.equal(tableOf(shorter, options).split('\n').length, 1 + 14 + 1)
})

test('keys and values that are objects become columns, anything else is one line of text', () => {
  const rows = [{ key: { side: 'B', client: 7 }, value: { list: [1n, 2n], at: new Date(0), map: new Map([['a', 1]]) } }]
  const [head, line] = tableOf(rows, options).split('\n')
  assert.deepEqual(head?.split(/ {2,}/), ['key.side', 'key.client', 'value.list', 'value.at', 'value.map'])
  assert.deepEqual(line?.trim().split(/ {2,}/), ['B', '7', '["1","2"]', '1970-01-01T00:00:00Z', '{"a":1}'])
})

test('no row of a table reaches the terminal with a control character, or is wider than a screen', () => {
  const table = tableOf([{ key: '\u001b[31mred\n', value: 'x'.repeat(500) }], options)
  assert.match(table, /\\x1b\[31mred\\x0a {2}x{59}…\n$/)
  assert.equal(tableOf([], options), '(no rows)\n')
})
