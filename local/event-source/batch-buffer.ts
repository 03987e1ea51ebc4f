import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import { emptyPayloadBytes, payloadBytesOf } from './kinesis-event.ts'
import type { MappedStreams } from './mapped-cloud.ts'

/** Gathers the next batch of a shard. Each record is read once, however long a batch waits for more. */
export class BatchBuffer {
  readonly #streams: MappedStreams
  readonly #stream: string
  readonly #shard: ShardId
  readonly #batchSize: number
  /** Records read and not taken yet: a batch, and behind it what was read beyond the payload limit. */
  #records: StreamRecord[] = []
  /** How many of them are the batch, and their payload. */
  #count = 0
  #payloadBytes = emptyPayloadBytes
  #through: SequenceNumber | undefined

  constructor(
    streams: MappedStreams,
    stream: string,
    shard: ShardId,
    batchSize: number,
    after: SequenceNumber | undefined,
  ) {
    this.#streams = streams
    this.#stream = stream
    this.#shard = shard
    this.#batchSize = batchSize
    this.#through = after
  }

  /** Reads what fits into the batch. Cheap when nothing new is there. */
  fill(): void {
    while (!this.isFull && this.#streams.hasMore(this.#stream, this.#shard, this.#through)) {
      // Base64 makes 4 bytes of 3, so what is read beyond the limit is at most about one record.
      const room = Math.max(0, Math.floor(((limits.batchBytes - this.#payloadBytes) * 3) / 4))
      const wanted = this.#batchSize - this.#records.length
      const read = this.#streams.read(this.#stream, this.#shard, this.#through, wanted, room)
      this.#through = read[read.length - 1].sequence
      this.#records.push(...read)
      this.#count = this.#fitting()
    }
  }

  /** Whether waiting would not make the batch larger: it has its number of records, or the next one would not fit. */
  get isFull(): boolean {
    return this.#count >= this.#batchSize || this.#count < this.#records.length
  }

  /** Nothing is left: neither here nor, so far, in the shard. */
  get isDrained(): boolean {
    return this.#records.length === 0 && !this.#streams.hasMore(this.#stream, this.#shard, this.#through)
  }

  get oldestArrivalMs(): number | undefined {
    return this.#records[0]?.arrivalMs
  }

  /** Takes the batch; what was read beyond it begins the next one. */
  take(): readonly StreamRecord[] {
    const batch = this.#records.slice(0, this.#count)
    this.#records = this.#records.slice(this.#count)
    this.#count = 0
    this.#payloadBytes = emptyPayloadBytes
    this.#count = this.#fitting()
    return batch
  }

  /** Counts on from the batch so far. A record alone always fits: Kinesis' limit is well below Lambda's. */
  #fitting(): number {
    let count = this.#count
    while (count < this.#records.length && count < this.#batchSize) {
      const bytes = payloadBytesOf(this.#stream, this.#records[count])
      if (this.#payloadBytes + bytes > limits.batchBytes) break
      this.#payloadBytes += bytes
      count++
    }
    return count
  }
}
