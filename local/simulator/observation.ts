import type { ShardId } from '../../shared/model/ids.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { StoredCommit, StoredPage } from '../../shared/ports/commit-log.ts'
import type { InvocationReport } from '../../shared/ports/host.ts'
import type { PutOutcome, PutRecord, ShardDescription } from '../../shared/ports/streams.ts'
import type { BatchResponse } from '../../shared/runtime/batch.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import type { PortCall } from '../cloud/intercept-ports.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import type { MappingEvent } from '../event-source/shard-worker.ts'

/**
 * What a checker sees of a run: everything that is stored, and every thing that happens, when it happens. Nothing here changes the run.
 */
export type Observation = {
  readonly seed: number
  readonly plan: Plan
  readonly cloud: EmbeddedCloud
  /** Steps of the scheduler so far. */
  readonly step: number
  /** Virtual time. */
  readonly nowMs: number
  /** Faults are over: everything must come to an end from here on. */
  readonly isHealed: boolean
  /** Shards may be idle: see `Workload`. */
  readonly fallsSilent: boolean
  /** Slots in the ring of every commit log of this run. */
  readonly ringSlots: number
  /** All records of the input that were pushed so far, in order, but not the end of the input. */
  readonly pushed: readonly PushedRecord[]
  /** The logs that hold a commit: `pipeline/stage/shard`, in order. */
  logs(): readonly string[]
  /** What a log's ring holds now, by version. */
  ring(log: string): readonly StoredCommit[]
  /** What is paged of a stage's key groups now: `stage` is `pipeline/stage`. */
  pages(stage: string): readonly HeldPage[]
  /** Every record that was ever put to the shard, oldest first. */
  records(stream: string, shard: ShardId): readonly StreamRecord[]
  shards(stream: string): readonly ShardDescription[]
  /** What the `forEach` sinks were called with, in order, repeated calls included. */
  readonly calls: readonly SinkCall[]
}

export type HeldPage = { readonly group: number; readonly slot: 0 | 1; readonly part: StoredPage }

/** What the runtime awaits: a port, or the user's function of a `forEach` sink, which is not called here but noted. */
export type RuntimeCall =
  | PortCall
  | {
      readonly port: 'user'
      readonly method: 'forEach'
      readonly args: readonly [sink: string, id: string, values: readonly unknown[]]
    }

export type SinkCall = { readonly sink: string; readonly id: string; readonly values: readonly unknown[] }

export type PushedRecord = {
  readonly source: string
  readonly data: Uint8Array
  readonly partitionKey: string
  readonly shard: ShardId
  readonly sequence: string
  readonly arrivalMs: number
}

/** An invocation, by its number in the run. */
export type InvocationPlace = {
  readonly invocation: number
  readonly stage: string
  readonly shard: ShardId
  /** Number of the environment in the run: one that was lost is never named again. */
  readonly environment: number
  /** The platform has given up on it. */
  readonly isZombie: boolean
}

/** What happens in a run, in order. */
export type Happening =
  /** An invocation begins. `isRepeat`: the batch was handed over before, by no mapping's wish. */
  | {
      readonly kind: 'invoked'
      readonly at: InvocationPlace
      readonly sequences: readonly string[]
      readonly isRepeat: boolean
    }
  /**
   * A call of the runtime takes effect, in whole or in part: `call.args` are what has taken effect. The caller may never hear of it. A
   * read takes effect when it is made.
   */
  | { readonly kind: 'effect'; readonly at: InvocationPlace; readonly call: RuntimeCall; readonly result: unknown }
  /** Records lie in a stream, whoever put them. */
  | {
      readonly kind: 'put'
      readonly stream: string
      readonly records: readonly PutRecord[]
      readonly outcomes: readonly PutOutcome[]
    }
  /** The runtime's code is told: a call of its own resolves or rejects. */
  | {
      readonly kind: 'answer'
      readonly at: InvocationPlace
      readonly call: RuntimeCall
      readonly error: Error | undefined
    }
  /** An invocation has come to its end, whether anybody listens or not. */
  | {
      readonly kind: 'answered'
      readonly at: InvocationPlace
      readonly response: BatchResponse
      readonly report: InvocationReport
    }
  | { readonly kind: 'threw'; readonly at: InvocationPlace; readonly error: unknown }
  /** The platform no longer waits for an invocation: it goes on (`zombie`), stands still (`frozen`), or its process is gone. */
  | { readonly kind: 'lost'; readonly at: InvocationPlace; readonly as: 'zombie' | 'frozen' | 'gone' }
  /** A mapping's checkpoint has moved, or a batch has failed. */
  | { readonly kind: 'mapping'; readonly stage: string; readonly event: MappingEvent }
  | { readonly kind: 'pushed'; readonly record: PushedRecord }
  | { readonly kind: 'resharded'; readonly stream: string; readonly shards: readonly ShardDescription[] }
  /** New mappings and environments under the old names. */
  | { readonly kind: 'redeployed' }
  | { readonly kind: 'healed' }

/** Watches one run. A sentence for each thing that is wrong; none means all is well. */
export type Watch = {
  /** Hears of everything that happens, at once: what is stored is as of then. */
  onHappening?(happening: Happening): void
  /** After each step, when the runtime waits. A sentence ends the run there. */
  onStep?(): string | undefined
  /** Once everything has come to an end. */
  atEnd(): readonly string[] | Promise<readonly string[]>
}

/** The header of a checker says what it checks and what it doesn't. */
export type Checker = {
  /** Names the kind of failure: a schedule is shrunk as long as the same checker complains. */
  readonly name: string
  watch(run: Observation): Watch
}

export type Failure = { readonly checker: string; readonly message: string }
