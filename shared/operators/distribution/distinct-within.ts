import { endOfTime } from '../../model/event-time.ts'
import type { KeyRef } from '../../model/key.ts'
import { KeyedStore } from '../../state/keyed-store.ts'
import type { Store } from '../../state/store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import type { OperatorDefinition } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'

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

/** Event times `[from, to]` that belong together: a record near to them is a repeat. Ascending, and no two of a key are near. */
type Span = [from: number, to: number]

/** A record that is too late is dropped: what would tell it from a repeat may be gone. */
export class DistinctWithin implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: DistinctWithinSpec
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #spans: KeyedStore<readonly Span[]>
  readonly #timers: (KeyTimers | undefined)[] = []

  constructor(name: string, spec: DistinctWithinSpec, context: OperatorContext, push: Push) {
    this.name = name
    this.#spec = spec
    this.#context = context
    this.#push = push
    this.#spans = new KeyedStore(name)
    this.stores = [this.#spans]
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
    const spans = this.#spans.get(group, id)?.value ?? []
    const first = this.#firstNear(spans, time)
    let after = first
    while (after < spans.length && spans[after][0] < time + withinMs) after++
    if (after === first) {
      this.#put(group, id, spans.toSpliced(first, 0, [time, time]))
      this.#push(value, time, undefined)
    } else if (since === 'last') {
      const [from, to] = [Math.min(time, spans[first][0]), Math.max(time, spans[after - 1][1])]
      const isNew = after > first + 1 || from < spans[first][0] || to > spans[first][1]
      if (isNew) this.#put(group, id, spans.toSpliced(first, after - first, [from, to]))
    }
  }

  eventTimer(group: number): number {
    return this.#timersOf(group).earliest
  }

  fireEventTimer(group: number): void {
    const timers = this.#timersOf(group)
    const { at, id } = timers.take()
    this.#context.fired(this.name, group, at, id)
    const cell = this.#spans.get(group, id)
    if (cell === undefined) return
    const gone = cell.value.findIndex(span => this.#goneAt(span) > at)
    const left = gone < 0 ? [] : cell.value.slice(gone)
    if (left.length === 0) this.#spans.delete(cell)
    else if (left.length < cell.value.length) this.#put(group, id, left)
    if (left.length > 0) timers.schedule(id, this.#dueOf(left))
  }

  /** Index of the first span that does not end before what is near to the time. Records come in about the order of their times. */
  #firstNear(spans: readonly Span[], time: number): number {
    let first = spans.length
    while (first > 0 && spans[first - 1][1] > time - this.#spec.withinMs) first--
    return first
  }

  #put(group: number, id: string, spans: readonly Span[]): void {
    const timers = this.#timersOf(group)
    this.#spans.put(group, id, spans)
    timers.schedule(id, this.#dueOf(spans))
  }

  /** The watermark from which every record near to the span is too late. */
  #goneAt([, to]: Span): number {
    const { withinMs, latenessMs } = this.#spec
    return Math.min(to + withinMs - 1 + latenessMs, endOfTime)
  }

  #dueOf([first]: readonly Span[]): number {
    return this.#goneAt(first)
  }

  #timersOf(group: number): KeyTimers {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      this.#timers[group] = timers
      for (const { id, value } of this.#spans.cells(group)) timers.schedule(id, this.#dueOf(value))
    }
    return timers
  }
}
