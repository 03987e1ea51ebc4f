import type { KinesisStreamEvent } from 'aws-lambda'
import type { ShardId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import { type Plan, type Stage, stageNamed } from '../../shared/plan/plan.ts'
import type { InvocationReport } from '../../shared/ports/host.ts'
import type { PutRecord, ShardDescription } from '../../shared/ports/streams.ts'
import { type EmbeddedCloud, memoryCloud } from '../cloud/embedded-cloud.ts'
import type { MappingEvent } from '../event-source/shard-worker.ts'
import { Deployment } from '../functions/deployment.ts'
import { Awaits } from './awaits.ts'
import { CallLog } from './call-log.ts'
import type { DriveOptions } from './drive-options.ts'
import { DriverClock } from './driver-clock.ts'
import { Environments } from './environments.ts'

const defaults = { now: Date.UTC(2026, 0, 1), timeoutMs: 60_000, batchSize: 100, mostFailures: 50 }
/** Invocations of one `settle`: a pipeline that makes its own input never ends. */
const mostInvocations = 100_000

/** A pipeline on a cloud of its own, served one invocation after the other. Nothing moves unless told, least of all time. */
export class Machine {
  readonly plan: Plan
  readonly cloud: EmbeddedCloud
  readonly awaits: Awaits
  readonly calls = new CallLog()
  readonly reports: InvocationReport[] = []
  readonly #clock: DriverClock
  readonly #options: DriveOptions
  readonly #environments: ReadonlyMap<string, Environments>
  #deployment: Deployment
  #batchSize: (stage: string) => number
  /** The event source mappings' clock: it jumps to the end of a back-off, which is no time that passes for the pipeline. */
  #mappingMs = 0
  readonly #zombies = new Set<Promise<unknown>>()
  readonly #failures = new Map<string, { times: number; error: unknown }>()

  constructor(plan: Plan, options: DriveOptions) {
    this.plan = plan
    this.#clock = new DriverClock(new Date(options.now ?? defaults.now).getTime())
    this.#options = options
    this.awaits = new Awaits(options.faults)
    this.cloud = memoryCloud({ now: () => this.nowMs, sleep: async () => {}, limit: this.#clock.limit })
    for (const { sinks } of plan.stages) {
      for (const sink of sinks) if (sink.kind === 'stream') this.cloud.streams.createStream(sink.stream, 1)
    }
    this.#environments = new Map(plan.stages.map(stage => [stage.name, this.#environmentsOf(stage)]))
    this.#batchSize = numberFor(options.batchSize, defaults.batchSize)
    this.#deployment = this.#deploy()
  }

  /** Arrival time. */
  get nowMs(): number {
    return this.#clock.nowMs
  }

  set nowMs(nowMs: number) {
    this.#clock.nowMs = nowMs
  }

  /** Settles unless told not to. */
  async changed(): Promise<void> {
    if (this.#options.auto ?? true) await this.settle()
  }

  /** Serves every stage until nothing is left to do. */
  async settle(): Promise<void> {
    for (let invocations = 0; ; invocations++) {
      if (invocations > mostInvocations) throw new Error(this.#cannotSettle(`${mostInvocations} invocations`))
      if (await this.serveOne()) continue
      if (!this.awaits.hasDelayed && this.#zombies.size === 0) return
      this.awaits.releaseAll()
      await Promise.race([Promise.all(this.#zombies), turns()])
    }
  }

  open(stream: string): readonly ShardDescription[] {
    return this.cloud.streams.describe(stream).filter(shard => !shard.closed)
  }

  put(stream: string, records: readonly PutRecord[]): void {
    let call: PutRecord[] = []
    let bytes = 0
    const flush = () => {
      for (const outcome of this.cloud.streams.put(stream, call)) {
        if (outcome.kind === 'refused') {
          throw new RangeError(`Cannot push to source "${stream}": a record was refused, ${outcome.reason}`)
        }
      }
      call = []
      bytes = 0
    }
    for (const record of records) {
      const size = record.data.byteLength + Buffer.byteLength(record.partitionKey)
      if (call.length === limits.putRecordsCount || bytes + size > limits.putRecordsBytes) flush()
      call.push(record)
      bytes += size
    }
    if (call.length > 0) flush()
  }

  /** The same bytes once on each open shard. */
  putToAll(stream: string, data: Uint8Array): void {
    const records = this.open(stream).map(({ range }) => ({
      data,
      partitionKey: 'millrace',
      explicitHashKey: range.from,
    }))
    this.put(stream, records)
  }

  environments(stage: string): Environments {
    const found = this.#environments.get(stageNamed(this.plan, stage).name)
    if (found === undefined) throw new Error(`Cannot find the environments of stage "${stage}"`)
    return found
  }

  /** New mappings under the old names: what was not done is cut anew. */
  redeploy(batchSize: DriveOptions['batchSize']): void {
    this.#batchSize = numberFor(batchSize, defaults.batchSize)
    this.#deployment = this.#deploy()
  }

  async redeliver(stage: string): Promise<void> {
    const environments = this.environments(stage)
    const events: readonly KinesisStreamEvent[] = [...environments.delivered.values()]
    if (events.length === 0)
      throw new Error(`Cannot redeliver to stage "${stage}": nothing was delivered to it, push something first`)
    for (const event of events) {
      const result = await environments.invoke(event, { timeoutMs: this.#timeoutMs })
      if (result.kind === 'failed') throw result.error
    }
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? defaults.timeoutMs
  }

  /** One invocation, on the first stage and shard that has something to do, or of the stage given. Answers whether there was one. */
  async serveOne(only?: string): Promise<boolean> {
    const mappings = [...this.#deployment.mappings].filter(([stage]) => only === undefined || stage === only)
    for (const [, mapping] of mappings) {
      if (!(await mapping.pollOnce())) continue
      this.#checkFailures()
      return true
    }
    const due = mappings.map(([, mapping]) => mapping.nextDueMs()).filter(time => time !== undefined)
    if (due.length === 0) return false
    this.#mappingMs = Math.max(this.#mappingMs, Math.min(...due))
    return true
  }

  #deploy(): Deployment {
    const { shards } = this.#options
    const shardsOf = numberFor(shards, 1)
    return new Deployment(this.cloud, this.plan, {
      shards: stage => shardsOf(stage.name),
      batchSize: stage => this.#batchSize(stage.name),
      runner: stage => this.environments(stage.name),
      now: () => this.#mappingMs,
      timeoutMs: this.#timeoutMs,
      observe: event => this.#heard(event),
    })
  }

  #environmentsOf(stage: Stage): Environments {
    return new Environments({
      plan: this.plan,
      stage,
      ports: this.cloud.ports,
      awaits: this.awaits,
      lookMs: this.#options.lookMs ?? 0,
      onReport: report => this.reports.push(report),
      onCall: (sink, id, values) => this.calls.add(sink, id, values),
      sinks: this.#options.sinks ?? {},
      onZombie: ended => {
        this.#zombies.add(ended)
        void ended.then(() => this.#zombies.delete(ended))
      },
    })
  }

  #heard({ mapping, shard, done, error }: MappingEvent): void {
    const place = placeOf(mapping, shard)
    if (done > 0) this.#failures.delete(place)
    else this.#failures.set(place, { times: (this.#failures.get(place)?.times ?? 0) + 1, error })
  }

  #checkFailures(): void {
    const most = this.#options.mostFailures ?? defaults.mostFailures
    for (const [place, { times, error }] of this.#failures) {
      if (times < most) continue
      this.#failures.delete(place)
      throw new Error(this.#cannotSettle(`the batch of ${place} failed ${times} times in a row`, error), {
        cause: error,
      })
    }
  }

  #cannotSettle(what: string, error: unknown = [...this.#failures.values()].at(-1)?.error): string {
    const last = error === undefined ? '' : `, last with "${error instanceof Error ? error.message : String(error)}"`
    return `Cannot settle pipeline "${this.plan.name}": ${what}${last}`
  }
}

const placeOf = (mapping: string, shard: ShardId): string => `stage "${mapping.split('/')[1]}", ${shard},`

/** Long enough for an invocation that waits for nothing to end. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10_000; i++) await undefined
}

function numberFor(given: DriveOptions['shards'], otherwise: number): (stage: string) => number {
  if (typeof given === 'number') return () => given
  return stage => given?.[stage] ?? otherwise
}
