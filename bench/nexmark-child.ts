import { createReadStream } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { memoryCloud } from '../local/cloud/embedded-cloud.ts'
import { loadPipeline } from '../local/functions/load-pipeline.ts'
import { environmentPools } from '../local/functions/runners.ts'
import { boundedRun } from '../local/run/bounded-run.ts'
import { stageTotals } from '../local/run/results.ts'

// One query over a folder's events in a process of its own, or with "bare" the lines of all its files read and parsed, and what
// processor time it took: node bench/nexmark-child.ts QUERY FOLDER
export type NexmarkFigures = {
  readonly events: number
  /** Of the processor, all threads. */
  readonly seconds: number
  /** Of commits and pages. */
  readonly stateBytes: number
}

const [query, folder] = process.argv.slice(2)
const fileOf = (source: string): string => join(folder, `${source}.jsonl`)
const figures = query === 'bare' ? await bare() : await throughPipeline()
process.stdout.write(JSON.stringify(figures))

async function bare(): Promise<NexmarkFigures> {
  const before = process.cpuUsage()
  let events = 0
  let sum = 0
  for (const source of ['person', 'auction', 'bid']) {
    for await (const line of createInterface(createReadStream(fileOf(source)))) {
      const event: { readonly dateTime: string } = JSON.parse(line)
      sum += Date.parse(event.dateTime)
      events++
    }
  }
  if (Number.isNaN(sum)) throw new Error(`Cannot measure "${folder}": an event has no time`)
  return { events, seconds: secondsSince(before), stateBytes: 0 }
}

async function throughPipeline(): Promise<NexmarkFigures> {
  const pipeline = await loadPipeline(resolve(import.meta.dirname, '../functions/nexmark', `${query}.ts`))
  const { plan } = pipeline
  const cloud = memoryCloud({ now: Date.now, sleep: ms => new Promise(done => setTimeout(done, ms)) })
  for (const sink of plan.graph.sinks) if (sink.kind === 'stream') cloud.streams.createStream(sink.stream, 1)
  const sources = plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [input.stream] : []))
  const before = process.cpuUsage()
  const { recordsDone } = await boundedRun({
    cloud,
    plan,
    inputs: new Map(sources.map(source => [source, fileOf(source)])),
    shards: stage => (stage.input.kind === 'source' ? 4 : 1),
    batchSize: () => 10_000,
    runner: environmentPools(pipeline, cloud.ports),
    signal: new AbortController().signal,
  })
  const seconds = secondsSince(before)
  let stateBytes = 0
  for (const { invocations } of await stageTotals(cloud, plan)) {
    stateBytes += (invocations.commitBytes ?? 0) + (invocations.pageBytes ?? 0)
  }
  return { events: recordsDone, seconds, stateBytes }
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
