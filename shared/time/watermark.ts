import { beginningOfTime } from '../model/event-time.ts'

/**
 * Watermark of a source shard whose records are at most `outOfOrderMs` behind the latest one (Flink: bounded out-of-orderness): a
 * watermark of W says that no record to come has an event time at or before W. A record exactly `outOfOrderMs` behind is in time.
 */
export class SourceWatermark {
  readonly #outOfOrderMs: number
  #current = beginningOfTime

  constructor(outOfOrderMs: number) {
    this.#outOfOrderMs = outOfOrderMs
  }

  get current(): number {
    return this.#current
  }

  /** A record was seen. Returns the watermark after it. */
  observe(time: number): number {
    return this.observeWatermark(time - this.#outOfOrderMs - 1)
  }

  /** The source itself said how far it is. Returns the watermark after that. */
  observeWatermark(watermark: number): number {
    if (watermark > this.#current) this.#current = watermark
    return this.#current
  }
}
