import { milliseconds } from '../../model/duration.ts'
import { endOfTime } from '../../model/event-time.ts'
import type { KeyRef } from '../../model/key.ts'
import type { Loose } from '../../model/loose.ts'
import type { Store } from '../../state/store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import { TimedEntries } from '../joins/timed-entries.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped, wrappedTimer } from '../user-function.ts'
import type { TableCombine } from './table-join-types.ts'

export type VersionedJoinSpec = {
  readonly kind: 'versionedJoin'
  readonly type: 'inner' | 'left'
  readonly combine: TableCombine
  /** Whether a version says that from its time on there is none; undefined: none does. */
  readonly isDeleted: Loose<[version: unknown], boolean> | undefined
  /** How long after the watermark has passed a record's time it is still joined, and versions are kept for it. */
  readonly latenessMs: number
  /** How long after a delete, in event time, older versions are known to be older. */
  readonly deletesForMs: number
  /** Side output for records that came later than that. */
  readonly lateTo: string | undefined
}

/** How much later a key without records is told of the watermark: its results come so much later when all is silent. */
const silentMs = milliseconds(1_000)
const recordInput = 0

/** `lateness` says in words how long late records are joined. */
export const versionedJoinDefinition = (spec: VersionedJoinSpec, lateness: string): OperatorDefinition => ({
  spec,
  meaning: 'stream with versions, as of event time',
  inputs: ['records', 'versions'],
  explain: {
    function: `${spec.type} join with the version of the record's event time`,
    windows: 'so far',
    emits: 'each record once, when the watermark passes its time',
    lateness: spec.lateTo === undefined ? lateness : `${lateness}, then to side "${spec.lateTo}"`,
    keeps: 'records until the watermark passes their time; per key the version valid at the watermark, and later ones',
  },
  watermarks: { kind: 'any', silentMs },
  rows: 'none',
  sides: spec.lateTo === undefined ? [] : [spec.lateTo],
  create: (name, context, outputs) => new VersionedJoin(name, spec, context, outputs),
})

/** A version's value; nothing where there is none from its time on. */
type Version = readonly [value: unknown] | readonly []

/**
 * Each record of a stream with the version of its key that was valid at its event time: the newest that is not later (SQL: for
 * system_time as of; Kafka Streams: versioned state stores). A record waits until the watermark passes its time, when every version in
 * time is there: the result does not depend on the order in which the two streams came.
 *
 * A timer of a key is the least watermark at which a record of it is joined, or a version is needed no longer.
 */
class VersionedJoin implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: VersionedJoinSpec
  readonly #waiting: TimedEntries<unknown[]>
  readonly #versions: TimedEntries<Version>
  readonly #timers: (KeyTimers | undefined)[] = []
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #expired: Push
  readonly #combine: (left: unknown, right: unknown) => unknown
  readonly #combineLate: (left: unknown, right: unknown) => unknown
  readonly #isDeleted: (version: unknown) => boolean

  constructor(name: string, spec: VersionedJoinSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#spec = spec
    this.#context = context
    this.#push = outputs.push
    this.#expired = spec.lateTo === undefined ? () => {} : outputs.side(spec.lateTo)
    this.#combine = wrappedTimer(name, spec.combine, context)
    this.#combineLate = wrapped(name, spec.combine)
    this.#isDeleted = spec.isDeleted === undefined ? () => false : wrapped(name, spec.isDeleted)
    this.#waiting = new TimedEntries(`${name}:records`)
    this.#versions = new TimedEntries(`${name}:versions`)
    this.stores = [this.#waiting.store, this.#versions.store]
  }

  process(ref: KeyRef, value: unknown, time: number, input: number): void {
    if (input === recordInput) this.#record(ref, value, time)
    else this.#version(ref, value, time)
  }

  eventTimer(group: number): number {
    return this.#timersOf(group).earliest
  }

  fireEventTimer(group: number): void {
    const timers = this.#timersOf(group)
    const { at, id } = timers.take()
    this.#context.fired(this.name, group, at, id)
    const due = this.#waiting.timesUntil(group, id, at)
    for (const time of due) {
      for (const record of this.#waiting.get(group, id, time) ?? []) this.#join(this.#combine, group, id, record, time)
    }
    this.#waiting.dropFirst(group, id, due.length)
    this.#dropVersions(group, id, at)
    this.#schedule(group, id)
  }

  #record({ group, id }: KeyRef, value: unknown, time: number): void {
    const { watermarks, tallies, weight } = this.#context
    const watermark = watermarks[group]
    if (time > watermark) {
      const records = this.#waiting.get(group, id, time) ?? []
      records.push(value)
      this.#waiting.put(group, id, time, records)
      this.#timersOf(group).schedule(id, time)
      return
    }
    if (time + this.#spec.latenessMs <= watermark) {
      tallies.expired += weight
      this.#expired(value, time, undefined)
      return
    }
    tallies.late += weight
    this.#join(this.#combineLate, group, id, value, time)
  }

  #version({ group, id }: KeyRef, value: unknown, time: number): void {
    const { watermarks, tallies, weight } = this.#context
    const watermark = watermarks[group]
    const later = this.#versions.timeAfter(group, id, time)
    if (later !== undefined && later + this.#spec.latenessMs <= watermark) {
      tallies.expired += weight
      return
    }
    if (time <= watermark) tallies.late += weight
    this.#versions.put(group, id, time, this.#isDeleted(value) ? [] : [value])
    this.#dropVersions(group, id, watermark)
    this.#schedule(group, id)
  }

  #join(
    combine: (left: unknown, right: unknown) => unknown,
    group: number,
    id: string,
    record: unknown,
    time: number,
  ): void {
    const valid = this.#versions.lastTimeUntil(group, id, time)
    const version: Version = (valid !== undefined && this.#versions.get(group, id, valid)) || []
    if (version.length === 0 && this.#spec.type === 'inner') return
    this.#push(combine(record, version[0]), time, undefined)
  }

  /** Those that no record that may still be joined falls into. */
  #dropVersions(group: number, id: string, watermark: number): void {
    const times = this.#versions.times(group, id)
    if (watermark >= endOfTime) return this.#versions.dropFirst(group, id, times.length)
    let count = 0
    while (count + 1 < times.length && times[count + 1] + this.#spec.latenessMs <= watermark) count++
    if (times.length === count + 1 && this.#isForgotten(group, id, times[count], watermark)) count++
    this.#versions.dropFirst(group, id, count)
  }

  /** A delete that is remembered no longer. */
  #isForgotten(group: number, id: string, time: number, watermark: number): boolean {
    return this.#versions.get(group, id, time)?.length === 0 && this.#forgottenAt(time) <= watermark
  }

  #forgottenAt(time: number): number {
    return time + Math.max(this.#spec.latenessMs, this.#spec.deletesForMs)
  }

  #schedule(group: number, id: string): void {
    const due = this.#dueOf(group, id)
    if (due < Number.POSITIVE_INFINITY) this.#timersOf(group).schedule(id, due)
  }

  #dueOf(group: number, id: string): number {
    const [record] = this.#waiting.times(group, id)
    const [first, second] = this.#versions.times(group, id)
    if (record === undefined && first === undefined) return Number.POSITIVE_INFINITY
    let due = Math.min(record ?? endOfTime, endOfTime)
    if (second !== undefined) due = Math.min(due, second + this.#spec.latenessMs)
    else if (first !== undefined && this.#versions.get(group, id, first)?.length === 0)
      due = Math.min(due, this.#forgottenAt(first))
    return due
  }

  #timersOf(group: number): KeyTimers {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      this.#timers[group] = timers
      for (const id of [...this.#waiting.ids(group), ...this.#versions.ids(group)]) this.#schedule(group, id)
    }
    return timers
  }
}
