import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InvocationResult } from '../../local/event-source/function-runner.ts'
import { Random } from '../cloud/random.ts'
import { failure, type Handed, report, Scenario, success } from './scenario.ts'

/**
 * Random input, answers, reshards, crashes of the mapping and trims. Checked: per hash key, records are handed over in order without
 * a gap, though perhaps again; the tally counts each record once; in the end all is done.
 * Not checked: concurrency, which is in run.test.ts.
 */
test('whatever fails, each record is acknowledged once and in order', async () => {
  for (let seed = 1; seed <= 150; seed++) await randomRun(new Random(seed)).catch(error => fail(seed, error))
})

const keys = 8

async function randomRun(random: Random): Promise<void> {
  const scenario = new Scenario(
    {
      batchSize: 1 + random.below(6),
      bisectBatchOnFunctionError: random.below(2) === 0,
      maximumBatchingWindowInSeconds: random.below(3),
      functionResponseTypes: ['ReportBatchItemFailures'],
    },
    1 + random.below(3),
  )
  const put = Array.from({ length: keys }, () => 0)
  const next = Array.from({ length: keys }, () => 0)
  let isHealed = false
  const skipped: string[] = []
  scenario.answer = handed => {
    skipped.push(...skippedBefore(handed, next))
    return isHealed ? success(handed.data.length) : randomAnswer(random, handed)
  }
  for (let step = 0; step < 80; step++) {
    const key = random.below(keys)
    const action = random.below(12)
    if (action < 6) scenario.putAt(BigInt(key) << 125n, `${key} ${put[key]++}`)
    else if (action < 9) await scenario.mapping.pollOnce()
    else if (action === 9) scenario.clock.ms += random.below(3_000)
    else if (action === 10) reshard(random, scenario)
    else scenario.remake()
    scenario.cloud.trimCheckpointed('s', ['m'])
  }
  isHealed = true
  await scenario.settle()
  assert.deepEqual(skipped, [])
  assert.deepEqual(next, put)
  assert.equal(scenario.mapping.isIdle(), true)
  const total = put.reduce((sum, count) => sum + count, 0)
  assert.deepEqual(scenario.cloud.checkpoints.tally('m').records ?? 0, total)
}

/** The records that came before an earlier one of their key. A record may come again, but none may be skipped. */
function skippedBefore({ data }: Handed, next: number[]): string[] {
  return data.filter(each => {
    const [key, n] = each.split(' ').map(Number)
    const isEarly = n > next[key]
    next[key] = Math.max(next[key], n + 1)
    return isEarly
  })
}

function randomAnswer(random: Random, handed: Handed): InvocationResult {
  const choice = random.below(6)
  if (choice === 0) return failure()
  if (choice === 1)
    return { kind: 'answered', response: { batchItemFailures: [{ itemIdentifier: 'x' }] }, tally: { records: 99 } }
  if (choice < 4) return report(handed, random.pick(handed.data))
  return success(handed.data.length)
}

function reshard(random: Random, { cloud }: Scenario): void {
  const open = cloud.streams.describe('s').filter(({ closed }) => !closed)
  open.sort((a, b) => (a.range.from < b.range.from ? -1 : 1))
  const at = random.below(open.length)
  if (random.below(2) === 0 && at > 0) cloud.streams.mergeShards('s', open[at - 1].id, open[at].id)
  else cloud.streams.splitShard('s', open[at].id)
}

function fail(seed: number, error: unknown): never {
  throw new Error(`seed ${seed}`, { cause: error })
}
