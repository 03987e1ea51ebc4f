import type { OutboxChunk, OutboxRecord } from '../emit/outbox.ts'
import { isStepCrossed, ShuffleWriter } from '../emit/shuffle-writer.ts'
import { sinkRecord } from '../emit/sink-key.ts'
import type { UserFunctionError } from '../model/errors.ts'
import { beginningOfTime } from '../model/event-time.ts'
import { producerOf, type SequenceNumber, type ShardId } from '../model/ids.ts'
import { type Key, keyGroupOf } from '../model/key.ts'
import type { Lineage } from '../model/lineage.ts'
import { positionText } from '../model/position.ts'
import type { Origin } from '../operators/operator.ts'
import type { Sink } from '../plan/graph.ts'
import type { Stage } from '../plan/plan.ts'
import type { DeadLetter } from '../ports/results.ts'
import { type Chain, type ChainOutputs, compileChain } from './chain.ts'
import { encodeFor } from './encode-for.ts'
import { RefusedRecords } from './refused-records.ts'
import type { SourceTaker } from './source-reader.ts'

/**
 * The chain of a stage without state, and what one batch has put out through it. An output's position is that of the input record that
 * made it and its index among that record's outputs.
 */
export class TransientChain implements SourceTaker, ChainOutputs {
  readonly letters: DeadLetter[] = []
  readonly records = new Map<string, OutboxRecord[]>()
  #watermark = beginningOfTime
  messagesOut = 0
  readonly #stage: Stage
  readonly #chain: Chain
  readonly #writers: readonly ShuffleWriter[]
  #shard: ShardId | undefined
  #majors: SequenceNumber[] = []
  #major = 0
  #sub = 0
  #index = 0
  #recordsBefore = new Map<string, number>()
  #refused = new RefusedRecords()

  constructor(stage: Stage, chunkBytes: number) {
    this.#stage = stage
    this.#writers = stage.shuffles.map(shuffle => new ShuffleWriter(shuffle, chunkBytes))
    // A stage without stateful operators needs none of the context.
    const tallies = { late: 0, expired: 0 }
    const context = {
      watermarks: new Float64Array(0),
      arrivalMs: 0,
      weight: 1,
      tallies,
      isDiscarding: false,
      firedUntil: () => 0,
      fired: () => {},
    }
    this.#chain = compileChain(stage, context, this)
  }

  /** Starts a batch: whatever an earlier one left is gone. */
  start(shard: ShardId, refused = new RefusedRecords()): void {
    this.#shard = shard
    this.#refused = refused
    this.#majors = []
    this.letters.length = 0
    this.records.clear()
    this.#watermark = beginningOfTime
    this.messagesOut = 0
    for (const writer of this.#writers) writer.begin(this.#majors)
  }

  /** Numbers the next Kinesis record. */
  nextRecord(sequence: SequenceNumber): number {
    this.#major = this.#majors.push(sequence) - 1
    this.#sub = 0
    this.#index = 0
    for (const writer of this.#writers) writer.beginRecord()
    return this.#major
  }

  /** The Kinesis record was read to its end: what was put together of it goes out. */
  endRecord(): void {
    for (const writer of this.#writers) writer.endRecord(this.#major, this.#sub, this.#nextIndex)
  }

  /** The Kinesis record comes again as a whole. */
  discardRecord(): void {
    for (const writer of this.#writers) writer.discardRecord()
  }

  readonly #nextIndex = (): number => {
    this.messagesOut++
    return this.#index++
  }

  begin(major: number, sequence: SequenceNumber, sub: number): UserFunctionError | undefined {
    this.#major = major
    this.#sub = sub
    this.#index = 0
    if (this.records.size > 0 || this.#recordsBefore.size > 0)
      this.#recordsBefore = new Map([...this.records].map(([stream, list]) => [stream, list.length]))
    return this.#refused.errorOf(sequence, sub)
  }

  run(value: unknown, time: number): void {
    this.#chain.source(value, time, undefined)
    for (let i = 0; i < this.#writers.length; i++) this.#writers[i].settle()
  }

  takeBack(major: number, sub: number): void {
    for (const writer of this.#writers) writer.takeBack(major, sub)
    for (const [stream, list] of this.records) list.length = this.#recordsBefore.get(stream) ?? 0
  }

  isFull(): boolean {
    return false
  }

  deadLetter(letter: DeadLetter): void {
    this.letters.push(letter)
  }

  advance(watermark: number, ownWatermark: number): void {
    for (const writer of this.#writers) {
      if (writer.beginsStep(ownWatermark)) writer.endRecord(this.#major, this.#sub, this.#nextIndex)
    }
    if (watermark <= this.#watermark) return
    this.#watermark = watermark
    for (const writer of this.#writers) writer.advance(watermark)
  }

  readonly message = (shuffle: number, edge: number, key: Key, value: unknown, time: number): void => {
    const writer = this.#writers[shuffle]
    if (writer.isCombined(edge)) writer.combine(edge, key, time, value)
    else writer.add(edge, key, time, value, this.#major, this.#sub, this.#nextIndex())
  }

  readonly broadcast = (shuffle: number, edge: number, value: unknown, time: number): void => {
    this.#writers[shuffle].broadcast(edge, time, value, this.#major, this.#sub, this.#nextIndex())
  }

  place(count: number): number {
    return keyGroupOf(`${this.#majors[this.#major]}/${this.#sub}/${this.#index}`, count)
  }

  row(view: string): void {
    throw new Error(`Cannot keep view "${view}": stage "${this.#stage.name}" has no state, so it makes no rows`)
  }

  send(sink: Sink, value: unknown, origin: Origin | undefined): void {
    if (sink.kind !== 'stream')
      throw new Error(`Cannot write to ${sink.kind} "${sink.name}": stage "${this.#stage.name}" is transient`)
    const position = positionText(this.#majors[this.#major], this.#sub, this.#index++)
    const record = sinkRecord(this.#producer, origin, position, encodeFor(sink, value))
    const list = this.records.get(sink.stream) ?? []
    this.records.set(sink.stream, list)
    list.push(record)
  }

  get #producer(): string {
    if (this.#shard === undefined) throw new Error('Cannot name the producer: no batch was started')
    return producerOf(this.#stage.name, this.#shard)
  }

  get watermark(): number {
    return this.#watermark
  }

  /**
   * The chunks of the batch. A key group without messages gets an empty one where the watermark has crossed a step since `told`, what
   * this environment's last acknowledged publish told all groups.
   */
  chunks(lineage: Lineage, told: ReadonlyMap<string, number>): { chunks: OutboxChunk[]; told: Map<string, number> } {
    const chunks: OutboxChunk[] = []
    const next = new Map(told)
    if (this.#shard === undefined) throw new Error('Cannot cut chunks: no batch was started')
    const header = { stage: this.#stage.name, shard: this.#shard, lineage }
    for (const writer of this.#writers) {
      const { stage, stream, groups, steps } = writer.target
      const isCrossed = !told.has(stage) || isStepCrossed(steps, told.get(stage) ?? beginningOfTime, this.#watermark)
      if (isCrossed) next.set(stage, this.#watermark)
      for (let group = 0; group < groups; group++) {
        if (!isCrossed && writer.count(group) === 0) continue
        for (const bytes of writer.encode(group, header, this.#watermark)) chunks.push({ stream, groups, group, bytes })
      }
    }
    return { chunks, told: next }
  }
}
