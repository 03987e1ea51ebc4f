import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ordersFile, printed, refused, wordCountFile } from './command.ts'

test('cost prints every part for a month and a million events, the flow, and what it assumed', async () => {
  const text = await printed(['cost', ordersFile, '--rate', '5000/s', '--size', '50B', '--keys', 'side=2,clientId=100'])
  assert.match(text, /^pipeline orders, 13,140,000,000 events a month, US dollars in us-east-1 as of \d{4}-\d{2}\n/)
  assert.match(text, /Kinesis: source streams, shards +3,650 shard hours +54\.75 +54\.75 +0\.0042\n/)
  assert.match(text, /\nin all +\d+\.\d\d +\d+\.\d\d +0\.\d{4}\n/)
  assert.match(text, /\ntrades +5 +5,000 +5,000 +5 +0\n/)
  assert.match(text, /- assumed 1000 equally frequent keys of "symbol": see --keys\n/)
})

test('cost --json prints one document', async () => {
  const text = await printed([
    'cost',
    wordCountFile,
    '--rate',
    'lines=60/min',
    '--size',
    '1.5KB',
    '--on-demand',
    '--json',
  ])
  const { pipeline, eventsPerMonth, month, idle, lines, stages } = JSON.parse(text)
  assert.deepEqual({ pipeline, eventsPerMonth }, { pipeline: 'word-count', eventsPerMonth: 2_628_000 })
  assert.ok(month > idle && idle > 0)
  assert.ok(lines.some(({ part }: { part: string }) => part === 'source streams, hours'))
  assert.deepEqual(
    stages.map(({ stage }: { stage: string }) => stage),
    ['lines', 'word'],
  )
  assert.equal(stages[0].bytes, 1_536)
})

const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'a rate without a number',
    ['--rate', 'fast', '--size', '1'],
    /Cannot read --rate "fast": expected events by the time/,
  ],
  ['a source that is none', ['--rate', 'a=1/s', '--size', '1'], /there is no source "a", expected one of "lines"/],
  ['a source twice', ['--rate', 'lines=1,lines=2', '--size', '1'], /source "lines" is in it twice, name it once/],
  ['no size', ['--rate', '1'], /--size/],
  ['a size without bytes', ['--rate', '1', '--size', '0'], /Cannot read --size "0": expected bytes from 1 to 10 MB/],
  ['keys of no stage', ['--rate', '1', '--size', '1', '--keys', 'x=1'], /has no stage "x"/],
  ['a share below 0', ['--rate', '1', '--size', '1', '--selectivity', '-1'], /Cannot read --selectivity/],
]
for (const [what, args, message] of wrong) {
  test(`cost refuses ${what}`, async () => {
    await refused(['cost', wordCountFile, ...args], 2, message)
  })
}
