import { beginningOfTime, endOfTime } from '../model/event-time.ts'
import { type Key, keyGroupOf, keyId } from '../model/key.ts'
import { limits } from '../model/limits.ts'
import { type ChunkHeader, encodeChunk } from './chunk.ts'
import { Combiner, type CombineSpec, type Partial } from './combiner.ts'
import { MessageColumns } from './message-columns.ts'

/** A shuffle as its writers see it. */
export type ShuffleTarget = {
  /** The receiving stage. */
  readonly stage: string
  readonly stream: string
  readonly groups: number
  readonly steps: WatermarkSteps
  /** By edge, what is put together before the shuffle; undefined for an edge whose messages are single records. */
  readonly combines: readonly (CombineSpec | undefined)[]
}

/**
 * Which watermarks matter to a receiver: those that cross a multiple of `fine` milliseconds from `offset`, the ends of its windows.
 * Infinity when nothing behind the shuffle looks at event time. A group without messages is told only when `coarse` is crossed:
 * the same, but for session windows, which can end at any millisecond.
 */
export type WatermarkSteps = { readonly fine: number; readonly coarse: number; readonly offset: number }

type KnownKey = {
  readonly id: string
  readonly group: number
  keyIndex: number
  batch: number
  /** By edge, its place in what is being put together. */
  readonly places: (CombinePlace | undefined)[]
}

type CombinePlace = { readonly known: KnownKey; partial: Partial<CombinePlace> | undefined }

/** Keys whose text and group are remembered; beyond, the memory starts again. */
const rememberedKeys = 100_000

/** Collects the messages of one batch (or one commit) for one receiving stage, by key group. */
export class ShuffleWriter {
  readonly target: ShuffleTarget
  readonly #chunkBytes: number
  readonly #columns: MessageColumns[]
  readonly #byKey = new Map<Key, KnownKey>()
  readonly #byText = new Map<string, KnownKey>()
  /** The key of broadcasts, in each group. */
  readonly #everyGroup: KnownKey[] = []
  #batch = 0
  readonly #combiners: readonly (Combiner<CombinePlace> | undefined)[]
  #watermark = beginningOfTime
  #nextStep = beginningOfTime
  /** Of the Kinesis record that is being read, by its own records alone. */
  #nextOwnStep = Number.NEGATIVE_INFINITY

  constructor(target: ShuffleTarget, chunkBytes: number = limits.chunkBytes) {
    this.target = target
    this.#chunkBytes = chunkBytes
    this.#combiners = target.combines.map(spec => spec && new Combiner(spec))
    this.#columns = Array.from({ length: target.groups }, () => new MessageColumns())
  }

  /** Starts a batch whose positions have these first components. The list may still grow. */
  begin(majors: readonly string[]): void {
    this.#batch++
    this.#watermark = beginningOfTime
    this.#nextStep = beginningOfTime
    if (this.#byKey.size > rememberedKeys) this.#byKey.clear()
    if (this.#byText.size > rememberedKeys) this.#byText.clear()
    for (const columns of this.#columns) columns.clear(majors)
    for (const combiner of this.#combiners) combiner?.discard()
  }

  /** Takes a message as it is: also on an edge that combines, what stands for one record is not put together with others. */
  add(edge: number, key: Key, time: number, value: unknown, major: number, sub: number, index: number): void {
    const known = this.#byKey.get(key) ?? this.#learn(key)
    this.#put(edge, known, time, value, 1, major, sub, index)
  }

  /** Takes a message that goes to every key group, at one position in all of them. */
  broadcast(edge: number, time: number, value: unknown, major: number, sub: number, index: number): void {
    for (let group = 0; group < this.target.groups; group++) {
      this.#everyGroup[group] ??= { id: '', group, keyIndex: 0, batch: 0, places: [] }
      this.#put(edge, this.#everyGroup[group], time, value, 1, major, sub, index)
    }
  }

  /** Whether messages of the edge are put together: give them to `combine`. */
  isCombined(edge: number): boolean {
    return this.#combiners[edge] !== undefined
  }

  /** Takes a message of the record that runs now, to be put together with others of its Kinesis record. */
  combine(edge: number, key: Key, time: number, value: unknown): void {
    const known = this.#byKey.get(key) ?? this.#learn(key)
    let place = known.places[edge]
    if (place === undefined) {
      place = { known, partial: undefined }
      known.places[edge] = place
    }
    this.#combiners[edge]?.stage(place, time, value)
  }

  /** The record has run through. */
  settle(): void {
    for (let edge = 0; edge < this.#combiners.length; edge++) this.#combiners[edge]?.settle()
  }

  /** A Kinesis record begins. */
  beginRecord(): void {
    this.#nextOwnStep = Number.NEGATIVE_INFINITY
  }

  /** The Kinesis record is over: `indexOf` numbers what was put together. */
  endRecord(major: number, sub: number, indexOf: () => number): void {
    for (const [edge, combiner] of this.#combiners.entries()) {
      combiner?.flush(({ owner, time, weight, value }) => {
        this.#put(edge, owner.known, time, value, weight, major, sub, indexOf())
      })
    }
  }

  /** The Kinesis record comes again as a whole. */
  discardRecord(): void {
    for (const combiner of this.#combiners) combiner?.discard()
  }

  /**
   * Whether a record at this watermark of its Kinesis record's own begins a step: what was put together before must not be mixed with
   * what comes after, as the one may be in time and the other late.
   */
  beginsStep(ownWatermark: number): boolean {
    if (ownWatermark < this.#nextOwnStep) return false
    const isFirst = this.#nextOwnStep === Number.NEGATIVE_INFINITY
    this.#nextOwnStep = nextStep(this.target.steps.fine, this.target.steps.offset, ownWatermark)
    return !isFirst
  }

  #put(
    edge: number,
    known: KnownKey,
    time: number,
    value: unknown,
    weight: number,
    major: number,
    sub: number,
    index: number,
  ): void {
    const columns = this.#columns[known.group]
    if (known.batch !== this.#batch) {
      known.batch = this.#batch
      known.keyIndex = columns.keyIds.push(known.id) - 1
    }
    if (columns.marked < this.#watermark) columns.mark(this.#watermark)
    columns.add(edge, known.keyIndex, time, value, weight, major, sub, index)
  }

  /** The producer's watermark before the next record: kept only where it crosses a step, so that lateness never depends on batches. */
  advance(watermark: number): void {
    if (watermark < this.#nextStep) return
    this.#watermark = watermark
    this.#nextStep = nextStep(this.target.steps.fine, this.target.steps.offset, watermark)
  }

  takeBack(major: number, sub: number): void {
    for (const combiner of this.#combiners) combiner?.unstage()
    for (const columns of this.#columns) columns.takeBack(major, sub)
  }

  count(group: number): number {
    return this.#columns[group].count
  }

  /** The chunks of a group in the order in which they must be acknowledged: several when one would be too large. */
  encode(group: number, header: Omit<ChunkHeader, 'group' | 'watermark'>, watermark: number): Buffer[] {
    const columns = this.#columns[group]
    const parts: Buffer[] = []
    const write = (from: number, to: number, last: boolean): void => {
      const bytes = encodeChunk({ ...header, group, watermark: last ? watermark : undefined }, columns, from, to)
      if (bytes.length > this.#chunkBytes && to - from > 1) {
        const middle = (from + to) >>> 1
        write(from, middle, false)
        write(middle, to, last)
      } else {
        parts.push(bytes)
      }
    }
    write(0, columns.count, true)
    return parts
  }

  #learn(key: Key): KnownKey {
    const id = keyId(key)
    const isCompound = typeof key === 'object' && key !== null
    const known = (isCompound ? this.#byText.get(id) : undefined) ?? {
      id,
      group: keyGroupOf(id, this.target.groups),
      keyIndex: 0,
      batch: 0,
      places: [],
    }
    // A compound key is another object each time: remember it by its text.
    if (isCompound) this.#byText.set(id, known)
    else this.#byKey.set(key, known)
    return known
  }
}

/** Whether a key group that was told of `before` needs to hear of `after` although no message goes with it. */
export const isStepCrossed = (steps: WatermarkSteps, before: number, after: number): boolean =>
  after > before && after >= nextStep(steps.coarse, steps.offset, before)

/** The smallest watermark above `watermark` that matters: one that completes a step, or the end of time. */
function nextStep(step: number, offset: number, watermark: number): number {
  if (watermark <= beginningOfTime) return beginningOfTime + 1
  if (!Number.isFinite(step)) return endOfTime
  return Math.min(endOfTime, Math.floor((watermark + 1 - offset) / step) * step + step + offset - 1)
}
