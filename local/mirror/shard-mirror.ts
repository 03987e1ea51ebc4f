import { type AdminHost, type ReadFrom, type ReadPage, readPage, shardIterator } from '../../shared/aws/admin.ts'
import type { AwsClients } from '../../shared/aws/index.ts'
import { ConfigurationError, describeThrown } from '../../shared/model/errors.ts'
import { compareSequenceNumbers, type SequenceNumber, type ShardId } from '../../shared/model/ids.ts'
import type { ShardDescription } from '../../shared/ports/streams.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import { Wakeup } from '../event-source/wakeup.ts'
import type { Gate } from './gate.ts'
import type { Pace } from './pace.ts'
import { patiently, pause } from './patience.ts'

export type ShardMirrorOptions = {
  readonly clients: AwsClients
  readonly gate: Gate
  readonly pace: Pace
  /** As the program names it, for messages. */
  readonly stream: string
  /** As Kinesis names it. */
  readonly physicalName: string
  /** Reading begins behind this record; undefined is the oldest one. */
  readonly after: SequenceNumber | undefined
  /** Records came, the shard has ended, or its newest record was reached. */
  readonly onChange: () => void
}

/** A poller waits while so much of a shard is here and not done with: a batch of Lambda's, and what is read ahead of it. */
const mostBytes = 10 * 1024 * 1024
/** Kinesis: GetRecords answers with at most so many. */
const mostRecords = 10_000

/** The records of one shard that are not done with, read by a poller ahead of whoever asks for them. */
export class ShardMirror {
  readonly shard: ShardDescription
  readonly #options: ShardMirrorOptions
  readonly #wakeup = new Wakeup()
  #records: StreamRecord[] = []
  #bytes = 0
  /** The newest record that was read, or where reading began. */
  #reached: SequenceNumber | undefined
  #hasEnded = false
  #hasSeenTip = false

  constructor(shard: ShardDescription, options: ShardMirrorOptions) {
    this.shard = shard
    this.#options = options
    this.#reached = options.after
  }

  get id(): ShardId {
    return this.shard.id
  }

  /** The shard is closed, and all that it had has been read. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Everything that was there when reading began has been read. */
  get hasSeenTip(): boolean {
    return this.#hasEnded || this.#hasSeenTip
  }

  hasReached(sequence: SequenceNumber): boolean {
    return this.#reached !== undefined && compareSequenceNumbers(sequence, this.#reached) <= 0
  }

  hasMore(after: SequenceNumber | undefined): boolean {
    return this.#records.length > this.#indexAfter(after)
  }

  read(after: SequenceNumber | undefined, maxRecords: number, maxBytes: number): readonly StreamRecord[] {
    const from = this.#indexAfter(after)
    let to = from
    let bytes = 0
    while (to < this.#records.length && to - from < maxRecords) {
      bytes += this.#records[to].data.byteLength
      if (to > from && bytes > maxBytes) break
      to++
    }
    return this.#records.slice(from, to)
  }

  /** Forgets what is done with, which makes room for more. */
  trim(through: SequenceNumber): void {
    const done = this.#records.splice(0, this.#indexAfter(through))
    for (const { data } of done) this.#bytes -= data.byteLength
    if (done.length > 0) this.#wakeup.happen()
  }

  /** There is something to read: the poller need not wait its time. */
  nudge(): void {
    this.#wakeup.happen()
  }

  /** Reads until the shard has ended or `signal` is aborted. Rejects with what does not mend itself. */
  async poll(signal: AbortSignal): Promise<void> {
    const { pace } = this.#options
    signal.addEventListener('abort', this.#wakeup.happen)
    try {
      let iterator: string | undefined
      while (!signal.aborted) {
        if (this.#bytes >= mostBytes) {
          await this.#wakeup.sleep(undefined)
          continue
        }
        const began = performance.now()
        const answer = await patiently(signal, async () => {
          iterator ??= await this.#iterator()
          return this.#page(iterator)
        }).catch(error => {
          throw this.#unreadable(error)
        })
        if (answer === undefined) {
          iterator = undefined
          continue
        }
        iterator = answer.next ?? undefined
        this.#take(answer)
        if (this.#hasEnded) return
        const behind = answer.records.length > 0 || answer.behindMs > 0
        if (!behind) await this.#wakeup.sleep(pace.idleMs)
        await pause(pace.leastGapMs - (performance.now() - began))
      }
    } finally {
      signal.removeEventListener('abort', this.#wakeup.happen)
    }
  }

  #take({ records, next, behindMs }: ReadPage): void {
    for (const record of records) {
      this.#records.push({ ...record, explicitHashKey: undefined })
      this.#bytes += record.data.byteLength
      this.#reached = record.sequence
    }
    const hadSeenTip = this.#hasSeenTip
    if (records.length === 0 && behindMs === 0) this.#hasSeenTip = true
    // Null, by some emulators.
    this.#hasEnded = (next ?? undefined) === undefined
    if (records.length > 0 || this.#hasEnded || this.#hasSeenTip !== hadSeenTip) this.#options.onChange()
  }

  #iterator(): Promise<string> {
    const { clients, gate, physicalName } = this.#options
    const from: ReadFrom = this.#reached === undefined ? { kind: 'oldest' } : { kind: 'after', sequence: this.#reached }
    return gate.pass(() => shardIterator(clients, host, physicalName, this.id, from))
  }

  /** Undefined when the iterator has expired, as it does in five minutes of waiting for room. */
  #page(iterator: string): Promise<ReadPage | undefined> {
    const { clients, gate } = this.#options
    return gate.pass(() => readPage(clients, host, iterator, mostRecords))
  }

  #unreadable(error: unknown): Error {
    const place = `shard "${this.id}" of stream "${this.#options.stream}"`
    const said = describeThrown(error).replace(/^Cannot [^:]*: /, '')
    return new ConfigurationError(`Cannot read ${place}: ${said}`, { cause: error })
  }

  /** Of the first record behind `after`. */
  #indexAfter(after: SequenceNumber | undefined): number {
    if (after === undefined) return 0
    let low = 0
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareSequenceNumbers(this.#records[middle].sequence, after) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

const host: AdminHost = { sleep: pause }
