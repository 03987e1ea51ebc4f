import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { writeOrders } from '../../functions/orders/generate.ts'
import { ordersOracle } from '../pipelines/orders-oracle.ts'
import { documentOf, fileIn, ordersFile, printed, type RunDocument, temporaryFolder } from './command.ts'

const folder = temporaryFolder()
const file = join(folder, 'orders.csv')
await writeOrders(file, { count: 20_000, seed: 7 })
const verdict = await ordersOracle(file)

const run = (path: string, ...args: string[]): Promise<RunDocument> =>
  documentOf(['run', ordersFile, '--input', `trades=${path}`, '--json', ...args])

describe('run --json of orders is what DuckDB makes of the same file', { concurrency: 2 }, () => {
  for (const args of [
    [],
    ['--shards', 'trades=1'],
    ['--shards', 'trades=7,side=3,clientId=2,symbol=5,top-symbols=2'],
    ['--batch-size', '1'],
    ['--batch-size', '7', '--shards', 'side=4,trades=2'],
    ['--batch-size', '1000'],
    ['--batch-size', 'trades=1,symbol=7,side=2', '--shards', 'symbol=4'],
  ]) {
    test(`with ${args.join(' ') || 'no options'}`, async () => {
      check(await run(file, ...args), verdict)
    })
  }

  test('with every line a record of its own, and lines far out of order in no closed window', async () => {
    // One second of event time: no window closes before the end, so a line that is late is still counted.
    const lines = readFileSync(file, 'latin1').split('\n').slice(0, 300)
    const late = [...lines.slice(0, 200), '2016-03-22 20:25:01,1,80,EPE,710,51.00,B', 'x', '', ...lines.slice(200)]
    const path = fileIn(folder, 'late.csv', late.join('\r\n'))
    const expected = await ordersOracle(path)
    assert.ok(expected.late > 0 && expected.malformed >= 2)
    check(await run(path, '--shards', 'trades=1'), expected)
  })
})

test('a line behind the watermark still counts in windows that are open, and in totals, but not in a window that has closed', async () => {
  const at = (time: string, side = 'B') => `2016-03-22 ${time},1,80,EPE,10,2.00,${side}`
  const lines = [at('20:00:01'), at('20:00:30', 'S'), at('20:03:00'), at('20:00:59'), at('20:02:54'), at('20:04:00')]
  const path = fileIn(folder, 'expired.csv', `${lines.join('\n')}\n`)
  const { views, deadLetters, sources } = await run(path, '--shards', 'trades=1')
  const counted = views.sides?.map(({ key, window, value }) => [key, JSON.stringify(window), value])
  const minute = (time: string) => {
    const start = Date.parse(`2016-03-22T${time}Z`)
    return JSON.stringify({ start, end: start + 60_000 })
  }
  assert.deepEqual(counted, [
    ['B', minute('20:00:00'), 1],
    ['S', minute('20:00:00'), 1],
    ['B', minute('20:02:00'), 1],
    ['B', minute('20:03:00'), 1],
    ['B', minute('20:04:00'), 1],
  ])
  assert.deepEqual(views.totals, [
    { key: 'B', value: 5 },
    { key: 'S', value: 1 },
  ])
  assert.deepEqual(sources, { trades: { read: 6, malformed: 0 } })
  assert.equal(deadLetters, 0)
  const text = await printed(['run', ordersFile, '--input', `trades=${path}`, '--shards', 'trades=1'])
  assert.match(
    text,
    /\nlate, accepted {2,}[1-9]\d* \(each operator counts its own\)\nlate, expired {2,}1 \(each operator counts its own\)\n/,
  )
})

test('run prints the views as tables, and a summary', async () => {
  const stdout = await printed([
    'run',
    ordersFile,
    '--input',
    `trades=${file}`,
    '--view',
    'totals',
    '--view',
    'topClients',
  ])
  const [first, second] = verdict.views.totals
  assert.ok(first !== undefined && second !== undefined)
  assert.match(stdout, /^\ntotals \(2 rows\)\n\nkey {2,}value\nB/)
  assert.match(stdout, new RegExp(`\nB {2,}${first.value}\nS {2,}${second.value}\n`))
  assert.match(stdout, /\ntopClients \(5 rows\)\n\nrank {2,}key {2,}value\n {3}1 {2,}\d+ {2,}\d+\.\d+\n/)
  assert.match(stdout, /\nrecords read {2,}20,000\nmalformed {2,}4\ndead letters {2,}4\nlate, accepted {2,}0\n/)
  assert.match(stdout, /\norders\.csv:\d+: Cannot read /)
  assert.doesNotMatch(stdout, /sides/)
})

test('run says of each dead letter in which line of the file it stood', async () => {
  const stdout = await printed([
    'run',
    ordersFile,
    '--input',
    `trades=${file}`,
    '--view',
    'totals',
    '--batch-size',
    '3',
  ])
  const lines = readFileSync(file, 'latin1').split('\n')
  const places = [...stdout.matchAll(/^orders\.csv:(\d+): /gm)].map(match => Number(match[1]))
  assert.equal(places.length, verdict.malformed)
  const wellFormed = /^\d{4}-(?!02-30)\d\d-\d\d (?!24)\d\d:\d\d:\d\d,\d+,\d+,[A-Z]+,\d+,[\d.]+,[BS]$/
  for (const place of places) assert.doesNotMatch(lines[place - 1] ?? '', wellFormed)
})

test('run gives the same with CRLF, a byte order mark and no newline at the end', async () => {
  const text = readFileSync(file, 'latin1').split('\n').slice(0, 2_000).join('\n')
  const plain = fileIn(folder, 'plain.csv', Buffer.from(`${text}\n`, 'latin1'))
  const other = join(folder, 'windows.csv')
  writeFileSync(
    other,
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')]),
  )
  const [expected, found] = await Promise.all([run(plain), run(other)])
  assert.deepEqual({ ...found, seconds: 0 }, { ...expected, seconds: 0 })
  assert.equal(expected.sources.trades?.read, 2_000)
})

test('run counts a line of 10 MB as malformed and keeps its beginning as a dead letter', async () => {
  const lines = readFileSync(file, 'latin1').split('\n').slice(0, 1_000)
  const path = fileIn(
    folder,
    'long.csv',
    [...lines.slice(0, 500), 'x'.repeat(10_000_000), ...lines.slice(500)].join('\n'),
  )
  const [{ sources, deadLetters }, text] = await Promise.all([
    run(path),
    printed(['run', ordersFile, '--input', `trades=${path}`, '--view', 'totals']),
  ])
  assert.deepEqual(sources, { trades: { read: 1_001, malformed: 1 } })
  assert.equal(deadLetters, 1)
  assert.match(
    text,
    /\nlong\.csv:501: Cannot put the line into a record: it has 10000000 bytes, expected at most \d+\n/,
  )
})

function check({ views, sources, deadLetters, seconds }: RunDocument, expected: typeof verdict): void {
  const { topClients, ...exact } = expected.views
  assert.deepEqual({ ...views, topClients: [] }, { ...exact, topClients: [] })
  assert.deepEqual(views.topClients?.map(withoutValue), topClients.map(withoutValue))
  for (const [i, { value }] of topClients.entries()) assertClose(views.topClients?.[i]?.value, value)
  assert.deepEqual(sources, { trades: { read: expected.read, malformed: expected.malformed } })
  assert.equal(deadLetters, expected.malformed)
  assert.ok(seconds > 0)
}

const withoutValue = (row: object): object => ({ ...row, value: undefined })

/** The pipeline rounds each amount x price to a double, then sums exactly; the oracle's products are decimals. */
function assertClose(found: unknown, expected: number): void {
  assert.ok(typeof found === 'number' && Math.abs(found - expected) <= expected * 1e-13, `${found} is not ${expected}`)
}
