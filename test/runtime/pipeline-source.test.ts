import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { json, pipeline } from 'millrace'
import { handlers, type StageHandler } from 'millrace/lambda'
import { type EmbeddedCloud, memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { interceptPorts } from '../../local/cloud/intercept-ports.ts'
import { Deployment } from '../../local/functions/deployment.ts'
import { EnvironmentPool } from '../../local/functions/environment-pool.ts'
import { deadLettersOf, viewRows } from '../../local/run/results.ts'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import type { Plan } from '../../shared/plan/plan.ts'

type Visit = { readonly page: string }

const writer = pipeline('writer', ({ source }) => {
  const visits = source('visits', { codec: json<Visit>() })
  return {
    copies: visits.toStream('copies', json<Visit>()),
    counts: visits.keyBy('page').count('visits-so-far').toStream('counts', json()),
  }
})

const reader = pipeline('reader', ({ pipelineSource }) => {
  const copies = pipelineSource('copies', { codec: json<Visit>() })
  const rows = pipelineSource('counts', { codec: json<{ key: string; value: number }>() })
  return {
    pages: copies.keyBy('page').count('copies-per-page'),
    rows: rows.keyBy('key').count('rows-per-page'),
    latest: rows.keyBy('latest', row => row.key).reduce('latest-row', (_, row) => row),
  }
})

/** A cloud on which every call that puts records to a sink's stream takes effect, and every second one loses its answer. */
function lossyPorts(cloud: EmbeddedCloud) {
  let calls = 0
  return interceptPorts(cloud.ports, async (call, effect) => {
    const answer = await effect()
    const isSink = call.method === 'putRecords' && (call.args[0] === 'copies' || call.args[0] === 'counts')
    if (isSink && calls++ % 2 === 0) throw new Error('the answer was lost')
    return answer
  })
}

async function settle(cloud: EmbeddedCloud, of: Pipeline<unknown, unknown>, ports = cloud.ports): Promise<Plan> {
  const byStage: Readonly<Record<string, StageHandler>> = handlers(of)
  let now = 0
  const deployment = new Deployment(cloud, of.plan, {
    shards: () => 2,
    batchSize: () => 7,
    now: () => now,
    runner: ({ name }) =>
      new EnvironmentPool(
        name,
        () => byStage[name],
        ports,
        () => now,
      ),
  })
  for (let idle = 0; idle < 3; ) {
    let isBusy = false
    for (const mapping of deployment.mappings.values()) isBusy = (await mapping.pollOnce()) || isBusy
    now += 60_000
    idle = isBusy ? 0 : idle + 1
  }
  return of.plan
}

describe('a source of what another pipeline wrote', () => {
  it('takes each record once, although the writer put many of them twice', async () => {
    const cloud = memoryCloud({ now: () => 0, sleep: async () => {} })
    for (const stream of ['visits', 'copies', 'counts']) cloud.streams.createStream(stream, 2)
    const visits = Array.from({ length: 200 }, (_, i) => ({ page: `/${i % 13}` }))
    for (const [i, visit] of visits.entries()) {
      cloud.streams.put('visits', [{ data: Buffer.from(JSON.stringify(visit)), partitionKey: String(i) }])
    }
    await settle(cloud, writer, lossyPorts(cloud))
    const put = cloud.streams
      .describe('copies')
      .flatMap(shard => cloud.streams.read('copies', shard.id, undefined, 10_000, 1e9))
    assert.ok(put.length > visits.length, 'the fault put nothing twice')
    const plan = await settle(cloud, reader)
    const pages = await viewRows(cloud, plan, 'pages')
    assert.deepEqual(
      new Map(pages.map(({ key, value }) => [key, value])),
      new Map(Array.from({ length: 13 }, (_, i) => [`/${i}`, visits.filter(({ page }) => page === `/${i}`).length])),
    )
    const latest = await viewRows(cloud, plan, 'latest')
    for (const { key, value } of latest) {
      assert.deepEqual(value, { key, value: visits.filter(({ page }) => page === key).length })
    }
  })

  it('dead-letters a record that no pipeline wrote', async () => {
    const cloud = memoryCloud({ now: () => 0, sleep: async () => {} })
    for (const stream of ['copies', 'counts']) cloud.streams.createStream(stream, 1)
    cloud.streams.put('copies', [{ data: Buffer.from('{"page":"/"}'), partitionKey: 'a person' }])
    const plan = await settle(cloud, reader)
    const [letter] = deadLettersOf(cloud, plan)
    assert.match(letter.reason, /^Cannot tell who wrote the record: its partition key is "a person", expected/)
    assert.deepEqual(await viewRows(cloud, plan, 'pages'), [])
  })
})
