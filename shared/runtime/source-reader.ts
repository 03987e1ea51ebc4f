import { letterText } from '../codecs/found.ts'
import { type KplRecords, readKpl } from '../codecs/kpl.ts'
import { feedNameOf } from '../emit/feed-key.ts'
import { sinkKeyOf } from '../emit/sink-key.ts'
import { describeThrown, MalformedRecordError, UserFunctionError } from '../model/errors.ts'
import { beginningOfTime } from '../model/event-time.ts'
import { type HashRange, hashKeyOfPartitionKey, isInRange } from '../model/hash-range.ts'
import type { SequenceNumber } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import { positionText } from '../model/position.ts'
import type { Written } from '../operators/written-once.ts'
import type { ErrorPolicy } from '../plan/graph.ts'
import type { SourceNode } from '../plan/source.ts'
import type { DeadLetter } from '../ports/results.ts'
import { SourceWatermark } from '../time/watermark.ts'
import { type BatchRecord, type Repeats, recordPlace } from './batch.ts'

/** What a source stage does with each user record, in the order of their positions. */
export type SourceTaker = {
  /** A record is about to run: `major` numbers its Kinesis record within the batch. Answers why it must not, where that is known. */
  begin(major: number, sequence: SequenceNumber, sub: number): UserFunctionError | undefined
  run(value: unknown, time: number): void
  /** The record's function threw: what it put out is taken back, or the error goes on to whoever runs the batch. */
  takeBack(major: number, sub: number, error: UserFunctionError): void
  /** Whether to stop before the next user record. */
  isFull(): boolean
  deadLetter(letter: DeadLetter): void
  /** The watermark after a record, and what it would be by the records of the same Kinesis record alone. */
  advance(watermark: number, ownWatermark: number): void
}

export type SourceOutcome =
  | { readonly kind: 'done' }
  /** Stopped before the user record of this sub-sequence number. */
  | { readonly kind: 'cut'; readonly sub: number }
  /** By policy `fail`, or because the function was seen to fail and the run must be repeated: nothing after this record was run. */
  | { readonly kind: 'failed'; readonly sequence: SequenceNumber; readonly error: Error }

/** What a dead letter says of where its record was given up. */
export type SourcePlace = {
  readonly stage: string
  readonly stream: string
  readonly shard: string
  readonly pipelineVersion: string
}

export type SourceCounts = {
  recordsIn: number
  malformed: number
  failed: number
  deadLetters: number
  duplicates: number
}

/** Reads the records of a batch: decodes them, gives them their time, runs them, and applies the source's policies. */
export class SourceReader {
  readonly watermark: SourceWatermark
  readonly #source: SourceNode
  readonly #place: SourcePlace
  readonly #range: HashRange | undefined
  readonly #counts: SourceCounts
  readonly #repeats: Repeats | undefined
  #own = beginningOfTime
  #aggregated: KplRecords | undefined

  /** Of the batch's user records, `repeats` are left out. */
  constructor(
    source: SourceNode,
    place: SourcePlace,
    range: HashRange | undefined,
    counts: SourceCounts,
    repeats?: Repeats,
  ) {
    this.watermark = new SourceWatermark(source.outOfOrderMs)
    this.#source = source
    this.#place = place
    this.#range = range
    this.#counts = counts
    this.#repeats = repeats
  }

  /** Runs one Kinesis record; user records of it up to sub-sequence number `after` were dealt with before. */
  read(record: BatchRecord, major: number, after: number, taker: SourceTaker): SourceOutcome {
    const { data } = record
    this.#own = beginningOfTime
    if (record.control !== undefined) {
      if (record.control.kind === 'watermark') {
        const watermark = this.watermark.observeWatermark(record.control.time)
        taker.advance(watermark, watermark)
      }
      return done
    }
    const aggregated = readKpl(data)
    this.#aggregated = aggregated
    if (aggregated === undefined) return after >= 0 ? done : this.#one(record, major, 0, 0, data.length, taker)
    for (let sub = after + 1; sub < aggregated.count; sub++) {
      const hashKey = aggregated.explicitHashKey(sub)
      if (this.#isForeign(hashKey, aggregated.partitionKey(sub))) continue
      const outcome = this.#one(record, major, sub, aggregated.start(sub), aggregated.end(sub), taker)
      if (outcome !== done) return outcome
    }
    return done
  }

  #one(record: BatchRecord, major: number, sub: number, start: number, end: number, taker: SourceTaker): SourceOutcome {
    const source = this.#source
    if (taker.isFull()) return { kind: 'cut', sub }
    const counts = this.#counts
    if (this.#repeats?.has(recordPlace(record.sequence, sub))) {
      counts.duplicates++
      return done
    }
    counts.recordsIn++
    let time: number
    let value: unknown
    try {
      value = source.codec.decode(record.data, start, end)
      const name = source.namedBy === 'feed' ? feedNameOf(this.#partitionKeyOf(record, sub)) : undefined
      time = this.#timeOf(value, name?.atMs ?? record.arrivalMs)
      if (source.namedBy === 'pipeline') value = writtenOf(record.partitionKey, value)
    } catch (thrown) {
      return this.#refuse(source.onMalformed, 'malformed', record, sub, record.data.subarray(start, end), thrown, taker)
    }
    let failure: UserFunctionError | undefined
    try {
      failure = taker.begin(major, record.sequence, sub)
      if (failure === undefined) taker.run(value, time)
    } catch (thrown) {
      if (!(thrown instanceof UserFunctionError)) throw thrown
      taker.takeBack(major, sub, thrown)
      failure = thrown
    }
    if (failure !== undefined) {
      return this.#refuse(source.onError, 'failed', record, sub, record.data.subarray(start, end), failure, taker)
    }
    this.#own = Math.max(this.#own, time - source.outOfOrderMs - 1)
    taker.advance(this.watermark.observe(time), this.#own)
    return done
  }

  #timeOf(value: unknown, arrivalMs: number): number {
    const time = this.#source.eventTime(value, arrivalMs)
    if (Number.isInteger(time) && Math.abs(time) <= limits.eventTimeMs) return time
    throw new MalformedRecordError(
      `Cannot take the event time: found ${time}, expected whole milliseconds since 1970 within ${limits.eventTimeMs}`,
    )
  }

  #refuse(
    policy: ErrorPolicy,
    count: 'malformed' | 'failed',
    record: BatchRecord,
    sub: number,
    payload: Buffer,
    thrown: unknown,
    taker: SourceTaker,
  ): SourceOutcome {
    if (policy === 'fail') {
      this.#counts.recordsIn--
      return { kind: 'failed', sequence: record.sequence, error: this.#located(record, sub, thrown) }
    }
    this.#counts[count]++
    if (policy === 'deadLetter') {
      this.#counts.deadLetters++
      taker.deadLetter(this.#letter(record, sub, payload, thrown))
    }
    return done
  }

  #located(record: BatchRecord, sub: number, thrown: unknown): Error {
    const place = `record ${this.#placeOf(record, sub)} of partition key "${record.partitionKey}"`
    return new Error(`${describeThrown(thrown)} (${place})`, { cause: thrown })
  }

  /** The user record's own. */
  #partitionKeyOf(record: BatchRecord, sub: number): string {
    return this.#aggregated?.partitionKey(sub) ?? record.partitionKey
  }

  #placeOf(record: BatchRecord, sub: number): string {
    const { stream, shard } = this.#place
    return `${stream} ${shard} ${record.sequence}#${sub}`
  }

  #letter(record: BatchRecord, sub: number, payload: Buffer, thrown: unknown): DeadLetter {
    const { stage, stream, shard, pipelineVersion } = this.#place
    const explicitHashKey = this.#aggregated?.explicitHashKey(sub)
    const isWhole = payload.length <= limits.deadLetterBytes
    const kept = isWhole ? '' : ` (the first ${limits.deadLetterBytes} of ${payload.length} bytes are kept)`
    return {
      id: `${stage}/${shard}/${positionText(record.sequence, sub, 0)}`,
      kind: this.#source.namedBy === 'pipeline' ? 'written' : 'record',
      pipelineVersion,
      stage,
      stream,
      place: this.#placeOf(record, sub),
      partitionKey: letterText(this.#partitionKeyOf(record, sub)),
      ...(explicitHashKey !== undefined && { explicitHashKey: String(explicitHashKey) }),
      sub,
      reason: `${letterText(describeThrown(thrown))}${kept}`,
      payload: new Uint8Array(payload.subarray(0, limits.deadLetterBytes)),
      payloadBytes: payload.length,
      ...(thrown instanceof UserFunctionError && { operator: thrown.operator, ...stackOf(thrown.cause) }),
    }
  }

  #isForeign(hashKey: bigint | undefined, partitionKey: string): boolean {
    const range = this.#range
    if (range === undefined) return false
    if (hashKey === undefined) return !isInRange(hashKeyOfKnown(partitionKey), range)
    return !isInRange(hashKey, range)
  }
}

const done: SourceOutcome = { kind: 'done' }

function writtenOf(partitionKey: string, value: unknown): Written {
  const key = sinkKeyOf(partitionKey)
  if (key !== undefined) return { ...key, value }
  throw new MalformedRecordError(
    `Cannot tell who wrote the record: its partition key is "${partitionKey}", expected one of a pipeline's toStream, stage/shard/lane/position`,
  )
}

const stackOf = (cause: unknown) =>
  cause instanceof Error && cause.stack !== undefined ? { stack: letterText(cause.stack) } : {}

/** The records of an aggregate share few partition keys. */
const hashKeys = new Map<string, bigint>()
const rememberedHashKeys = 10_000

function hashKeyOfKnown(partitionKey: string): bigint {
  const known = hashKeys.get(partitionKey)
  if (known !== undefined) return known
  if (hashKeys.size >= rememberedHashKeys) hashKeys.clear()
  const hashKey = hashKeyOfPartitionKey(partitionKey)
  hashKeys.set(partitionKey, hashKey)
  return hashKey
}
