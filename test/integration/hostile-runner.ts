import type { KinesisStreamEvent } from 'aws-lambda'
import { handlers, type StageHandler } from '../../functions/handlers.ts'
import { interceptPorts, type PortCall } from '../../local/cloud/intercept-ports.ts'
import type { FunctionRunner, InvocationResult, InvokeOptions } from '../../local/event-source/function-runner.ts'
import { invokeHandler } from '../../local/functions/environment-pool.ts'
import type { Random } from '../../local/simulator/random.ts'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { Strikes } from './strikes.ts'

export type HostileOptions = {
  readonly pipeline: Pipeline<unknown, unknown>
  readonly stage: string
  readonly ports: Ports
  readonly strikes: Strikes
  readonly random: Random
  /** A batch is handed over again. */
  readonly onRedelivery: () => void
  /** An invocation that was given up on goes on. */
  readonly onZombie: (ended: Promise<unknown>) => void
}

/** A process: once dead, every call of what still runs in it fails without effect. */
type Environment = {
  readonly handler: StageHandler
  readonly ports: Ports
  /** Calls of this invocation, by name. */
  readonly calls: Map<string, number>
  /** What it died of. */
  death: Error | undefined
}

/**
 * Lambda on a bad day: environments die at each await, once each; batches are handed over twice, and cut anew, to whichever environment is
 * free, also while an invocation that was given up on goes on. All of it is what the platform may do.
 */
export class HostileRunner implements FunctionRunner {
  readonly #options: HostileOptions
  readonly #free: Environment[] = []

  constructor(options: HostileOptions) {
    this.#options = options
  }

  async invoke(event: KinesisStreamEvent, options: InvokeOptions): Promise<InvocationResult> {
    const { random, onRedelivery, onZombie } = this.#options
    for (;;) {
      const cut = random.below(event.Records.length)
      if (cut > 0 && random.chance(0.15)) await this.#once({ Records: event.Records.slice(0, cut) }, options)
      if (random.chance(0.1)) onZombie(this.#once(event, options))
      const result = await this.#once(event, options)
      if (result.kind === 'failed') {
        // Mostly at once, or the event source mapping would wait longer each time.
        if (result.fatal || random.chance(0.03)) return result
        onRedelivery()
        continue
      }
      if (!random.chance(0.15)) return result
      onRedelivery()
      if (random.chance(0.5)) return this.#once(event, options)
      // The answer says less than was done: the rest comes again, as a batch of its own.
      const { sequenceNumber } = random.pick(event.Records).kinesis
      return { ...result, response: { batchItemFailures: [{ itemIdentifier: sequenceNumber }] }, tally: {} }
    }
  }

  async #once(event: KinesisStreamEvent, { timeoutMs }: InvokeOptions): Promise<InvocationResult> {
    const { stage, random } = this.#options
    const [known] = this.#free.splice(random.below(Math.max(1, this.#free.length)), 1)
    const environment = known ?? this.#start()
    environment.calls.clear()
    const { handler, ports } = environment
    const result = await invokeHandler(handler, event, stage, ports, Date.now() + timeoutMs, Date.now)
    if (environment.death !== undefined) return { kind: 'failed', error: environment.death, fatal: false }
    if (random.chance(0.95)) this.#free.push(environment)
    return result
  }

  #start(): Environment {
    const { pipeline, stage, ports } = this.#options
    const byStage: Readonly<Record<string, StageHandler>> = handlers(pipeline)
    const environment: Environment = {
      handler: byStage[stage],
      ports: interceptPorts(ports, (call, effect) => this.#pass(environment, call, effect)),
      calls: new Map(),
      death: undefined,
    }
    return environment
  }

  async #pass<T>(environment: Environment, call: PortCall, effect: () => Promise<T>): Promise<T> {
    const { stage, strikes } = this.#options
    if (environment.death !== undefined) throw environment.death
    const name = `${call.port}.${call.method}`
    const nth = (environment.calls.get(name) ?? 0) + 1
    environment.calls.set(name, nth)
    const place = `${name} ${nth} of stage "${stage}"`
    const die = (when: string): never => {
      environment.death = new Error(`The environment died ${when} ${place}`)
      throw environment.death
    }
    if (strikes.strikes('dies before', stage, call, nth)) die('before')
    const result = await effect()
    if (environment.death !== undefined) throw environment.death
    if (strikes.strikes('dies after', stage, call, nth)) die('after')
    if (strikes.strikes('loses the answer of', stage, call, nth)) throw new Error(`The answer of ${place} was lost`)
    return result
  }
}
