import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SeedReport } from '../../local/simulator/run-seed.ts'
import { runSeeds } from '../../local/simulator/run-seeds.ts'
import type { Subject } from '../../local/simulator/subject.ts'
import { ordersFile, wordCountFile } from '../cli/command.ts'

/** One seed is one run of a pipeline of its own, with every kind of fault: all that protocol.md promises is checked at its end. */
async function allGreen(subject: Subject, from: number, count: number): Promise<string> {
  const { signal } = new AbortController()
  const report = await runSeeds({ subject, from, count, workers: 1, signal, onSeed: () => {} })
  if (report.failed !== undefined) assert.fail(sentenceOf(report.failed))
  assert.equal(report.seeds, count)
  const faults = Object.values(report.faults).reduce((sum, times) => sum + times, 0)
  return `${report.records} records, ${report.awaits} awaits, ${faults} faults`
}

function sentenceOf({ seed, failures, shrunk }: SeedReport): string {
  const said = failures.map(({ checker, message }) => `${checker}: ${message}`)
  const faults = shrunk?.faults.map(fault => JSON.stringify(fault)) ?? []
  return [`seed ${seed}`, ...said, ...faults].join('\n  ')
}

for (const from of [1, 51, 101, 151]) {
  test(`seeds ${from} to ${from + 49} of generated pipelines come out like the batch, whatever fails`, async t => {
    t.diagnostic(await allGreen({}, from, 50))
  })
}

test('orders come out like the batch, whatever fails', async t => {
  t.diagnostic(await allGreen({ file: ordersFile, records: 200 }, 1, 10))
})

test('words are counted like in the batch, whatever fails', async t => {
  t.diagnostic(await allGreen({ file: wordCountFile, records: 200 }, 1, 10))
})

type PastFailure = { readonly seed: number; readonly found: string }

const folder = join(import.meta.dirname, 'seeds')
for (const file of readdirSync(folder)) {
  const past: readonly PastFailure[] = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  for (const { seed, found } of past) {
    test(`seed ${seed} is green, which once failed: ${found}`, async () => {
      await allGreen({}, seed, 1)
    })
  }
}
