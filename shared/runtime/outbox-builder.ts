import { type FileWriter, writerOf } from '../codecs/files/file-format.ts'
import type { Outbox, OutboxChunk, OutboxRecord } from '../emit/outbox.ts'
import { isStepCrossed, ShuffleWriter } from '../emit/shuffle-writer.ts'
import { sinkRecord } from '../emit/sink-key.ts'
import { beginningOfTime } from '../model/event-time.ts'
import { producerOf, type SequenceNumber, type ShardId } from '../model/ids.ts'
import { type Key, keyGroupOf } from '../model/key.ts'
import type { Lineage } from '../model/lineage.ts'
import { type PositionText, positionText } from '../model/position.ts'
import type { Origin } from '../operators/operator.ts'
import type { Sink } from '../plan/graph.ts'
import type { Stage } from '../plan/plan.ts'
import type { DeadLetter, ViewPut } from '../ports/results.ts'
import type { ChainOutputs } from './chain.ts'
import { addTo, checkFor, checkRow, encodeFor } from './encode-for.ts'

/** Rough bytes of a message or row in an outbox before compression: to know when a commit is about full. */
const roughBytes = 24

/** Collects what one commit puts out. An output's position is `(version, 0, index)`, index counting all outputs of the commit; on a source it
 * is the record's, and index counts what the record puts out. */
export class OutboxBuilder implements ChainOutputs {
  readonly #stage: Stage
  readonly #shard: ShardId
  readonly #writers: readonly ShuffleWriter[]
  /** First components of positions: the commit's version; on a source, the records that it holds. */
  #majors: string[] = []
  #sub = 0
  #index = 0
  #outputs = 0
  #views = new Map<string, Map<string, ViewPut>>()
  #letters: DeadLetter[] = []
  #streams = new Map<string, OutboxRecord[]>()
  #files = new Map<string, { readonly extension: string; readonly writer: FileWriter<unknown> }>()
  #calls = new Map<string, unknown[]>()
  #encodedBytes = 0
  messagesOut = 0

  constructor(stage: Stage, shard: ShardId, chunkBytes: number) {
    this.#stage = stage
    this.#shard = shard
    this.#writers = stage.shuffles.map(shuffle => new ShuffleWriter(shuffle, chunkBytes))
  }

  /** Starts the outbox of a version: whatever an earlier one left is gone. */
  begin(version: number): void {
    const isSource = this.#stage.input.kind === 'source'
    this.#majors = isSource ? [] : [String(version)]
    this.#sub = 0
    this.#index = 0
    this.#outputs = 0
    this.#views = new Map()
    this.#letters = []
    this.#streams = new Map()
    this.#files = new Map()
    this.#calls = new Map()
    this.#encodedBytes = 0
    this.messagesOut = 0
    for (const writer of this.#writers) writer.begin(this.#majors)
  }

  /**
   * A user record of a source begins: what it puts out stands where the record does, as in a stage without state. So a stage may become
   * one of the other kind with the next deployment, and its readers still know what they have taken.
   */
  beginRecord(sequence: SequenceNumber, sub: number): void {
    if (this.#majors.at(-1) !== sequence) this.#majors.push(sequence)
    this.#sub = sub
    this.#index = 0
  }

  get bytes(): number {
    return this.#outputs * roughBytes + this.#encodedBytes
  }

  get viewRows(): number {
    let rows = 0
    for (const view of this.#views.values()) rows += view.size
    return rows
  }

  readonly message = (shuffle: number, edge: number, key: Key, value: unknown, time: number): void => {
    this.#writers[shuffle].add(edge, key, time, value, this.#major, this.#sub, this.#nextIndex())
    this.messagesOut++
  }

  readonly broadcast = (shuffle: number, edge: number, value: unknown, time: number): void => {
    this.#writers[shuffle].broadcast(edge, time, value, this.#major, this.#sub, this.#nextIndex())
    this.messagesOut++
  }

  place(count: number): number {
    return keyGroupOf(`${this.#majors[this.#major]}/${this.#sub}/${this.#index}`, count)
  }

  /** A row that changes twice in a commit is put once. */
  row(view: string, key: string, value: unknown): void {
    checkRow(view, key, value)
    const rows = this.#views.get(view) ?? new Map<string, ViewPut>()
    this.#views.set(view, rows)
    rows.set(key, { key, position: this.#position(), ...(value !== undefined && { value }) })
  }

  send(sink: Sink, value: unknown, origin: Origin | undefined): void {
    switch (sink.kind) {
      case 'stream': {
        const data = encodeFor(sink, value)
        this.#encodedBytes += data.length
        listIn(this.#streams, sink.stream).push(sinkRecord(this.#producer, origin, this.#position(), data))
        return
      }
      case 'files': {
        const { format, name, extension } = sink
        const file = this.#files.get(name) ?? { extension, writer: writerOf(format) }
        this.#files.set(name, file)
        this.#encodedBytes += addTo(file.writer, name, value)
        this.#nextIndex()
        return
      }
      case 'forEach':
        checkFor(sink, value)
        listIn(this.#calls, sink.name).push(value)
        this.#nextIndex()
        return
      case 'view':
        throw new Error(`Cannot send to view "${sink.name}": rows go there by their key`)
    }
  }

  /** The watermark of a source's shard, before the next record. */
  advance(watermark: number): void {
    for (const writer of this.#writers) writer.advance(watermark)
  }

  deadLetter(letter: DeadLetter): void {
    this.#letters.push(letter)
    this.#encodedBytes += letter.payload.length
  }

  /**
   * The outbox, with chunks for every key group that has messages, and for all of a shuffle's where the watermark has crossed a step
   * since they were told: the first commit tells them all, so that a shard speaks at birth.
   */
  finish(
    lineage: Lineage,
    watermark: number,
    announced: Readonly<Record<string, number>>,
  ): { readonly outbox: Outbox; readonly announced: Readonly<Record<string, number>> } {
    const chunks: OutboxChunk[] = []
    const told = { ...announced }
    const header = { stage: this.#stage.name, shard: this.#shard, lineage }
    for (const writer of this.#writers) {
      const { stage, stream, groups, steps } = writer.target
      const isCrossed =
        announced[stage] === undefined || isStepCrossed(steps, announced[stage] ?? beginningOfTime, watermark)
      if (isCrossed) told[stage] = watermark
      for (let group = 0; group < groups; group++) {
        if (!isCrossed && writer.count(group) === 0) continue
        for (const bytes of writer.encode(group, header, watermark)) chunks.push({ stream, groups, group, bytes })
      }
    }
    const outbox = {
      chunks,
      views: [...this.#views].map(([view, rows]) => ({ view, rows: [...rows.values()] })),
      letters: this.#letters,
      streams: [...this.#streams].map(([stream, records]) => ({ stream, records })),
      files: [...this.#files].map(([sink, { extension, writer }]) => ({ sink, extension, bytes: writer.finish() })),
      calls: [...this.#calls].map(([sink, values]) => ({ sink, values })),
    }
    return { outbox, announced: told }
  }

  get #producer(): string {
    return producerOf(this.#stage.name, this.#shard)
  }

  #position(): PositionText {
    return positionText(this.#majors[this.#major], this.#sub, this.#nextIndex())
  }

  get #major(): number {
    return this.#majors.length - 1
  }

  #nextIndex(): number {
    this.#outputs++
    return this.#index++
  }
}

function listIn<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? []
  lists.set(name, list)
  return list
}
