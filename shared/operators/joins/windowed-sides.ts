import { endOfTime } from '../../model/event-time.ts'
import { type Key, type KeyRef, keyOf } from '../../model/key.ts'
import type { Store } from '../../state/store.ts'
import { TimerHeap } from '../../time/timer-heap.ts'
import {
  endsEvery,
  firstEnd,
  isWindowEnd,
  lastEnd,
  sliceStart,
  windowStart,
  windowsHolding,
} from '../../windows/assign.ts'
import { closedAt, dueAt, type FixedWindows, type Window } from '../../windows/window.ts'
import type { OperatorOutputs } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { type JoinKey, JoinState, type KeyRecords } from './join-state.ts'
import { type LateOutputs, leftInput, rightInput, type Side } from './join-types.ts'

/** The records of a key in a window, in the order of their times. */
export type Meeting = {
  readonly key: Key
  readonly window: Window
  readonly lefts: readonly unknown[]
  readonly rights: readonly unknown[]
}

/** What is done where two sides meet in a window. */
export interface WindowFunction {
  /** No record in time can come to the window any more. */
  onTime(meeting: Meeting): void
  /** A record comes after that, within the allowed lateness; the meeting is without it. */
  late(meeting: Meeting, side: Side, value: unknown): void
  /** No record is accepted any more. Right after `onTime` where no lateness is allowed. */
  closed(meeting: Meeting): void
}

export type WindowedSidesSpec = {
  readonly windows: FixedWindows
  readonly latenessMs: number
  readonly lateTo: LateOutputs
}

/**
 * Two keyed streams, cut into the same windows. A record is kept once, until the last window that holds it has closed. A window of
 * a key without records is nothing.
 *
 * A timer of a key is the least watermark at which one of its windows is due or closed.
 */
export class WindowedSides implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: WindowedSidesSpec
  readonly #state: JoinState
  readonly #timers: (TimerHeap<JoinKey> | undefined)[] = []
  readonly #context: OperatorContext
  readonly #expired: readonly (Push | undefined)[]
  readonly #function: WindowFunction

  constructor(
    name: string,
    spec: WindowedSidesSpec,
    context: OperatorContext,
    outputs: OperatorOutputs,
    windowFunction: WindowFunction,
  ) {
    this.name = name
    this.#spec = spec
    this.#context = context
    this.#function = windowFunction
    const { left, right } = spec.lateTo
    this.#expired = [left, right].map(side => (side === undefined ? undefined : outputs.side(side)))
    this.#state = new JoinState(name, true)
    this.stores = this.#state.stores
  }

  process({ group, id }: KeyRef, value: unknown, time: number, input: number): void {
    const { windows } = this.#spec
    const side = input === leftInput ? leftInput : rightInput
    const watermark = this.#context.watermarks[group]
    const slice = sliceStart(windows, time)
    const gone = this.#closedAt(lastEnd(windows, slice))
    if (gone <= watermark) {
      this.#context.tallies.expired += this.#context.weight
      this.#expired[side]?.(value, time, undefined)
      return
    }
    const key = this.#state.key(group, id)
    if (time <= watermark) {
      this.#context.tallies.late += this.#context.weight
      for (const window of windowsHolding(windows, time)) {
        if (this.#dueAt(window.end) > watermark || this.#closedAt(window.end) <= watermark) continue
        this.#function.late(this.#meeting(key, window), side, value)
      }
    }
    key.side(side).add(time, value, gone, false)
    this.#timersOf(group).schedule(key, this.#nextDue(slice, watermark))
  }

  eventTimer(group: number): number {
    return this.#timersOf(group).earliest
  }

  fireEventTimer(group: number): void {
    const timers = this.#timersOf(group)
    const at = timers.earliest
    const key = timers.take()
    this.#context.fired(this.name, group, at, key.id)
    this.#atWindow(key, at, meeting => this.#function.onTime(meeting))
    this.#atWindow(key, at - this.#spec.latenessMs, meeting => this.#function.closed(meeting))
    key.left.takeDue(at)
    key.right.takeDue(at)
    const next = this.#nextOf(key, at)
    if (next < Number.POSITIVE_INFINITY) timers.schedule(key, next)
    else this.#state.release(group, key.id, key)
  }

  readonly #dueAt = (end: number): number => dueAt(this.#spec.windows.kind, end)
  readonly #closedAt = (end: number): number => closedAt(this.#spec.windows.kind, end, this.#spec.latenessMs)

  /** The window that is due at this watermark, where there is one and it has records. */
  #atWindow(key: JoinKey, at: number, take: (meeting: Meeting) => void): void {
    const { windows } = this.#spec
    // The end of time is the end of the global window, whatever the lateness.
    const end = windows.kind === 'global' ? endOfTime : at + 1
    if (!isWindowEnd(windows, end)) return
    const meeting = this.#meeting(key, { start: windowStart(windows, end), end })
    if (meeting.lefts.length > 0 || meeting.rights.length > 0) take(meeting)
  }

  #meeting({ id, left, right }: JoinKey, window: Window): Meeting {
    return { key: keyOf(id), window, lefts: valuesIn(left, window), rights: valuesIn(right, window) }
  }

  /** The least watermark above `after` at which a window of the slice is due or closed; Infinity where there is none. */
  #nextDue(slice: number, after: number): number {
    const { windows, latenessMs } = this.#spec
    if (windows.kind === 'global') return endOfTime
    const first = firstEnd(windows, slice) - 1
    const last = lastEnd(windows, slice) - 1
    const due = nextOf(first, endsEvery(windows), after)
    const closed = nextOf(first + latenessMs, endsEvery(windows), after)
    return Math.min(
      due <= last ? due : Number.POSITIVE_INFINITY,
      closed <= last + latenessMs ? closed : Number.POSITIVE_INFINITY,
    )
  }

  #nextOf({ left, right }: JoinKey, after: number): number {
    // Without lateness nothing is due before a window of the earliest record: those that have closed are gone.
    if (this.#spec.latenessMs === 0) return Math.min(this.#nextOfFirst(left, after), this.#nextOfFirst(right, after))
    let next = Number.POSITIVE_INFINITY
    let known = Number.NaN
    for (const records of [left, right]) {
      for (const { value } of records.all) {
        const slice = sliceStart(this.#spec.windows, value[0])
        if (slice === known) continue
        known = slice
        next = Math.min(next, this.#nextDue(slice, after))
      }
    }
    return next
  }

  #nextOfFirst({ first }: KeyRecords, after: number): number {
    if (first === undefined) return Number.POSITIVE_INFINITY
    return this.#nextDue(sliceStart(this.#spec.windows, first.value[0]), after)
  }

  /** Rebuilt from the records when a group is touched for the first time after a load. */
  #timersOf(group: number): TimerHeap<JoinKey> {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new TimerHeap()
      this.#timers[group] = timers
      for (const key of this.#state.keys(group)) {
        const after = this.#context.firedUntil(this.name, group, key.id)
        timers.schedule(key, this.#nextOf(key, after))
      }
    }
    return timers
  }
}

function valuesIn(records: KeyRecords, { start, end }: Window): unknown[] {
  return records.between(start, end - 1).map(cell => cell.value[1])
}

/** The least of `first`, `first + step`, ... above `watermark`. */
const nextOf = (first: number, step: number, watermark: number): number =>
  watermark < first ? first : first + (Math.floor((watermark - first) / step) + 1) * step
