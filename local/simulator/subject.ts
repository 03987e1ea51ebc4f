import { createReadStream, existsSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import { loadPipeline } from '../functions/load-pipeline.ts'
import type { Samples } from '../testing/samples.ts'
import { Random } from './random.ts'
import { generatedPipeline } from './workload/generated-pipeline.ts'
import { type Workload, type WorkloadLines, workloadOf } from './workload/workload.ts'

/** What is simulated, as text: it goes to worker threads. */
export type Subject = {
  /** The pipeline's module; left out for generated pipelines, another one for each seed. */
  readonly file?: string
  readonly pipeline?: string
  /** Source to text file, instead of the module's samples. */
  readonly inputs?: { readonly [source: string]: string }
  /** About so many records of each source. */
  readonly records?: number
}

/** What one seed runs. */
export type SeedWorkload = { readonly workload: Workload; readonly rebuild: () => Pipeline<unknown, unknown> }

const meanRecords = 500

/** Loads what is simulated, once for all seeds. Throws what `loadPipeline` and `workloadOf` throw. */
export async function prepare(subject: Subject): Promise<(seed: number) => SeedWorkload> {
  const { file, pipeline: name, inputs = {}, records = meanRecords } = subject
  if (file === undefined) {
    return seed => {
      const workload = generatedPipeline(seed)
      return { workload, rebuild: () => generatedPipeline(seed, workload.unsteadiness).pipeline }
    }
  }
  const pipeline = await loadPipeline(file, name)
  const lines: Record<string, WorkloadLines> = { ...(await samplesOf(file)) }
  for (const [source, path] of Object.entries(inputs)) lines[source] = await firstLines(path, records)
  return seed => {
    const random = new Random(seed).fork('workload')
    const partitionKeys = random.pick([undefined, undefined, 1, 5, 50])
    // A few records leave room for many faults.
    const count = Math.ceil(records * random.pick([0.05, 0.5, 1, 1, 1.5, 2]))
    const spec = { random, count, ...(partitionKeys !== undefined && { partitionKeys }) }
    return { workload: workloadOf(pipeline, lines, spec), rebuild: () => pipeline }
  }
}

/** What the pipeline's module exports as `samples`, or else the file `samples` beside it. */
async function samplesOf(file: string): Promise<Samples | undefined> {
  type Module = { readonly samples?: Samples }
  const own: Module = await import(pathToFileURL(resolve(file)).href)
  if (own.samples !== undefined) return own.samples
  const beside = join(dirname(resolve(file)), `samples${extname(file)}`)
  if (!existsSync(beside)) return undefined
  const other: Module = await import(pathToFileURL(beside).href)
  return other.samples
}

async function firstLines(path: string, count: number): Promise<string[]> {
  const lines: string[] = []
  const input = createReadStream(path)
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    lines.push(line)
    if (lines.length === count) break
  }
  input.destroy()
  return lines
}
