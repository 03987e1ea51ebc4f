import { resolve } from 'node:path'
import { memoryCloud } from '../local/cloud/embedded-cloud.ts'
import { loadPipeline } from '../local/functions/load-pipeline.ts'
import { runnersFor } from '../local/functions/runners.ts'
import { boundedRun } from '../local/run/bounded-run.ts'
import { stageTotals, viewNames, viewRows } from '../local/run/results.ts'

// One run in a process of its own, so that memory and warm-up are its own: node bench/orders-child.ts PIPELINE FILE
const [file, input] = process.argv.slice(2)
const pipeline = await loadPipeline(resolve(file))
const cloud = memoryCloud({ now: Date.now, sleep: ms => new Promise(done => setTimeout(done, ms)) })
const { runner, close } = runnersFor(pipeline, file, cloud)
const outcome = await boundedRun({
  cloud,
  plan: pipeline.plan,
  inputs: new Map([['trades', input]]),
  shards: stage => (stage.input.kind === 'source' ? 4 : 1),
  batchSize: () => 10_000,
  runner,
  signal: new AbortController().signal,
})
await close()
const totals = await stageTotals(cloud, pipeline.plan)
const views = await Promise.all(
  viewNames(pipeline.plan).map(async name => [name, await viewRows(cloud, pipeline.plan, name)]),
)
process.stdout.write(
  JSON.stringify({
    seconds: outcome.seconds,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    late: totals.reduce((sum, { log }) => sum + log.late + log.expired, 0),
    views: Object.fromEntries(views),
  }),
)
