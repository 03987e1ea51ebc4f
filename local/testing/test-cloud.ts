import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { StreamsPort } from '../../shared/ports/streams.ts'
import { type EmbeddedCloud, memoryCloud } from '../cloud/embedded-cloud.ts'
import { PipelineCloud } from './pipeline-cloud.ts'

/** When the records of a test arrive, unless it says so itself: 2026-01-01T00:00:00Z. */
export const testArrivalMs = Date.UTC(2026, 0, 1)

/**
 * A cloud in memory for handlers that a test invokes itself. A stream that nobody created has one shard; its clock stands still
 * unless told.
 */
export class TestCloud {
  /** Arrival time of what handlers put, in epoch milliseconds. */
  nowMs = testArrivalMs
  readonly embedded: EmbeddedCloud
  #ports: Ports

  constructor() {
    this.embedded = memoryCloud({ now: () => this.nowMs, sleep: async () => {} })
    this.#ports = this.#withStreams()
  }

  /** What handlers are given. A handler keeps its warm environment by it. */
  get ports(): Ports {
    return this.#ports
  }

  /** Handlers that are invoked from now on start cold. */
  evict(): void {
    this.#ports = this.#withStreams()
  }

  /** Creates a stream of so many shards, unless it is there. */
  createStream(name: string, shards = 1): void {
    this.embedded.streams.createStream(name, shards)
  }

  /** The cloud as a pipeline uses it: its stages' streams, its views, its dead letters. */
  of<Out, Origin>(pipeline: Pipeline<Out, Origin>): PipelineCloud<Out, Origin> {
    return new PipelineCloud(this, pipeline)
  }

  #withStreams(): Ports {
    const { ports } = this.embedded
    const streams: StreamsPort = {
      putRecords: (stream, records) => {
        this.createStream(stream)
        return ports.streams.putRecords(stream, records)
      },
      listShards: stream => {
        this.createStream(stream)
        return ports.streams.listShards(stream)
      },
    }
    return { ...ports, streams }
  }
}

let shared = new TestCloud()

/** The cloud of this process that `lambdaContext()` names, or a pipeline's view of it. */
export function testCloud(): TestCloud
export function testCloud<Out, Origin>(pipeline: Pipeline<Out, Origin>): PipelineCloud<Out, Origin>
export function testCloud<Out, Origin>(pipeline?: Pipeline<Out, Origin>): TestCloud | PipelineCloud<Out, Origin> {
  return pipeline === undefined ? shared : shared.of(pipeline)
}

/** Begins anew with an empty cloud: call it before each test that uses `lambdaContext()`. */
export function resetTestCloud(): void {
  shared = new TestCloud()
}
