import { letterText } from '../codecs/found.ts'
import { packValue } from '../codecs/values.ts'
import { type Chunk, decodeChunk } from '../emit/chunk.ts'
import { RetryBatchError } from '../model/errors.ts'
import { producerOf } from '../model/ids.ts'
import { type KeyRef, keyOf } from '../model/key.ts'
import { limits } from '../model/limits.ts'
import type { StatefulOperator } from '../operators/operator.ts'
import type { DeadLetterKind } from '../ports/results.ts'
import type { Cell } from '../state/keyed-store.ts'
import type { GroupProducers, ProducerState } from '../time/producers.ts'
import type { BatchRecord } from './batch.ts'
import { attempt, failureAt, type RunOutcome, type UnitCounter } from './run.ts'
import type { ShardState } from './shard-state.ts'

/** A record of a shuffle stream: a chunk, or a tick that stands for time passing. */
export type ShuffleRecord = { readonly record: BatchRecord; readonly chunk: Chunk | undefined }

/** Reads a chunk. What is no chunk was not put by this pipeline, or by another version of it: nothing may be skipped. */
export function shuffleRecordOf(stream: string, record: BatchRecord): ShuffleRecord {
  if (record.control !== undefined) return { record, chunk: undefined }
  try {
    return { record, chunk: decodeChunk(record.data) }
  } catch (thrown) {
    throw new RetryBatchError(
      `Cannot read record ${record.sequence} of shuffle stream "${stream}": it is no chunk of this pipeline, which owns the stream`,
      { cause: thrown },
    )
  }
}

/** Key groups that a record touches. */
export const groupsOf = (state: ShardState, { chunk }: ShuffleRecord): Iterable<number> =>
  chunk === undefined ? state.groups.keys() : [chunk.header.group]

/**
 * Takes one record of a shuffle stream: messages in position order, watermarks where they stand between them, then timers. `cut`
 * leaves the record unfinished: positions make the messages that were taken drop out when it comes again.
 */
export class MessageRun {
  readonly #state: ShardState
  readonly #units: UnitCounter
  /** The first record was cut by the commit before: what of it was taken then is no duplicate. */
  #isResumed: boolean

  constructor(state: ShardState, units: UnitCounter, isResumed: boolean) {
    this.#state = state
    this.#units = units
    this.#isResumed = isResumed
  }

  take(item: ShuffleRecord): RunOutcome | 'taken' {
    const { record, chunk } = item
    this.#state.context.arrivalMs = record.arrivalMs
    if (chunk !== undefined) {
      const outcome = this.#chunk(record, chunk)
      this.#isResumed = false
      return outcome
    }
    for (const producers of this.#state.producers.values()) {
      const outcome = this.#pass(record, producers, producers.merged(record.arrivalMs))
      if (outcome !== 'taken') return outcome
    }
    return 'taken'
  }

  #chunk(record: BatchRecord, chunk: Chunk): RunOutcome | 'taken' {
    const { stage, shard, lineage, group, watermark } = chunk.header
    const producers = this.#state.producers.get(group)
    if (producers === undefined) {
      throw new Error(
        `Cannot take a chunk of ${producerOf(stage, shard)}: key group ${group} is not in the hash range of ${this.#state.shard}`,
      )
    }
    const producer = producers.hear(stage, shard, lineage, record.arrivalMs)
    const outcome = this.#messages(record, chunk, producers, producer)
    if (outcome !== 'taken') return outcome
    const merged =
      watermark === undefined
        ? producers.merged(record.arrivalMs)
        : producers.advance(producer, watermark, record.arrivalMs)
    return this.#pass(record, producers, merged)
  }

  #messages(
    record: BatchRecord,
    chunk: Chunk,
    producers: GroupProducers,
    producer: Cell<ProducerState>,
  ): RunOutcome | 'taken' {
    const state = this.#state
    const units = this.#units
    const { edges } = state.chain
    const { count, keyIds, keyIndexes, times, weights, values, markIndexes, markTimes } = chunk
    const { group } = producers
    const first = firstAbove(chunk, producer.value.position)
    if (first > 0 && !this.#isResumed) state.tally({ duplicates: first })
    const refs: KeyRef[] = keyIds.map(id => ({ id, group }))
    const stopAt = (next: number): RunOutcome => {
      if (next > first) producer.value.position = chunk.positionAt(next - 1)
      state.tally({ messages: next - first })
      return { kind: 'cut' }
    }
    let mark = 0
    for (let i = first; i < count; i++) {
      while (mark < markIndexes.length && markIndexes[mark] <= i) {
        const merged = producers.advance(producer, markTimes[mark++], record.arrivalMs)
        if (merged > producers.watermark && this.#fire(record, group, merged) === 'cut') return stopAt(i)
      }
      if (units.isFull) return stopAt(i)
      const edge = chunk.edges[i]
      const ref = refs[keyIndexes[i]]
      if (units.done === 0) units.first = { sequence: record.sequence, unit: `message ${i}` }
      if (units.poison !== undefined && units.isPoison({ sequence: record.sequence, unit: `message ${i}` })) {
        const refused = this.#refuse(record, chunk, i, ref)
        if (refused !== undefined) {
          stopAt(i)
          return refused
        }
      } else {
        state.context.weight = weights[i]
        try {
          edges[edge](ref, values === undefined ? undefined : values[i], times[i])
        } catch (thrown) {
          attempt(
            () => ({ sequence: record.sequence, unit: `message ${i}` }),
            () => {
              throw thrown
            },
          )
        }
      }
      units.done++
    }
    if (count > first) {
      producer.value.position = chunk.positionAt(count - 1)
      state.tally({ messages: count - first })
    }
    return 'taken'
  }

  /** The key group's watermark moves, and arrival time passes: everything due happens, one unit at a time. */
  #pass(record: BatchRecord, producers: GroupProducers, merged: number): RunOutcome | 'taken' {
    const { group } = producers
    if (merged > producers.watermark && this.#fire(record, group, merged) === 'cut') return { kind: 'cut' }
    for (const operator of this.#state.operators) {
      for (;;) {
        const due = operator.arrivalTimer?.(group) ?? Number.POSITIVE_INFINITY
        if (due > record.arrivalMs) break
        if (this.#units.isFull) return { kind: 'cut' }
        this.#timer(record, `arrival ${operator.name} ${group} ${due}`, () => operator.fireArrivalTimer?.(group))
      }
    }
    return 'taken'
  }

  /** Fires what is due up to `watermark`, in the order of time, operator and key, then moves the key group there. */
  #fire(record: BatchRecord, group: number, watermark: number): 'fired' | 'cut' {
    const { operators, context } = this.#state
    context.reaching = watermark
    for (;;) {
      let next: StatefulOperator | undefined
      let at = Number.POSITIVE_INFINITY
      for (const operator of operators) {
        const due = operator.eventTimer?.(group) ?? Number.POSITIVE_INFINITY
        if (due < at) {
          next = operator
          at = due
        }
      }
      if (next === undefined || at > watermark) break
      if (this.#units.isFull) {
        this.#state.cutBefore(group, at)
        return 'cut'
      }
      const operator = next
      this.#timer(record, `timer ${operator.name} ${group} ${at}`, () => operator.fireEventTimer?.(group))
    }
    this.#state.reached(group, watermark)
    return 'fired'
  }

  #timer(record: BatchRecord, name: string, fire: () => void): void {
    const state = this.#state
    const units = this.#units
    // Several keys may be due at once: the number of those fired before tells them apart, in runs from the same version.
    const place = { sequence: record.sequence, unit: `${state.head.version + 1}/${name} #${this.#sameTimer(name)}` }
    if (units.done === 0) units.first = place
    if (!units.isPoison(place)) {
      attempt(() => place, fire)
    } else {
      if (units.policy === 'fail') throw failureAt(state.stage.name, record, this.#poisonError())
      state.context.isDiscarding = true
      try {
        fire()
      } finally {
        state.context.isDiscarding = false
      }
      const id = `${state.shard}/${place.unit}`
      this.#countRefused('timer', record, id, Buffer.from(name), undefined)
    }
    units.done++
  }

  /** A unit is found again from the same version only, where the same timers have fired before it. */
  #sameTimer(name: string): number {
    if (this.#timerName !== name) {
      this.#timerName = name
      this.#timerCount = 0
    }
    return this.#timerCount++
  }

  #timerName = ''
  #timerCount = 0

  #refuse(record: BatchRecord, chunk: Chunk, index: number, ref: KeyRef): RunOutcome | undefined {
    if (this.#units.policy === 'fail') {
      return {
        kind: 'failed',
        next: record.sequence,
        error: failureAt(this.#state.stage.name, record, this.#poisonError()),
      }
    }
    const { stage, shard } = chunk.header
    const value = chunk.values?.[index]
    const message = { key: keyOf(ref.id), eventTime: chunk.times[index], value }
    const position = chunk.positionAt(index)
    const id = `${producerOf(stage, shard)}/${position}`
    this.#countRefused('message', record, id, jsonOf(message), chunk.header.group)
    return undefined
  }

  #countRefused(
    kind: DeadLetterKind,
    record: BatchRecord,
    id: string,
    payload: Buffer,
    group: number | undefined,
  ): void {
    const state = this.#state
    const { stage } = state
    if (this.#units.policy === 'skip') return state.tally({ skipped: 1 })
    const error = this.#poisonError()
    state.tally({ deadLetters: 1 })
    const cause = error.cause instanceof Error ? error.cause.stack : undefined
    state.outbox.deadLetter({
      id: `${stage.name}/${id}`,
      kind,
      pipelineVersion: state.pipelineVersion,
      stage: stage.name,
      stream: stage.input.stream,
      place: `${stage.name} ${state.shard} ${record.sequence}${group === undefined ? '' : ` key group ${group}`}`,
      partitionKey: record.partitionKey,
      sub: 0,
      reason: letterText(error.message),
      operator: error.operator,
      payload: new Uint8Array(payload.subarray(0, limits.deadLetterBytes)),
      payloadBytes: payload.length,
      ...(cause !== undefined && { stack: letterText(cause) }),
    })
  }

  #poisonError() {
    const { poison } = this.#units
    if (poison === undefined) throw new Error('Cannot refuse a unit: none is known to fail')
    return poison.error
  }
}

/** Index of the first message above `taken`: positions ascend, so a chunk is all new, all old, or new from somewhere on. */
function firstAbove(chunk: Chunk, taken: string): number {
  const { count } = chunk
  if (count === 0 || chunk.positionAt(0) > taken) return 0
  if (chunk.positionAt(count - 1) <= taken) return count
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (chunk.positionAt(middle) > taken) high = middle
    else low = middle + 1
  }
  return low
}

/** For a person to read: a bigint by its digits; what JSON cannot say at all is packed. */
function jsonOf(message: unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(message, (_, each) => (typeof each === 'bigint' ? String(each) : each)))
  } catch {
    return packValue(message)
  }
}
