import { Worker } from 'node:worker_threads'
import type { KinesisStreamEvent } from 'aws-lambda'
import { describeThrown } from '../../shared/model/errors.ts'
import type { Plan, Stage } from '../../shared/plan/plan.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { FunctionRunner, InvocationResult, InvokeOptions } from '../event-source/function-runner.ts'
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts'
import { callPort } from './worker-ports.ts'

/**
 * Environments in worker threads, so that stages use more than one core. A logged stage's shard stays with one thread, where its state
 * is warm; a transient stage's invocation goes to the thread with the least to do.
 */
export class WorkerPool {
  readonly #threads: readonly Thread[]
  readonly #places = new Map<string, Thread>()

  constructor(plan: Plan, file: string, ports: Ports, threads: number) {
    const setup = { file, pipeline: plan.name }
    this.#threads = Array.from({ length: threads }, () => new Thread(setup, ports))
  }

  runner(stage: Stage): FunctionRunner {
    return { invoke: (event, options) => this.#threadFor(stage, event).invoke(stage.name, event, options) }
  }

  /** Invocations that the thread with the least to do is at work on. */
  get leastRunning(): number {
    return this.#idlest(thread => thread.running).running
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(thread => thread.close()))
  }

  #threadFor(stage: Stage, event: KinesisStreamEvent): Thread {
    if (stage.kind === 'transient') return this.#idlest(thread => thread.running)
    const place = `${stage.name}/${event.Records[0]?.eventID.split(':')[0]}`
    const known = this.#places.get(place)
    if (known !== undefined) return known
    const thread = this.#idlest(other => other.places)
    thread.places++
    this.#places.set(place, thread)
    return thread
  }

  #idlest(load: (thread: Thread) => number): Thread {
    let best = this.#threads[0]
    for (const thread of this.#threads) if (load(thread) < load(best)) best = thread
    return best
  }
}

/**
 * Batches of megabytes pass through a thread; a young generation that holds a few of them keeps garbage from growing old, and the
 * process small. A thread's state may be as large as a Lambda function's of the default size here.
 */
const threadLimits = { maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 1024 }

class Thread {
  /** Invocations that it is at work on. */
  running = 0
  /** Shards of logged stages that stay here. */
  places = 0
  readonly #worker: Worker
  readonly #waiting = new Map<number, (result: InvocationResult) => void>()
  #invocations = 0
  #death: Error | undefined

  constructor(setup: WorkerSetup, ports: Ports) {
    this.#worker = new Worker(new URL('./environment-worker.ts', import.meta.url), {
      workerData: setup,
      resourceLimits: threadLimits,
    })
    this.#worker.on('message', (message: FromWorker) => this.#heard(message, ports))
    this.#worker.on('error', error => this.#die(error))
    this.#worker.on('exit', () => this.#die(new Error('Cannot run the function: its thread has ended')))
  }

  invoke(stage: string, event: KinesisStreamEvent, { timeoutMs }: InvokeOptions): Promise<InvocationResult> {
    if (this.#death !== undefined) return Promise.resolve({ kind: 'failed', error: this.#death, fatal: true })
    return new Promise(resolve => {
      const id = this.#invocations++
      this.running++
      this.#waiting.set(id, resolve)
      this.#send({ kind: 'invoke', id, stage, event, timeoutMs })
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #heard(message: FromWorker, ports: Ports): void {
    switch (message.kind) {
      case 'call': {
        const { id } = message
        callPort(ports, message.call).then(
          value => this.#send({ kind: 'answer', id, value }),
          error => this.#send({ kind: 'answer', id, error: describeThrown(error) }),
        )
        return
      }
      case 'answered':
        return this.#settle(message.id, { kind: 'answered', response: message.response, tally: message.tally })
      case 'failed': {
        const { name, stack, fatal } = message
        const error = Object.assign(new Error(message.message), { name, stack })
        return this.#settle(message.id, { kind: 'failed', error, fatal })
      }
    }
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #settle(id: number, result: InvocationResult): void {
    const resolve = this.#waiting.get(id)
    this.#waiting.delete(id)
    this.running--
    resolve?.(result)
  }

  /** Without a thread nothing can go on: a user's module that cannot be loaded, memory that ran out. */
  #die(error: Error): void {
    this.#death ??= error
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { kind: 'failed', error: this.#death, fatal: true })
  }
}
