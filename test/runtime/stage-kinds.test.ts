import assert from 'node:assert/strict'
import { test } from 'node:test'
import { json, pipeline } from 'millrace'
import { handlers, type StageHandler } from 'millrace/lambda'
import { type EmbeddedCloud, memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { Deployment } from '../../local/functions/deployment.ts'
import { EnvironmentPool } from '../../local/functions/environment-pool.ts'
import { viewRows } from '../../local/run/results.ts'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'

type Visit = { readonly page: string }

const counted = pipeline('kinds', ({ source }) => {
  const visits = source('visits', { codec: json<Visit>() })
  return { counts: visits.keyBy('page').count('visits-so-far') }
})

/** The same, and its source's stage has a log. */
const filed = pipeline('kinds', ({ source }) => {
  const visits = source('visits', { codec: json<Visit>() })
  return { counts: visits.keyBy('page').count('visits-so-far'), files: visits.toFiles(json<Visit>()) }
})

/** Deploys the program and runs it until nothing is left to do; its mappings begin with the oldest record. */
async function deployed(cloud: EmbeddedCloud, program: Pipeline<unknown, unknown>): Promise<Map<unknown, unknown>> {
  const byStage: Readonly<Record<string, StageHandler>> = handlers(program)
  let now = 0
  const runner = ({ name }: { readonly name: string }) =>
    new EnvironmentPool(
      name,
      () => byStage[name],
      cloud.ports,
      () => now,
    )
  const deployment = new Deployment(cloud, program.plan, {
    shards: () => 2,
    batchSize: () => 7,
    now: () => now,
    runner,
  })
  for (let idle = 0; idle < 3; ) {
    let isBusy = false
    for (const mapping of deployment.mappings.values()) isBusy = (await mapping.pollOnce()) || isBusy
    now += 60_000
    idle = isBusy ? 0 : idle + 1
  }
  const rows = await viewRows(cloud, program.plan, 'counts')
  return new Map(rows.map(({ key, value }) => [key, value]))
}

test('a stage of a source that gets a log, or loses it, goes on where it was: nothing is dropped or counted twice', async () => {
  const cloud = memoryCloud({ now: () => 0, sleep: async () => {} })
  cloud.streams.createStream('visits', 2)
  const visits: Visit[] = []
  const expected = () =>
    new Map([...Map.groupBy(visits, visit => visit.page)].map(([page, own]) => [page, own.length] as const))
  for (const [round, program] of [counted, filed, counted, filed].entries()) {
    for (let i = 0; i < 60; i++) {
      const visit = { page: `/${(i * (round + 3)) % 7}` }
      visits.push(visit)
      cloud.streams.put('visits', [{ data: Buffer.from(JSON.stringify(visit)), partitionKey: String(i) }])
    }
    const found = await deployed(cloud, program)
    assert.deepEqual([...found].sort(), [...expected()].sort())
  }
})
