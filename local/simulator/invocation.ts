import type { KinesisStreamEvent } from 'aws-lambda'
import type { ShardId } from '../../shared/model/ids.ts'
import type { Environment } from '../../shared/runtime/environment.ts'
import type { InvocationResult } from '../event-source/function-runner.ts'
import type { InvocationPlace } from './observation.ts'

/** What Lambda calls an execution environment: it does one invocation at a time, and stands still between two. */
export type Process = {
  readonly number: number
  readonly stage: string
  readonly environment: Environment
  /** How far its clock is off. */
  readonly skewMs: number
  running: Invocation | undefined
  isGone: boolean
}

export type InvocationOptions = {
  readonly number: number
  readonly process: Process
  readonly shard: ShardId
  readonly event: KinesisStreamEvent
  readonly startedMs: number
  readonly timeoutMs: number
  /** What each look at the time left costs. */
  readonly lookMs: number
  /** Tells the mapping. */
  readonly settle: (result: InvocationResult) => void
}

/** A batch that was handed over to a process. */
export class Invocation {
  readonly number: number
  readonly process: Process
  readonly shard: ShardId
  readonly event: KinesisStreamEvent
  /** The platform has given up on it. */
  isZombie = false
  /** It was given up on, and its process was stopped in the middle of it. */
  isFrozen = false
  /** Its code has come to an end; calls that it did not wait for may still be under way. */
  isOver = false
  /** When the platform gives up on it, in virtual time. */
  deadlineMs: number
  readonly #options: InvocationOptions
  #spentMs = 0

  constructor(options: InvocationOptions) {
    this.number = options.number
    this.process = options.process
    this.shard = options.shard
    this.event = options.event
    this.deadlineMs = options.startedMs + options.timeoutMs
    this.#options = options
  }

  get place(): InvocationPlace {
    const { process, number, shard, isZombie } = this
    return { invocation: number, stage: process.stage, shard, environment: process.number, isZombie }
  }

  /** As the runtime is told; each look takes its time. */
  remainingMs(nowMs: number, isHealed: boolean): number {
    if (!isHealed) this.#spentMs += this.#options.lookMs
    return this.deadlineMs - nowMs - this.#spentMs + this.process.skewMs
  }

  /** The mapping hears once; what comes after a loss goes nowhere. */
  settle(result: InvocationResult): void {
    this.#options.settle(result)
  }

  /** Whether its code runs when its calls are answered. */
  get isAwake(): boolean {
    if (this.process.isGone) return false
    return this.process.running === this || ((this.isFrozen || this.isOver) && this.process.running !== undefined)
  }
}
