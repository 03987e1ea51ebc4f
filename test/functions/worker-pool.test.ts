import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { writeOrders } from '../../functions/orders/generate.ts'
import { orders } from '../../functions/orders/pipeline.ts'
import { memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { runnersFor } from '../../local/functions/runners.ts'
import { WorkerPool } from '../../local/functions/worker-pool.ts'
import { boundedRun } from '../../local/run/bounded-run.ts'
import { deadLettersOf, stageTotals, viewNames, viewRows } from '../../local/run/results.ts'
import { ordersOracle } from '../pipelines/orders-oracle.ts'

const pipelineFile = join(import.meta.dirname, '../../functions/orders/pipeline.ts')

describe('environments in worker threads', () => {
  let folder = ''
  let file = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-workers-'))
    file = join(folder, 'orders.csv')
    await writeOrders(file, { count: 60_000, seed: 11 })
  })
  after(() => rm(folder, { recursive: true }))

  it('keep every dead letter and give the views that DuckDB gives, with several shards served at once', async () => {
    const cloud = memoryCloud({ now: Date.now, sleep: ms => new Promise(done => setTimeout(done, ms)) })
    const { runner, close } = runnersFor(orders, pipelineFile, cloud)
    try {
      await boundedRun({
        cloud,
        plan: orders.plan,
        inputs: new Map([['trades', file]]),
        shards: stage => (stage.input.kind === 'source' ? 4 : 1),
        batchSize: () => 3,
        runner,
        signal: new AbortController().signal,
      })
    } finally {
      await close()
    }
    const expected = await ordersOracle(file)
    const [trades] = await stageTotals(cloud, orders.plan)
    assert.equal(trades.invocations.recordsIn, expected.read)
    assert.equal(trades.invocations.malformed, expected.malformed)
    assert.equal(deadLettersOf(cloud, orders.plan).length, expected.malformed)
    for (const view of viewNames(orders.plan)) {
      const rows = await viewRows(cloud, orders.plan, view)
      const wanted = new Map(Object.entries(expected.views)).get(view) ?? []
      assert.equal(rows.length, wanted.length)
      if (view !== 'topClients')
        assert.deepEqual(
          rows.map(row => ({ ...row })),
          wanted.map(row => ({ ...row })),
        )
    }
  })

  it('end a run with the error of a module that cannot be loaded in the thread', async () => {
    const cloud = memoryCloud({ now: Date.now, sleep: ms => new Promise(done => setTimeout(done, ms)) })
    const pool = new WorkerPool(orders.plan, join(folder, 'missing.ts'), cloud.ports, 1)
    const run = boundedRun({
      cloud,
      plan: orders.plan,
      inputs: new Map([['trades', file]]),
      shards: () => 1,
      batchSize: () => 100,
      runner: stage => pool.runner(stage),
      signal: new AbortController().signal,
    })
    await assert.rejects(run, /Cannot load pipeline ".*missing.ts": there is no such file/)
    await pool.close()
  })
})
