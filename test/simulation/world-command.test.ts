import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertSentence, millrace, ordersFile, printed, refused } from '../cli/command.ts'

test('simulate runs seeds of a pipeline with the samples beside it, and says what happened', async () => {
  const text = await printed(['simulate', ordersFile, '--seeds', '2', '--records', '40'])
  assert.match(text, /^seeds {11}2\n/)
  assert.match(text, /\nseeds a minute {2}\d/)
})

test('simulate gives the same for a seed whatever the number of threads', async () => {
  const one = JSON.parse(await printed(['simulate', '--from', '3', '--seeds', '3', '--workers', '1', '--json']))
  const two = JSON.parse(await printed(['simulate', '--from', '3', '--seeds', '3', '--workers', '2', '--json']))
  assert.deepEqual(
    { ...two, seconds: 0, faults: sorted(two.faults) },
    { ...one, seconds: 0, faults: sorted(one.faults) },
  )
  assert.equal(one.seeds, 3)
  assert.equal(one.failed, null)
})

test('simulate --trace prints what happens in a seed, step by step', async () => {
  const text = await printed(['simulate', ordersFile, '--seed', '3', '--records', '20', '--trace'])
  assert.match(text, /\n +\d+ 00:00:00\.\d{3} #1 trades\/\d+ begins in process 1: records \d+ to \d+\n/)
  assert.match(text, /the input ends/)
})

test('simulate shows a failure with its seed, the way to run it again and the faults that it takes', async () => {
  const file = new URL('unsteady-pipeline.ts', import.meta.url).pathname
  const result = await millrace(['simulate', file, '--seed', '1'])
  assert.equal(result.status, 1)
  assert.match(result.stdout, /^seed 1 fails\n\n/)
  assert.match(result.stdout, /same as batch: view "counts"/)
  assertSentence(
    { ...result, stdout: '' },
    /^Cannot vouch for pipeline ".+": seed 1 fails, see all that happens with millrace simulate .+ --seed 1 --trace$/,
  )
})

test('simulate refuses a command line that means nothing', async () => {
  await refused(['simulate', '--trace'], 2, 'Cannot trace more than one seed: add --seed N, one that failed')
  await refused(['simulate', '--seed', '1', '--seeds', '2'], 2, /^Cannot read --seed "1": it is one alone/)
  await refused(['simulate', '--records', '5'], 2, /^Cannot feed generated pipelines/)
})

const sorted = (faults: object): object => Object.fromEntries(Object.entries(faults).sort())
