import { Worker } from 'node:worker_threads'
import { type RunSeedOptions, runSeed, type SeedReport } from './run-seed.ts'
import type { SeedAnswer, SeedWorkerSetup } from './seed-worker.ts'
import { prepare, type Subject } from './subject.ts'

export type RunSeedsOptions = RunSeedOptions & {
  readonly subject: Subject
  readonly from: number
  readonly count: number
  /** Threads that run seeds side by side; with 1, this one. Every seed is a run of its own: the number changes nothing but the time. */
  readonly workers: number
  readonly signal: AbortSignal
  readonly onSeed: (report: SeedReport) => void
}

/** What the seeds came to, all together. */
export type SeedsReport = {
  /** Those that were run. */
  readonly seeds: number
  readonly steps: number
  readonly awaits: number
  readonly records: number
  readonly faults: { readonly [kind: string]: number }
  readonly seconds: number
  /** The lowest of those that failed. */
  readonly failed: SeedReport | undefined
}

/** Runs seeds until one fails, or `signal` is aborted. Rejects when a seed cannot be run at all. */
export async function runSeeds(options: RunSeedsOptions): Promise<SeedsReport> {
  const { from, count, workers, signal, onSeed } = options
  const began = performance.now()
  const total = { seeds: 0, steps: 0, awaits: 0, records: 0 }
  const faults: Record<string, number> = {}
  let failed: SeedReport | undefined
  let next = from
  const take = (): number | undefined =>
    signal.aborted || failed !== undefined || next >= from + count ? undefined : next++
  const heard = (report: SeedReport): void => {
    total.seeds++
    total.steps += report.steps
    total.awaits += report.awaits
    total.records += report.records
    for (const [kind, times] of Object.entries(report.faults)) faults[kind] = (faults[kind] ?? 0) + times
    if (report.failures.length > 0 && (failed === undefined || report.seed < failed.seed)) failed = report
    onSeed(report)
  }
  await (workers === 1 ? here(options, take, heard) : threads(options, take, heard))
  return { ...total, faults, seconds: (performance.now() - began) / 1000, failed }
}

type Take = () => number | undefined
type Heard = (report: SeedReport) => void

async function here({ subject, ...options }: RunSeedsOptions, take: Take, heard: Heard): Promise<void> {
  const workloadOf = await prepare(subject)
  for (let seed = take(); seed !== undefined; seed = take()) heard(await runSeed(seed, workloadOf, options))
}

async function threads(options: RunSeedsOptions, take: Take, heard: Heard): Promise<void> {
  const { subject, trace = false, shrinkMs, mostRecords, workers, count, signal } = options
  const setup: SeedWorkerSetup = {
    subject,
    options: { trace, ...(shrinkMs !== undefined && { shrinkMs }), ...(mostRecords !== undefined && { mostRecords }) },
  }
  const all = Array.from({ length: Math.min(workers, count) }, () => serve(setup, take, heard, signal))
  await Promise.all(all)
}

/** One thread, until there are no more seeds. */
async function serve(setup: SeedWorkerSetup, take: Take, heard: Heard, signal: AbortSignal): Promise<void> {
  const worker = new Worker(new URL('./seed-worker.ts', import.meta.url), {
    workerData: setup,
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  })
  const stop = (): void => void worker.terminate()
  signal.addEventListener('abort', stop)
  try {
    await new Promise<void>((resolve, reject) => {
      const give = (): void => {
        const seed = take()
        if (seed === undefined) resolve()
        else worker.postMessage(seed)
      }
      worker.on('message', (answer: SeedAnswer) => {
        if (answer.kind === 'failed') return reject(new Error(answer.message))
        heard(answer.report)
        give()
      })
      worker.on('error', reject)
      worker.on('exit', () => resolve())
      give()
    })
  } finally {
    signal.removeEventListener('abort', stop)
    await worker.terminate()
  }
}
