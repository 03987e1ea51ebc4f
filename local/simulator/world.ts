import type { KinesisStreamEvent } from 'aws-lambda'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import type { ShardId } from '../../shared/model/ids.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { PutRecord, ShardDescription } from '../../shared/ports/streams.ts'
import { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { MemoryFiles } from '../cloud/files.ts'
import { MemoryStorage } from '../cloud/memory-storage.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import type { Operation } from '../testing/faults.ts'
import { type Climate, climateOf } from './climate.ts'
import { Dice, type Drawn, type FaultRecord } from './dice.ts'
import type { Invocation, Process } from './invocation.ts'
import type { Failure, Happening, PushedRecord, RuntimeCall, SinkCall, Watch } from './observation.ts'
import { ParkedCall } from './parked-call.ts'
import { Random } from './random.ts'
import { SimulatedFault } from './simulated-fault.ts'
import { Trace } from './trace.ts'
import type { Workload } from './workload/workload.ts'

export type WorldOptions = {
  readonly workload: Workload
  readonly seed: number
  /** How many there are. */
  readonly records: number
  /** The pipeline built anew, for a redeployment. */
  readonly rebuild: () => Pipeline<unknown, unknown>
  readonly hasLines: boolean
  /** Makes the climate that was drawn another. */
  readonly climate: (drawn: Climate) => Climate
  /** Only these faults happen. */
  readonly only: ReadonlySet<string> | undefined
}

/** A request whose caller no longer waits: it takes effect when its turn comes. */
export type LateEffect = { readonly text: string; readonly go: () => Promise<void> }

/** When the first records arrive: 2026-01-01T00:00:00Z. */
const beginMs = Date.UTC(2026, 0, 1)

/**
 * All that there is in a run: the cloud, virtual time, what the runtime waits for, and who listens. Nothing here decides what happens
 * next; nothing here depends on anything but the seed.
 */
export class World {
  readonly seed: number
  readonly workload: Workload
  readonly rebuild: () => Pipeline<unknown, unknown>
  readonly climate: Climate
  readonly dice: Dice
  /** For what happens next. */
  readonly random: Random
  readonly trace: Trace
  readonly storage = new MemoryStorage()
  readonly cloud: EmbeddedCloud
  readonly faults: FaultRecord[] = []
  readonly failures: Failure[] = []
  readonly pushed: PushedRecord[] = []
  readonly calls: SinkCall[] = []
  /** Shards of each stream as they were before each reshard. */
  readonly formerShards = new Map<string, (readonly ShardDescription[])[]>()
  plan: Plan
  step = 0
  nowMs = beginMs
  awaits = 0
  parked: ParkedCall[] = []
  late: LateEffect[] = []
  processes: Process[] = []
  /** Whose code runs: a call that the runtime makes now is of this invocation. */
  active: Invocation | undefined
  /** The last step at which records were put or checkpointed. */
  progressStep = 0
  /** What an invocation ended with last, for a run that does not come to an end. */
  lastError: unknown
  #watches: readonly Watch[] = []
  #hasListeners = false

  constructor({ workload, seed, records, rebuild, hasLines, climate, only }: WorldOptions) {
    const root = new Random(seed)
    this.seed = seed
    this.workload = workload
    this.rebuild = rebuild
    this.plan = workload.pipeline.plan
    this.climate = climate(climateOf(root.fork('climate'), records, groupsOf(this.plan)))
    this.dice = new Dice(root.fork('faults'), this.climate.rates, only)
    this.random = root.fork('schedule')
    this.trace = new Trace(hasLines)
    this.cloud = new EmbeddedCloud(this.storage, new MemoryFiles(), { now: () => this.nowMs, sleep: async () => {} })
    for (const stream of this.streams) this.cloud.streams.createStream(stream, this.climate.shards(stream))
  }

  /** All streams of the pipeline, those that sinks write to included, in the order of the plan. */
  get streams(): readonly string[] {
    const { stages, graph } = this.plan
    const sinks = graph.sinks.flatMap(sink => (sink.kind === 'stream' ? [sink.stream] : []))
    return [...new Set([...stages.map(({ input }) => input.stream), ...sinks])]
  }

  get isHealed(): boolean {
    return this.dice.isHealed
  }

  listen(watches: readonly Watch[]): void {
    this.#watches = watches
    this.#hasListeners = watches.some(watch => watch.onHappening !== undefined)
  }

  /** Built only where somebody listens. */
  happen(happening: () => Happening): void {
    if (!this.#hasListeners) return
    const what = happening()
    for (const watch of this.#watches) watch.onHappening?.(what)
  }

  fail(checker: string, message: string): void {
    this.failures.push({ checker, message })
    this.trace.tell(() => `FAILED ${checker}: ${message}`)
  }

  /** The run is another one from here on, if anybody replays it: said in its trace and its list of faults. */
  suffer({ id, kind }: Drawn, text: string): void {
    this.faults.push({ id, kind, step: this.step, ms: this.nowMs, text })
    this.trace.note(kind, id)
    this.trace.tell(() => `${kind}: ${text}`)
  }

  open(stream: string): readonly ShardDescription[] {
    return this.cloud.streams.describe(stream).filter(shard => !shard.closed)
  }

  records(stream: string, shard: ShardId): readonly StreamRecord[] {
    return this.cloud.streams.read(stream, shard, undefined, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  }

  /** Puts records from outside of the pipeline. */
  put(stream: string, records: readonly PutRecord[]): ReturnType<EmbeddedCloud['streams']['put']> {
    const outcomes = this.cloud.streams.put(stream, records)
    for (const outcome of outcomes) {
      if (outcome.kind === 'refused')
        throw new RangeError(`Cannot push to source "${stream}": a record was refused, ${outcome.reason}`)
    }
    this.progressStep = this.step
    this.happen(() => ({ kind: 'put', stream, records, outcomes }))
    return outcomes
  }

  /** The runtime asks for something: it waits until its turn comes. */
  park(process: Process, operation: Operation, call: RuntimeCall, effect: () => Promise<unknown>): Promise<unknown> {
    const invocation = this.active
    if (process.isGone || invocation === undefined) return new Promise(() => {})
    return new Promise((resolve, reject) => {
      const parked = new ParkedCall({
        number: ++this.awaits,
        cloud: this.cloud,
        invocation,
        operation,
        call,
        effect,
        onEffect: happened => this.#tookEffect(invocation, happened),
        resolve,
        reject,
      })
      this.parked.push(parked)
      this.trace.note('asks', operation, parked.number, parked.weight)
    })
  }

  /** The runtime's code goes on with the answer. */
  answer(parked: ParkedCall): void {
    const { answer, invocation, call, operation, number } = parked
    if (answer === undefined) throw new Error(`Cannot answer call ${number}: it has not taken effect`)
    this.unpark(parked)
    const error = 'error' in answer ? answer.error : undefined
    this.trace.note('hears', operation, number, error === undefined ? 0 : 1)
    this.trace.tell(() => `${nameOf(invocation)} ${operation} ${textOf(answer)}`)
    this.happen(() => ({ kind: 'answer', at: invocation.place, call, error }))
    this.active = invocation
    if (error === undefined) parked.resolve('value' in answer ? answer.value : undefined)
    else parked.reject(error)
  }

  unpark(parked: ParkedCall): void {
    const at = this.parked.indexOf(parked)
    if (at >= 0) this.parked.splice(at, 1)
  }

  /** The platform no longer waits for an invocation that goes on, or whose process stops in the middle of it. */
  giveUp(invocation: Invocation, as: 'zombie' | 'frozen', why: string): void {
    if (invocation.isOver || invocation.process.isGone) return
    const wasZombie = invocation.isZombie
    invocation.isZombie = true
    if (as === 'frozen' && invocation.process.running === invocation) {
      invocation.isFrozen = true
      invocation.process.running = undefined
    }
    if (wasZombie) return
    this.trace.tell(() => `${nameOf(invocation)} is given up on, ${as}`)
    this.happen(() => ({ kind: 'lost', at: invocation.place, as }))
    invocation.settle({ kind: 'failed', error: new SimulatedFault(why), fatal: false })
  }

  /** The process ends in the middle of whatever it does. What it has asked for may arrive all the same, or not. */
  kill(process: Process, random: Random, why: string): void {
    if (process.isGone) return
    process.isGone = true
    this.processes = this.processes.filter(other => other !== process)
    const orphans = this.parked.filter(({ invocation }) => invocation.process === process)
    this.parked = this.parked.filter(({ invocation }) => invocation.process !== process)
    for (const orphan of orphans) if (orphan.answer === undefined && random.chance(0.3)) this.delay(orphan)
    const { running } = process
    process.running = undefined
    this.trace.note('gone', process.stage, process.number)
    if (running === undefined || running.isOver) return
    this.trace.tell(() => `${nameOf(running)} is gone with process ${process.number}`)
    this.happen(() => ({ kind: 'lost', at: running.place, as: 'gone' }))
    running.settle({ kind: 'failed', error: new SimulatedFault(why), fatal: false })
  }

  /** All processes end, and what they had asked for, batches that might come again and lists of shards of before are gone. */
  endAll(random: Random, why: string): void {
    for (const process of [...this.processes]) this.kill(process, random, why)
    this.late = []
    this.delivered.clear()
    this.formerShards.clear()
  }

  /** The request is under way, and nobody waits for it. */
  delay(parked: ParkedCall): void {
    const text = `${nameOf(parked.invocation)} ${parked.operation}`
    this.late.push({ text, go: () => parked.perform() })
  }

  readonly delivered = new Map<string, KinesisStreamEvent[]>()

  #tookEffect({ place: at }: Invocation, { call, result }: { readonly call: RuntimeCall; readonly result: unknown }) {
    if (call.port === 'user') {
      const [sink, id, values] = call.args
      this.calls.push({ sink, id, values: structuredClone(values) })
    }
    this.happen(() => ({ kind: 'effect', at, call, result }))
    if (call.method === 'putRecords') {
      const [stream, records] = call.args
      this.happen(() => ({ kind: 'put', stream, records, outcomes: result as ReturnType<World['put']> }))
    }
  }
}

const groupsOf = ({ stages }: Plan): number =>
  stages.reduce((sum, { input }) => sum + (input.kind === 'shuffle' ? input.groups : 0), 0)

/** `#12 side/0` */
export const nameOf = ({ number, process, shard }: Invocation): string =>
  `#${number} ${process.stage}/${shardNumber(shard)}`

/** Shard ids are long, and the same but for a number. */
export const shardNumber = (shard: ShardId): string => shard.replace(/^shardId-0*(?=\d)/, '')

function textOf(answer: NonNullable<ParkedCall['answer']>): string {
  if ('error' in answer) return `fails: ${answer.error.message}`
  const { value } = answer
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `${value.length}`
  return 'done'
}
