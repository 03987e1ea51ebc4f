import { StopDeploymentError } from '../../shared/model/errors.ts'
import type { ShardId } from '../../shared/model/ids.ts'
import type { Tally } from '../cloud/checkpoints.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import { BatchBuffer } from './batch-buffer.ts'
import { type Decision, type DiscardCondition, decide, expire, type Part, wholeBatch } from './decision.ts'
import { type DiscardedBatch, discardedBatch } from './discarded-batch.ts'
import type { FunctionRunner, InvocationResult } from './function-runner.ts'
import { kinesisEvent } from './kinesis-event.ts'
import type { MappedCloud } from './mapped-cloud.ts'
import type { CompleteSettings } from './settings.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** What a worker needs of its mapping. */
export type WorkerContext = {
  readonly cloud: MappedCloud
  readonly runner: FunctionRunner
  readonly settings: CompleteSettings
  readonly now: () => number
  readonly onDiscard: (discarded: DiscardedBatch) => Promise<void>
  readonly observe: (event: MappingEvent) => void
}

/** What happened to some records of a shard, once it has been checkpointed. */
export type MappingEvent = {
  readonly mapping: string
  readonly shard: ShardId
  readonly outcome: Decision['kind']
  /** Records handed over. */
  readonly records: number
  /** Records that will not be handed over again, discarded ones included. */
  readonly done: number
  /** Bytes of data in those. */
  readonly doneBytes: number
  /** Why it failed, if it did. */
  readonly error?: unknown
}

/**
 * Serves one shard, one invocation at a time. A batch is a list of parts in order; the first is handed over, and what becomes of
 * it replaces it. A record is checkpointed when it is done and all before it are, so a worker made anew begins right there.
 */
export class ShardWorker {
  readonly shard: ShardId
  readonly #context: WorkerContext
  readonly #buffer: BatchBuffer
  #batch: readonly StreamRecord[] = []
  #parts: readonly Part[] = []

  constructor(context: WorkerContext, shard: ShardId) {
    const { cloud, settings } = context
    const after = cloud.checkpoints.get(settings.name, shard)?.through
    this.shard = shard
    this.#context = context
    this.#buffer = new BatchBuffer(cloud.streams, settings.stream, shard, settings.batchSize, after)
  }

  /** Whether every record that was put so far is done. */
  get isDrained(): boolean {
    return this.#parts.length === 0 && this.#buffer.isDrained
  }

  /** When the next invocation is due, 0 for at once, undefined when there is nothing to hand over. */
  dueMs(isClosed: boolean): number | undefined {
    if (this.#parts.length > 0) return this.#parts[0].notBeforeMs
    this.#buffer.fill()
    const arrivalMs = this.#buffer.oldestArrivalMs
    if (arrivalMs === undefined) return undefined
    // No more records come to a closed shard: waiting for them would only delay its children.
    const windowMs = this.#context.settings.maximumBatchingWindowInSeconds * 1000
    return windowMs === 0 || isClosed || this.#buffer.isFull ? 0 : arrivalMs + windowMs
  }

  /** One step: hands the next part over, or discards what is too old of it. Rejects when the mapping must stop. */
  async serve(): Promise<void> {
    const part = this.#parts[0] ?? this.#begin()
    const { settings, now } = this.#context
    const records = this.#batch.slice(part.from, part.to)
    const arrivals = records.map(record => record.arrivalMs)
    const expired = expire(part, arrivals, settings.maximumRecordAgeInSeconds, now())
    if (expired !== undefined) return this.#carryOut(expired, { records: 0 })

    const result = await this.#invoke(records)
    const sequences = records.map(record => record.sequence)
    const verdict = verdictOf(result, sequences, settings.functionResponseTypes.length > 0)
    const decision = decide(part, verdict, settings, now())
    const tally = result.kind === 'answered' ? result.tally : {}
    await this.#carryOut(decision, { records: records.length, verdict, tally })
  }

  #begin(): Part {
    this.#batch = this.#buffer.take()
    const part = wholeBatch(this.#batch.length)
    this.#parts = [part]
    return part
  }

  async #invoke(records: readonly StreamRecord[]): Promise<InvocationResult> {
    const { runner, settings } = this.#context
    const event = kinesisEvent(settings.stream, this.shard, records)
    try {
      return await runner.invoke(event, { timeoutMs: settings.functionTimeoutMs })
    } catch (error) {
      return { kind: 'failed', error, fatal: error instanceof StopDeploymentError }
    }
  }

  /** Discarded records are told of before they are checkpointed: a crash in between tells twice, never not at all. */
  async #carryOut(decision: Decision, invocation: Invocation): Promise<void> {
    if (decision.kind === 'stop') throw decision.error
    const [part, ...others] = this.#parts
    const acknowledged = part.from + decision.acknowledged
    if (decision.acknowledged > 0) this.#checkpoint(acknowledged, invocation.tally)
    if (decision.kind === 'discard') {
      await this.#tellDestination(decision.discarded, decision.condition, invocation)
      this.#checkpoint(decision.discarded.to, {})
    }
    const done = this.#batch.slice(part.from, decision.kind === 'discard' ? decision.discarded.to : acknowledged)
    this.#parts = [...decision.next, ...others]
    if (this.#parts.length === 0) this.#batch = []
    this.#context.observe(this.#event(decision, done, invocation))
  }

  #checkpoint(through: number, tally: Tally | undefined): void {
    const { cloud, settings } = this.#context
    cloud.checkpoints.advance(settings.name, this.shard, this.#batch[through - 1].sequence, tally)
  }

  async #tellDestination(part: Part, condition: DiscardCondition, { verdict }: Invocation): Promise<void> {
    const { settings, now, onDiscard } = this.#context
    const records = this.#batch.slice(part.from, part.to)
    const threw = verdict?.kind === 'failed'
    const { name: mapping, stream } = settings
    await onDiscard(
      discardedBatch({ mapping, stream, shard: this.shard, records, part, condition, threw, nowMs: now() }),
    )
  }

  #event(decision: Decision, done: readonly StreamRecord[], { records, verdict }: Invocation): MappingEvent {
    return {
      mapping: this.#context.settings.name,
      shard: this.shard,
      outcome: decision.kind,
      records,
      done: done.length,
      doneBytes: done.reduce((sum, record) => sum + record.data.byteLength, 0),
      ...(verdict?.kind === 'failed' ? { error: verdict.error } : {}),
    }
  }
}

/** What there is to say of an invocation; of one that was not made, because the records were too old, only that. */
type Invocation = { readonly records: number; readonly verdict?: Verdict; readonly tally?: Tally }
