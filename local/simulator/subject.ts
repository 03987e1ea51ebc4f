import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import { stageNamed } from '../../shared/plan/plan.ts'
import { FolderReader } from '../../shared/sources/folder-reader.ts'
import { DiskSourceFiles, OneDiskFile } from '../cloud/source-files.ts'
import { loadPipeline } from '../functions/load-pipeline.ts'
import { unreadableInput } from '../input/input-file.ts'
import type { Samples } from '../testing/samples.ts'
import { Random } from './random.ts'
import { generatedPipeline } from './workload/generated-pipeline.ts'
import { type Workload, type WorkloadLines, workloadOf } from './workload/workload.ts'

/** What is simulated, as text: it goes to worker threads. */
export type Subject = {
  /** The pipeline's module; left out for generated pipelines, another one for each seed. */
  readonly file?: string
  readonly pipeline?: string
  /** Source to file or folder, instead of the module's samples. */
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
  for (const [source, path] of Object.entries(inputs))
    lines[source] = await firstRecords(pipeline, source, path, records)
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

/** Records of a file, or of the files of a folder, as a run over them reads it. Throws a sentence where there is none. */
async function firstRecords({ plan }: Pipeline<unknown, unknown>, name: string, path: string, count: number) {
  const { input } = stageNamed(plan, name)
  if (input.kind !== 'source')
    throw new RangeError(`Cannot simulate "${name}": it is no source of pipeline "${plan.name}"`)
  const found = await stat(path).catch(error => {
    throw unreadableInput(path, name, error)
  })
  const { source } = input
  const format = source.from?.kind === 'folder' ? source.from.format : undefined
  const folder = found.isDirectory() ? path : dirname(path)
  const files = found.isDirectory() ? new DiskSourceFiles() : new OneDiskFile(basename(path))
  const from = { kind: 'folder' as const, folder, ...(format && { format }) }
  const first: Uint8Array[] = []
  for await (const { records } of new FolderReader(files, { ...source, from }, '').blocks(undefined)) {
    for (const { data } of records) {
      if (first.length === count) return first
      first.push(new Uint8Array(data))
    }
  }
  return first
}
