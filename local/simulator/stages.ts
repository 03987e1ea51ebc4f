import type { KinesisStreamEvent } from 'aws-lambda'
import { StopDeploymentError } from '../../shared/model/errors.ts'
import { type ShardId, shardId } from '../../shared/model/ids.ts'
import type { Sink } from '../../shared/plan/graph.ts'
import { type Stage, stageNamed } from '../../shared/plan/plan.ts'
import { Environment } from '../../shared/runtime/environment.ts'
import { invoke } from '../../shared/runtime/invocation.ts'
import { interceptPorts } from '../cloud/intercept-ports.ts'
import { EventSourceMapping } from '../event-source/event-source-mapping.ts'
import type { InvocationResult } from '../event-source/function-runner.ts'
import { mappingName } from '../functions/deployment.ts'
import { tallyOf } from '../functions/report-tally.ts'
import { operationOf } from '../testing/faults.ts'
import { Invocation, type Process } from './invocation.ts'
import { isExpected } from './simulated-fault.ts'
import { nameOf, type World } from './world.ts'

/** A stage's mapping, and which shards it has something for. */
type Served = {
  readonly mapping: EventSourceMapping
  /** As of the last look; undefined once something has happened that may change it. */
  ready: readonly ShardId[] | undefined
}

/** Batches of a stage that can be handed over once more. */
const mostRemembered = 12

/** The stages of the pipeline as they are deployed: event source mappings, and processes that come and go. */
export class Stages {
  readonly #world: World
  readonly #served = new Map<string, Served>()
  #generation = 0
  #processes = 0
  #invocations = 0

  constructor(world: World) {
    this.#world = world
    for (const { name, input } of world.plan.stages) {
      this.deploy(name)
      world.cloud.streams.listen(input.stream, () => this.#look(name))
    }
  }

  /** Makes a stage's mapping anew: it begins where the old one stood, and cuts its batches otherwise. */
  deploy(stage: string): void {
    const world = this.#world
    const { plan, cloud, climate } = world
    const mapping = new EventSourceMapping({
      cloud,
      runner: { invoke: event => this.start(stage, event, false) },
      // However long a mapping backs off, its turn may be next.
      now: () => Number.POSITIVE_INFINITY,
      observe: event => {
        if (event.done > 0) world.progressStep = world.step
        world.happen(() => ({ kind: 'mapping', stage, event }))
      },
      settings: {
        name: mappingName(plan, stage),
        stream: stageNamed(plan, stage).input.stream,
        startingPosition: 'TRIM_HORIZON',
        batchSize: climate.batchSize(stageNamed(plan, stage), this.#generation++),
        functionResponseTypes: ['ReportBatchItemFailures'],
        bisectBatchOnFunctionError: climate.bisects,
      },
    })
    this.#served.set(stage, { mapping, ready: undefined })
  }

  /** The shards of a stage that have something to hand over and no invocation at work. */
  ready(stage: string): readonly ShardId[] {
    const served = this.#of(stage)
    served.ready ??= served.mapping.ready()
    return served.ready
  }

  get isIdle(): boolean {
    return [...this.#served.values()].every(({ mapping }) => mapping.isIdle())
  }

  /** The mapping hands over the next batch of a shard. */
  serve(stage: string, shard: ShardId): void {
    const served = this.#of(stage)
    served.ready = undefined
    served.mapping.poll(shard).then(
      () => {
        served.ready = undefined
      },
      error => this.#world.fail('stopped', `stage "${stage}" stopped at shard ${shard}: ${String(error)}`),
    )
  }

  /** An invocation begins. Resolves when the platform hears of its end, or gives up. */
  start(stage: string, event: KinesisStreamEvent, isRepeat: boolean): Promise<InvocationResult> {
    const world = this.#world
    const process = this.#processFor(stage)
    return new Promise(settle => {
      const invocation = new Invocation({
        number: ++this.#invocations,
        process,
        shard: shardId(event.Records[0].eventID.split(':')[0]),
        event,
        startedMs: world.nowMs,
        timeoutMs: world.climate.timeoutMs,
        lookMs: world.climate.lookMs,
        settle,
      })
      process.running = invocation
      world.active = invocation
      this.#remember(stage, event)
      world.trace.note(isRepeat ? 'repeats' : 'starts', stage, invocation.number, event.Records.length)
      world.trace.tell(() => {
        const sequences = event.Records.map(({ kinesis }) => kinesis.sequenceNumber)
        const [first, last] = [sequences[0], sequences[sequences.length - 1]].map(shortSequence)
        return `${nameOf(invocation)} begins in process ${process.number}${isRepeat ? ' once more' : ''}: records ${first} to ${last}`
      })
      world.happen(() => ({
        kind: 'invoked',
        at: invocation.place,
        sequences: event.Records.map(({ kinesis }) => kinesis.sequenceNumber),
        isRepeat,
      }))
      this.#run(invocation)
    })
  }

  #run(invocation: Invocation): void {
    const world = this.#world
    const { process } = invocation
    process.environment.unitsPerCommit = Math.min(process.environment.unitsPerCommit, world.climate.unitsPerCommit)
    const remainingMs = () => invocation.remainingMs(world.nowMs, world.isHealed)
    invoke(process.environment, invocation.event, remainingMs).then(
      ({ response, report }) => {
        this.#over(invocation)
        const failed = response.batchItemFailures[0]?.itemIdentifier
        world.trace.note('answers', process.stage, invocation.number, failed === undefined ? 0 : 1)
        world.trace.tell(() => {
          const which = failed === undefined ? 'all' : `all before ${shortSequence(failed)}`
          return `${nameOf(invocation)} acknowledges ${which}${invocation.isZombie ? ', to nobody' : ''}`
        })
        world.happen(() => ({ kind: 'answered', at: invocation.place, response, report }))
        invocation.settle({ kind: 'answered', response, tally: tallyOf(report) })
      },
      error => {
        this.#over(invocation)
        world.lastError = error
        world.trace.note('throws', process.stage, invocation.number)
        world.trace.tell(
          () => `${nameOf(invocation)} throws: ${error instanceof Error ? error.message : String(error)}`,
        )
        world.happen(() => ({ kind: 'threw', at: invocation.place, error }))
        if (!isExpected(error)) world.fail('no surprise', surprise(invocation, error))
        invocation.settle({ kind: 'failed', error, fatal: error instanceof StopDeploymentError })
      },
    )
  }

  #over(invocation: Invocation): void {
    invocation.isOver = true
    if (invocation.process.running === invocation) invocation.process.running = undefined
  }

  /** Every warm process may serve any shard; one that is at work serves no other. */
  #processFor(stage: string): Process {
    const world = this.#world
    const free = world.processes.filter(process => process.stage === stage && process.running === undefined)
    const isCold = free.length === 0 || world.random.chance(world.isHealed ? 0 : world.climate.coldShare)
    if (!isCold) return free[world.random.below(free.length)]
    if (free.length >= world.climate.processes) world.kill(free[0], world.random, 'evicted')
    return this.#born(stageNamed(world.plan, stage))
  }

  #born(stage: Stage): Process {
    const world = this.#world
    const { skewMs, sizes } = world.climate
    const ports = interceptPorts(
      world.cloud.ports,
      <T>(call: Parameters<typeof operationOf>[0], effect: () => Promise<T>) =>
        world.park(process, operationOf(call), call, effect) as Promise<T>,
    )
    const sinks = stage.sinks.map(sink => this.#noted(sink, () => process))
    const process: Process = {
      number: ++this.#processes,
      stage: stage.name,
      environment: new Environment(world.plan, { ...stage, sinks }, ports, sizes),
      skewMs: world.random.between(-skewMs, skewMs),
      running: undefined,
      isGone: false,
    }
    world.processes.push(process)
    return process
  }

  /** A user's `forEach` is not called: what it would be called with is noted. */
  #noted(sink: Sink, process: () => Process): Sink {
    if (sink.kind !== 'forEach') return sink
    const fn = async (values: readonly unknown[], id: string): Promise<void> => {
      const call = { port: 'user', method: 'forEach', args: [sink.name, id, values] } as const
      await this.#world.park(process(), 'Call', call, async () => undefined)
    }
    return { ...sink, fn }
  }

  #remember(stage: string, event: KinesisStreamEvent): void {
    const { delivered } = this.#world
    const known = delivered.get(stage) ?? []
    delivered.set(stage, known)
    known.push(event)
    if (known.length > mostRemembered) known.shift()
  }

  #look(stage: string): void {
    const served = this.#served.get(stage)
    if (served !== undefined) served.ready = undefined
  }

  #of(stage: string): Served {
    const served = this.#served.get(stage)
    if (served === undefined) throw new Error(`Cannot serve stage "${stage}": it is not deployed`)
    return served
  }
}

const shortSequence = (sequence: string): string => sequence.replace(/^490*(?=\d)/, '')

function surprise(invocation: Invocation, error: unknown): string {
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `${nameOf(invocation)} threw what no fault explains: ${said.split('\n').slice(0, 4).join(' ')}`
}
