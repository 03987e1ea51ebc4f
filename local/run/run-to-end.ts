import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Plan, Stage } from '../../shared/plan/plan.ts'
import type { Tally } from '../cloud/checkpoints.ts'
import type { FunctionRunner } from '../event-source/function-runner.ts'
import type { MappingEvent } from '../event-source/shard-worker.ts'
import { Deployment, type DeploymentCloud, mappingName } from '../functions/deployment.ts'
import { withLinePlace } from './line-places.ts'

/** Where a bounded run takes place. */
export type RunCloud = DeploymentCloud & {
  readonly streams: {
    /** Bytes of data put from here to a stream that a stage reads, so far. */
    bytesPut(stream: string): number
  }
  readonly checkpoints: { tally(mapping: string): Tally }
}

/** A file on its way into a source's stream. */
export type RunInput = {
  readonly source: string
  readonly bytesDone: number
  /** Lines put, and lines too long to be records. */
  readonly counts: { readonly lines: number; readonly tooLong: number }
  /** Checks the file. Returns its size in bytes. */
  prepare(): Promise<number>
  /** Puts its lines, then ends the input. Stops early when `signal` aborts. */
  load(room: () => Promise<void>, signal: AbortSignal): Promise<void>
}

/** What is elsewhere is not known at once. */
export type Distance = {
  /** All that was put is known here. */
  isCaughtUp(): boolean
  /** Resolves when that may have changed. */
  nextChange(): Promise<void>
}

export type RunOptions = {
  readonly plan: Plan
  readonly shards: (stage: Stage) => number
  readonly batchSize: (stage: Stage) => number
  readonly runner: (stage: Stage) => FunctionRunner
  readonly signal: AbortSignal
  /** Called now and then while it runs. @default none */
  readonly onProgress?: (progress: RunProgress) => void
  /** @default none: all that was put is known at once */
  readonly distance?: Distance
}

export type RunProgress = {
  /** Part of the input that the source stages are done with, about: 0 to 1. */
  readonly fraction: number
  /** Records that the source stages are done with, earlier runs on the same cloud included. */
  readonly records: number
}

export type RunOutcome = {
  readonly kind: 'finished' | 'interrupted'
  readonly seconds: number
  /** Where the run ended. */
  readonly progress: RunProgress
  /** Records that this run did, without those of earlier runs on the same cloud. */
  readonly recordsDone: number
  /** Lines that were too long to be records, by source: no stage has seen them. */
  readonly tooLong: ReadonlyMap<string, number>
}

/** The same batch failing this often in a bounded run, over a second or two, means that it will until a person acts. */
const mostFailures = 5
/** Loading waits while this much is put but not yet processed: what bounds the memory of a run. */
const mostBacklogBytes = 8 * 1024 * 1024
const progressEveryMs = 100

/**
 * Serves a pipeline until its inputs are loaded and every record was dealt with by every stage. An aborted signal ends it between
 * invocations. Rejects when a batch fails again and again, with the first such error.
 */
export async function runToEnd(cloud: RunCloud, inputs: readonly RunInput[], options: RunOptions): Promise<RunOutcome> {
  const { plan, signal, distance, onProgress = () => undefined } = options
  const began = performance.now()
  const watch = new Watch(plan)
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const bytesTotal = sum(await Promise.all(inputs.map(input => input.prepare())))
  const deployment = new Deployment(cloud, plan, {
    shards: options.shards,
    batchSize: options.batchSize,
    runner: options.runner,
    now: Date.now,
    timeoutMs: 900_000,
    observe: event => watch.heard(event, stop),
  })
  const progress = () => progressOf(cloud, plan, inputs, bytesTotal)
  const recordsBefore = progress().records

  const running = deployment.run(either)
  const loading = Promise.all(inputs.map(input => input.load(() => watch.room(cloud, plan, either), either)))
  const timer = setInterval(() => onProgress(progress()), progressEveryMs)
  try {
    await Promise.race([loading, running])
    await Promise.race([loading, aborted(either)])
    while (!either.aborted && !(deployment.isIdle() && distance?.isCaughtUp() !== false)) {
      deployment.trim()
      const changes = distance === undefined ? [] : [distance.nextChange()]
      await Promise.race([watch.nextEvent(), running, ...changes])
      // A mapping tells of a batch just before it is free again.
      await nextTurn()
    }
    await loading
  } finally {
    clearInterval(timer)
    stop.abort()
    await Promise.allSettled([running, loading])
  }
  await running
  if (watch.failure !== undefined) throw withLinePlace(watch.failure)
  const reached = progress()
  onProgress(reached)
  return {
    kind: signal.aborted ? 'interrupted' : 'finished',
    seconds: (performance.now() - began) / 1000,
    progress: reached,
    recordsDone: reached.records - recordsBefore,
    tooLong: new Map(inputs.map(input => [input.source, input.counts.tooLong])),
  }
}

/** A source stage that commits counts in its log, which is not for reading at any moment: what is loaded stands for what it did. */
function progressOf(cloud: RunCloud, plan: Plan, inputs: readonly RunInput[], bytesTotal: number): RunProgress {
  const kinds = new Map(plan.stages.map(stage => [stage.name, stage.kind]))
  let records = 0
  let lines = 0
  for (const { source, counts } of inputs) {
    const isCounted = kinds.get(source) === 'transient'
    records += isCounted ? (cloud.checkpoints.tally(mappingName(plan, source)).recordsIn ?? 0) : counts.lines
    lines += counts.lines
  }
  const loaded = bytesTotal === 0 ? 1 : sum(inputs.map(input => input.bytesDone)) / bytesTotal
  return { fraction: lines === 0 ? loaded : Math.min(1, (records / lines) * loaded), records }
}

/** Keeps an eye on the mappings: what waits, what fails again and again. */
class Watch {
  failure: unknown
  readonly #failures = new Map<string, number>()
  #wake: (() => void)[] = []
  #bytesDone = 0
  readonly #plan: Plan

  constructor(plan: Plan) {
    this.#plan = plan
  }

  heard(event: MappingEvent, stop: AbortController): void {
    this.#bytesDone += event.doneBytes
    const place = `${event.mapping}/${event.shard}`
    if (event.done > 0) this.#failures.delete(place)
    else this.#failures.set(place, (this.#failures.get(place) ?? 0) + 1)
    if ((this.#failures.get(place) ?? 0) >= mostFailures) {
      this.failure ??= event.error ?? new Error(`Cannot go on with ${place}: its batch failed ${mostFailures} times`)
      stop.abort()
    }
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }

  nextEvent(): Promise<void> {
    return new Promise(resolve => this.#wake.push(resolve))
  }

  /** Waits until little enough is put but not processed. */
  async room(cloud: RunCloud, plan: Plan, signal: AbortSignal): Promise<void> {
    await nextTurn()
    for (;;) {
      for (const stage of this.#plan.stages) cloud.trimCheckpointed(stage.input.stream, [`${plan.name}/${stage.name}`])
      const bytesPut = sum(plan.stages.map(stage => cloud.streams.bytesPut(stage.input.stream)))
      if (signal.aborted || bytesPut - this.#bytesDone < mostBacklogBytes) return
      await Promise.race([this.nextEvent(), sleep(1_000)])
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
