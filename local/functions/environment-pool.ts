import type { Context, KinesisStreamEvent } from 'aws-lambda'
import type { StageHandler } from '../../functions/handlers.ts'
import { StopDeploymentError } from '../../shared/model/errors.ts'
import type { InvocationReport } from '../../shared/ports/host.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { FunctionRunner, InvocationResult, InvokeOptions } from '../event-source/function-runner.ts'
import { lambdaContext } from './lambda-context.ts'
import { tallyOf } from './report-tally.ts'

/**
 * Runs a function in environments of this process: each does one invocation at a time, and keeps what its handler remembers. An
 * invocation goes to the environment that served its shard last where that is free, as Lambda mostly does; nothing relies on it.
 */
export class EnvironmentPool implements FunctionRunner {
  readonly #make: () => StageHandler
  readonly #ports: Ports
  readonly #name: string
  readonly #now: () => number
  readonly #free: { readonly handler: StageHandler; shard: string }[] = []

  constructor(name: string, make: () => StageHandler, ports: Ports, now: () => number) {
    this.#name = name
    this.#make = make
    this.#ports = ports
    this.#now = now
  }

  async invoke(event: KinesisStreamEvent, { timeoutMs }: InvokeOptions): Promise<InvocationResult> {
    const shard = event.Records[0]?.eventID.split(':')[0] ?? ''
    const environment = this.#take(shard)
    const result = await invokeHandler(
      environment.handler,
      event,
      this.#name,
      this.#ports,
      this.#now() + timeoutMs,
      this.#now,
    )
    environment.shard = shard
    this.#free.push(environment)
    return result
  }

  /** Forgets every warm environment: what runs next starts cold. */
  evict(): void {
    this.#free.length = 0
  }

  #take(shard: string) {
    const at = this.#free.findIndex(other => other.shard === shard)
    const [known] = this.#free.splice(at < 0 ? this.#free.length - 1 : at, 1)
    return known ?? { handler: this.#make(), shard }
  }
}

/** One invocation of a handler: what it answered and counted, or how it failed. */
export async function invokeHandler(
  handler: StageHandler,
  event: KinesisStreamEvent,
  name: string,
  ports: Ports,
  deadlineMs: number,
  now: () => number,
): Promise<InvocationResult> {
  let done: InvocationReport | undefined
  const host = {
    ports,
    isQuiet: true,
    report: (report: InvocationReport) => {
      done = report
    },
  }
  const context: Context = lambdaContext({ host, functionName: name, remainingMs: () => deadlineMs - now() })
  try {
    const response = await handler(event, context)
    return { kind: 'answered', response, tally: done === undefined ? {} : tallyOf(done) }
  } catch (error) {
    return { kind: 'failed', error, fatal: error instanceof StopDeploymentError }
  }
}
