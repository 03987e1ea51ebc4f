import { endOfTime } from '../model/event-time.ts'
import type { KeyRef } from '../model/key.ts'
import type { Store } from '../state/store.ts'
import { KeyTimers } from '../time/key-timers.ts'
import type { OperatorDefinition } from './definition.ts'
import type { OperatorContext, Push, StatefulOperator } from './operator.ts'
import { countUntil, TimedEntries } from './timed-entries.ts'

/**
 * One value of each key within a time (Flink: deduplicate, keep first; Spark: dropDuplicatesWithinWatermark). A record is a repeat when a
 * value of its key less than `withinMs` before or after it in event time went out; by `last`, or was dropped as a repeat of such a
 * one, and so on.
 */
export type DistinctWithinSpec = {
  readonly kind: 'distinctWithin'
  readonly withinMs: number
  readonly since: 'first' | 'last'
  readonly latenessMs: number
}

/** How often a silent key group is told of the watermark: state goes so much later, and nobody can tell. */
const silentParts = 4

export function distinctWithinDefinition(options: Omit<DistinctWithinSpec, 'kind'>): OperatorDefinition {
  const spec: DistinctWithinSpec = { kind: 'distinctWithin', ...options }
  const { withinMs, since, latenessMs } = spec
  return {
    spec,
    meaning: `distinct within ${withinMs} ms of the ${since}`,
    inputs: ['values'],
    explain: {
      function: 'distinct',
      windows: `within ${withinMs} ms of the ${since}`,
      emits: 'first values',
      lateness: latenessMs === 0 ? 'none' : `${latenessMs} ms`,
      keeps: 'one entry per key, until the watermark has passed that time',
    },
    watermarks: { kind: 'any', silentMs: Math.max(1, Math.floor(withinMs / silentParts)) },
    rows: 'none',
    sides: [],
    create: (name, context, outputs) => new DistinctWithin(name, spec, context, outputs.push),
  }
}

/** Event times `[from, to]` that belong together: a record near to them is a repeat. No two of a key are near. */
type Span = [from: number, to: number]

/** A record that is too late is dropped: what would tell it from a repeat may be gone. */
export class DistinctWithin implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: DistinctWithinSpec
  readonly #context: OperatorContext
  readonly #push: Push
  /** The end of each span by its start. A key has one, but for records out of order. */
  readonly #spans: TimedEntries<number>
  readonly #timers: (KeyTimers | undefined)[] = []

  constructor(name: string, spec: DistinctWithinSpec, context: OperatorContext, push: Push) {
    this.name = name
    this.#spec = spec
    this.#context = context
    this.#push = push
    this.#spans = new TimedEntries(name)
    this.stores = [this.#spans.store]
  }

  process({ group, id }: KeyRef, value: unknown, time: number): void {
    const { withinMs, since, latenessMs } = this.#spec
    const { tallies, weight, watermarks } = this.#context
    if (time <= watermarks[group]) {
      if (time + latenessMs <= watermarks[group]) {
        tallies.expired += weight
        return
      }
      tallies.late += weight
    }
    const near = this.#near(group, id, time)
    if (near.length === 0) {
      this.#put(group, id, [time, time])
      this.#push(value, time, undefined)
    } else if (since === 'last') {
      const [from, to] = [Math.min(time, near[0][0]), Math.max(time, near[near.length - 1][1])]
      if (near.length === 1 && from === near[0][0] && to === near[0][1]) return
      for (const [other] of near) if (other !== from) this.#spans.delete(group, id, other)
      this.#put(group, id, [from, to])
    }
  }

  eventTimer(group: number): number {
    return this.#timersOf(group).earliest
  }

  fireEventTimer(group: number): void {
    const timers = this.#timersOf(group)
    const { at, id } = timers.take()
    this.#context.fired(this.name, group, at, id)
    const starts = this.#spans.times(group, id)
    const left = starts.findIndex(start => this.#goneAt(group, id, start) > at)
    this.#spans.dropFirst(group, id, left < 0 ? starts.length : left)
    this.#schedule(group, id)
  }

  arrivalTimer(): number {
    return Number.POSITIVE_INFINITY
  }

  fireArrivalTimer(): void {}

  flush(): void {}

  /** In the order of time: two at most, on either side of it. */
  #near(group: number, id: string, time: number): Span[] {
    const { withinMs } = this.#spec
    const starts = this.#spans.times(group, id)
    const near: Span[] = []
    for (let i = countUntil(starts, time + withinMs - 1) - 1; i >= 0; i--) {
      const end = this.#endOf(group, id, starts[i])
      if (end <= time - withinMs) break
      near.unshift([starts[i], end])
    }
    return near
  }

  #put(group: number, id: string, [from, to]: Span): void {
    // Timers are rebuilt from the spans: they are there before the span is.
    this.#timersOf(group)
    this.#spans.put(group, id, from, to)
    this.#schedule(group, id)
  }

  #endOf(group: number, id: string, start: number): number {
    return this.#spans.get(group, id, start) ?? start
  }

  /** The watermark from which every record near to the span is too late. */
  #goneAt(group: number, id: string, start: number): number {
    const { withinMs, latenessMs } = this.#spec
    return Math.min(this.#endOf(group, id, start) + withinMs - 1 + latenessMs, endOfTime)
  }

  #schedule(group: number, id: string): void {
    const starts = this.#spans.times(group, id)
    if (starts.length > 0) this.#timersOf(group).schedule(id, this.#goneAt(group, id, starts[0]))
  }

  #timersOf(group: number): KeyTimers {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      this.#timers[group] = timers
      for (const id of this.#spans.ids(group)) this.#schedule(group, id)
    }
    return timers
  }
}
