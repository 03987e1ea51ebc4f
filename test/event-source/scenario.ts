import assert from 'node:assert/strict'
import type { KinesisStreamEvent } from 'aws-lambda'
import { type EmbeddedCloud, memoryCloud } from '../../local/cloud/embedded-cloud.ts'
import type { DiscardedBatch } from '../../local/event-source/discarded-batch.ts'
import { EventSourceMapping } from '../../local/event-source/event-source-mapping.ts'
import type { FunctionRunner, InvocationResult } from '../../local/event-source/function-runner.ts'
import type { MappingSettings } from '../../local/event-source/settings.ts'
import type { MappingEvent } from '../../local/event-source/shard-worker.ts'
import { type ShardId, shardId } from '../../shared/model/ids.ts'
import { ManualClock } from '../cloud/clouds.ts'

export const firstShard = shardId('shardId-000000000000')

/** What an invocation was given: its records' data, and the identifiers to report them by. */
export type Handed = { readonly data: readonly string[]; readonly shard: ShardId; readonly event: KinesisStreamEvent }

/** A stream, a mapping and a function that records what it is given, all on a clock that the test moves. */
export class Scenario {
  readonly clock = new ManualClock()
  readonly cloud: EmbeddedCloud
  readonly handed: Handed[] = []
  readonly discarded: DiscardedBatch[] = []
  readonly events: MappingEvent[] = []
  /** What the function does; succeeds by default, and counts its records. */
  answer: (handed: Handed) => InvocationResult | Promise<InvocationResult> = ({ data }) => success(data.length)
  mapping: EventSourceMapping
  readonly #settings: MappingSettings

  constructor(settings: Partial<MappingSettings> = {}, shards = 1, cloud?: EmbeddedCloud) {
    this.cloud = cloud ?? memoryCloud(this.clock)
    this.#settings = { name: 'm', stream: 's', startingPosition: 'TRIM_HORIZON', ...settings }
    this.cloud.streams.createStream('s', shards)
    this.mapping = this.remake()
  }

  /** A mapping made anew under the same name, as after a crash. */
  remake(): EventSourceMapping {
    const runner: FunctionRunner = { invoke: event => this.#invoke(event) }
    this.mapping = new EventSourceMapping({
      cloud: this.cloud,
      runner,
      settings: this.#settings,
      now: this.clock.now,
      onDiscard: async discarded => void this.discarded.push(discarded),
      observe: event => this.events.push(event),
    })
    return this.mapping
  }

  put(...data: readonly string[]): void {
    const outcomes = this.cloud.streams.put(
      's',
      data.map(each => ({ data: Buffer.from(each), partitionKey: each.slice(-10) })),
    )
    assert.ok(outcomes.every(({ kind }) => kind === 'accepted'))
  }

  /** Puts one record where a hash key says. */
  putAt(hashKey: bigint, data: string): void {
    this.cloud.streams.put('s', [{ data: Buffer.from(data), partitionKey: 'key', explicitHashKey: hashKey }])
  }

  /** Polls until nothing is due now. */
  async poll(): Promise<void> {
    while (await this.mapping.pollOnce());
  }

  /** Polls, moving the clock to when something is due, until all is done. */
  async settle(): Promise<void> {
    for (;;) {
      await this.poll()
      const dueMs = this.mapping.nextDueMs()
      if (dueMs === undefined) return
      this.clock.ms = Math.max(this.clock.ms, dueMs)
    }
  }

  /** The data of each invocation so far, joined. */
  batches(): string[] {
    return this.handed.map(({ data }) => data.join(' '))
  }

  checkpoint(shard: ShardId = firstShard): string | undefined {
    return this.cloud.checkpoints.get('m', shard)?.through
  }

  async #invoke(event: KinesisStreamEvent): Promise<InvocationResult> {
    const data = event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString())
    const handed = { data, shard: shardId(event.Records[0].eventID.split(':')[0]), event }
    this.handed.push(handed)
    return this.answer(handed)
  }
}

export const success = (records = 0): InvocationResult => ({ kind: 'answered', response: null, tally: { records } })
export const failure = (error: unknown = new Error('no'), fatal = false): InvocationResult => ({
  kind: 'failed',
  error,
  fatal,
})

/** Reports the records with these data as failed; the others were counted. */
export function report({ data, event }: Handed, ...failed: readonly string[]): InvocationResult {
  const batchItemFailures = failed.map(each => ({
    itemIdentifier: event.Records[data.indexOf(each)].kinesis.sequenceNumber,
  }))
  return { kind: 'answered', response: { batchItemFailures }, tally: { records: data.indexOf(failed[0]) } }
}
