import { join, resolve } from 'node:path'
import { memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import { loadPipeline } from '../../local/functions/load-pipeline.ts'
import { environmentPools } from '../../local/functions/runners.ts'
import { boundedRun } from '../../local/run/bounded-run.ts'
import { recordsOfStream, viewNames } from '../../local/run/results.ts'
import { type RunReport, reportOf } from '../../local/run/run-report.ts'

const root = resolve(import.meta.dirname, '../..')

export const queries = Array.from({ length: 24 }, (_, i) => `q${i}`)

export const fileOf = (query: string): string => join(root, 'functions/nexmark', `${query}.ts`)

export type QueryRun = { readonly rows: readonly Record<string, unknown>[]; readonly report: RunReport }

/** Runs a query over a folder's files as `millrace run` does, in this process. */
export async function runQuery(query: string, folder: string): Promise<QueryRun> {
  const pipeline = await loadPipeline(fileOf(query))
  const { plan } = pipeline
  const cloud = memoryCloud({ now: Date.now, sleep: ms => new Promise(done => setTimeout(done, ms)) })
  for (const sink of plan.graph.sinks) if (sink.kind === 'stream') cloud.streams.createStream(sink.stream, 1)
  const sources = plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [input.stream] : []))
  const outcome = await boundedRun({
    cloud,
    plan,
    inputs: new Map(sources.map(source => [source, join(folder, `${source}.jsonl`)])),
    shards: stage => (stage.input.kind === 'source' ? 4 : 1),
    batchSize: () => 10_000,
    runner: environmentPools(pipeline, cloud.ports),
    signal: new AbortController().signal,
  })
  const report = await reportOf(cloud, plan, outcome, {
    views: viewNames(plan),
    withStreams: true,
    recordsOf: stream => recordsOfStream(cloud, stream),
  })
  const rows = report.views.get('result')?.map(row => row.value) ?? report.streams.get('result') ?? []
  return { rows: rows as readonly Record<string, unknown>[], report }
}
