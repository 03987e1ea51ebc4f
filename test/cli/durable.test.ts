import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeOrders } from '../../functions/orders/generate.ts'
import {
  assertSentence,
  documentOf,
  ordersFile,
  pipelineIn,
  type RunDocument,
  startMillrace,
  temporaryFolder,
} from './command.ts'

const folder = temporaryFolder()
const file = join(folder, 'orders.csv')
await writeOrders(file, { count: 30_000, seed: 11 })

test('a durable run that is killed at any moments comes to what an uninterrupted run does', async t => {
  const args = ['run', ordersFile, '--input', `trades=${file}`, '--json', '--batch-size', '20', '--shards', 'side=2']
  const expected = await documentOf(args)
  // A durable run takes longer than this one in memory did: nearly every kill meets it at work. Where the machine was busy only now, the
  // kills come sooner, over a folder of its own.
  let longestMs = expected.seconds * 800
  let data = join(folder, 'killed')
  let delays: number[] = []
  let kills = 0
  for (let runs = 0; kills < 6 && runs < 20; runs++) {
    const running = startMillrace([...args, '--data', data])
    await untilThere(join(data, 'millrace.db'))
    const delayMs = Math.floor(Math.random() * longestMs)
    delays.push(delayMs)
    await sleep(delayMs)
    running.process.kill('SIGKILL')
    const { signal, stdout } = await running.ended
    if (signal === 'SIGKILL') {
      kills++
      continue
    }
    assert.deepEqual(withoutSeconds(JSON.parse(stdout)), withoutSeconds(expected))
    if (kills >= 2) break
    longestMs /= 2
    data = join(folder, `killed-${runs}`)
    delays = []
    kills = 0
  }
  t.diagnostic(`killed ${kills} times, after ${delays.join(', ')} ms`)
  assert.ok(kills >= 2, `killed ${kills} times`)
  const resumed = await documentOf([...args, '--data', data])
  assert.deepEqual(withoutSeconds(resumed), withoutSeconds(expected), `after kills at ${delays.join(', ')} ms`)
  const again = await documentOf([...args, '--data', data])
  assert.deepEqual(withoutSeconds(again), withoutSeconds(expected))
})

/** Lines so far, at a pace: each record takes PACE_MICROSECONDS of computing, and the first one makes the file STARTED. */
const paced = pipelineIn(
  folder,
  'paced.ts',
  `const pace = Number(process.env.PACE_MICROSECONDS ?? 0) / 1000
   let mark = process.env.STARTED
   function started() { if (mark) process.getBuiltinModule('node:fs').writeFileSync(mark, ''); mark = undefined }
   function slowly(line) { started(); const end = performance.now() + pace; while (performance.now() < end); return line }
   export const p = pipeline('paced', ({ source }) => {
     const lines = source('lines', { codec: utf8 })
     return { seen: lines.map(slowly).keyBy('key', line => line.slice(-3)).count('lines-seen') }
   })`,
)

const pacedRun = (...more: string[]): string[] => [
  'run',
  paced,
  '--input',
  `lines=${file}`,
  '--json',
  '--batch-size',
  '10',
  ...more,
]

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends a durable run between invocations, and the same command goes on from there`, async () => {
    const data = join(folder, signal)
    const started = join(folder, `${signal}-started`)
    const running = startMillrace(pacedRun('--data', data), { env: { PACE_MICROSECONDS: '200', STARTED: started } })
    await untilThere(started)
    running.process.kill(signal)
    const result = await running.ended
    assert.equal(result.status, status)
    assertSentence(result, /^Stopped at \d+% of the input, [\d,]+ records read: the same command goes on from there$/)
    const [resumed, expected] = await Promise.all([documentOf(pacedRun('--data', data)), documentOf(pacedRun())])
    assert.deepEqual(withoutSeconds(resumed), withoutSeconds(expected))
  })
}

test('SIGINT ends a run without a data folder too, and says that nothing is kept', async () => {
  const started = join(folder, 'started')
  const running = startMillrace(pacedRun(), { env: { PACE_MICROSECONDS: '200', STARTED: started } })
  await untilThere(started)
  running.process.kill('SIGINT')
  const result = await running.ended
  assert.equal(result.status, 130)
  assertSentence(result, /^Stopped at \d+% of the input, [\d,]+ records read: nothing of it is kept without --data$/)
})

test('a second SIGINT ends the process at once, although an invocation is under way', async () => {
  const stuck = pipelineIn(
    folder,
    'stuck.ts',
    `export const p = pipeline('stuck', ({ source }) => {
       const lines = source('lines', { codec: utf8 })
       return { out: lines.forEach(() => { console.log('waiting'); return new Promise(() => {}) }) }
     })`,
  )
  const { process: child, ended } = startMillrace(['run', stuck, '--input', `lines=${file}`])
  assert.ok(child.stdout !== null)
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  await sleep(300)
  assert.equal(child.exitCode ?? child.signalCode, null, 'the first one waits for the invocation')
  child.kill('SIGINT')
  const { signal, status, stderr } = await ended
  assert.equal(signal ?? status, 'SIGINT')
  assert.equal(stderr, '')
})

async function untilThere(path: string): Promise<void> {
  while (!existsSync(path)) await sleep(5)
}

const withoutSeconds = (document: RunDocument): RunDocument => ({ ...document, seconds: 0 })
