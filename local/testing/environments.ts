import type { KinesisStreamEvent } from 'aws-lambda'
import { StopDeploymentError } from '../../shared/model/errors.ts'
import type { Sink } from '../../shared/plan/graph.ts'
import type { Plan, Stage } from '../../shared/plan/plan.ts'
import type { InvocationReport } from '../../shared/ports/host.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { Environment } from '../../shared/runtime/environment.ts'
import { invoke } from '../../shared/runtime/invocation.ts'
import { interceptPorts } from '../cloud/intercept-ports.ts'
import type { FunctionRunner, InvocationResult } from '../event-source/function-runner.ts'
import { tallyOf } from '../functions/report-tally.ts'
import type { Awaits } from './awaits.ts'
import type { DriveOptions } from './drive-options.ts'
import { operationOf } from './faults.ts'
import { Life } from './life.ts'

export type EnvironmentsOptions = {
  readonly plan: Plan
  readonly stage: Stage
  readonly ports: Ports
  readonly awaits: Awaits
  /** Time of an invocation that each look at the time left is taken to cost. */
  readonly lookMs: number
  readonly onReport: (report: InvocationReport) => void
  /** A `forEach` sink is about to be called. */
  readonly onCall: (sink: string, id: string, values: readonly unknown[]) => void
  /** What is called in place of the pipeline's own sinks, by name. */
  readonly sinks: NonNullable<DriveOptions['sinks']>
  /** An invocation that was given up on goes on. */
  readonly onZombie: (ended: Promise<unknown>) => void
}

/** A process: what its stage remembers, and the invocation that it is at. */
type Slot = { readonly environment: Environment; life: Life }

/** The environments of one stage. Deliveries go to them in turn, so that with several each has missed what the others did. */
export class Environments implements FunctionRunner {
  /** The newest event of each shard, for a redelivery. */
  readonly delivered = new Map<string, KinesisStreamEvent>()
  readonly #options: EnvironmentsOptions
  #slots: (Slot | undefined)[] = [undefined]
  #next = 0

  constructor(options: EnvironmentsOptions) {
    this.#options = options
  }

  /** Every environment is gone: what runs next starts cold. */
  evict(): void {
    this.#slots = this.#slots.map(() => undefined)
  }

  resize(count: number): void {
    this.#slots = Array.from({ length: count }, (_, i) => this.#slots[i])
  }

  async invoke(event: KinesisStreamEvent, { timeoutMs }: { readonly timeoutMs: number }): Promise<InvocationResult> {
    const { onReport, onZombie, lookMs } = this.#options
    const at = this.#next++ % this.#slots.length
    const slot = this.#slots[at] ?? this.#start()
    const life = new Life()
    slot.life = life
    let leftMs = timeoutMs
    const remainingMs = () => {
      leftMs -= lookMs
      return leftMs + lookMs
    }
    const running = invoke(slot.environment, event, remainingMs)
    const answered = running.then(
      ({ response, report }): InvocationResult => {
        if (life.isAlive) onReport(report)
        return { kind: 'answered', response, tally: tallyOf(report) }
      },
      (error): InvocationResult => ({ kind: 'failed', error, fatal: error instanceof StopDeploymentError }),
    )
    const lost = life.lost.then((error): InvocationResult => ({ kind: 'failed', error, fatal: false }))
    const result = await Promise.race([answered, lost])
    this.#slots[at] = life.isAlive ? slot : undefined
    if (!life.isAlive && !life.isDead) onZombie(Promise.race([answered, life.gone]))
    if (result.kind === 'answered') this.delivered.set(event.Records[0].eventID.split(':')[0], event)
    return result
  }

  #start(): Slot {
    const { plan, stage, ports, awaits } = this.#options
    const holder: { life: Life } = { life: new Life() }
    const intercepted = interceptPorts(ports, (call, effect) =>
      awaits.pass(holder.life, stage.name, operationOf(call), effect),
    )
    const sinks = stage.sinks.map(sink => this.#watched(sink, holder))
    const environment = new Environment(plan, { ...stage, sinks }, intercepted)
    return Object.assign(holder, { environment })
  }

  #watched(sink: Sink, holder: { readonly life: Life }): Sink {
    if (sink.kind !== 'forEach') return sink
    const { awaits, stage, onCall, sinks } = this.#options
    const other = sinks[sink.name]
    const fn = (batch: readonly unknown[], id: string): Promise<void> =>
      awaits.pass(holder.life, stage.name, 'Call', async () => {
        onCall(sink.name, id, batch)
        await (other === undefined ? sink.fn(batch, id) : other.write(batch, id))
      })
    return { ...sink, fn }
  }
}
