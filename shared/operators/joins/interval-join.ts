import { endOfTime, lastEventTime } from '../../model/event-time.ts'
import type { KeyRef } from '../../model/key.ts'
import type { Loose } from '../../model/loose.ts'
import type { Store } from '../../state/store.ts'
import { TimerHeap } from '../../time/timer-heap.ts'
import type { OperatorOutputs, WatermarkNeed } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped, wrappedTimer } from '../user-function.ts'
import { type JoinKey, JoinState, type KeptCell } from './join-state.ts'
import {
  isForEver,
  isKeptAlone,
  type JoinDefinition,
  type JoinType,
  type LateOutputs,
  lateOutputNames,
  leftInput,
  type PairCondition,
  rightInput,
  type Side,
} from './join-types.ts'

/**
 * A left record and a right one are a pair when their keys are equal, the right one's event time is in [left - before, left + after],
 * both ends included, and `where` holds for them.
 */
export type IntervalJoinSpec = {
  readonly kind: 'intervalJoin'
  readonly type: JoinType
  readonly beforeMs: number
  /** Infinity before and after: no bound, the join keeps all records for ever. */
  readonly afterMs: number
  /** In place of `afterMs`: the last event time of right records, by the left one's value. One before the left record's counts as the same. */
  readonly until: Loose<[left: unknown], number> | undefined
  readonly where: PairCondition
  /** Of a pair, or of a record alone with undefined in place of the other. Not called for semi and anti joins: they give left values. */
  readonly combine: Loose<[left: unknown, right: unknown], unknown>
  /** How much longer records are kept than those in time need them. */
  readonly latenessMs: number
  readonly lateTo: LateOutputs
}

/** Of its retention, how much later at most a key group without records lets go of what it keeps. */
const silentPart = 10

/** Records that one timer lets go: a commit may be cut between two timers, and a key may keep more than fit into one. */
const recordsPerTimer = 32

export function intervalJoin(spec: IntervalJoinSpec): JoinDefinition {
  return {
    spec,
    meaning: `${spec.type} join ${boundsOf(spec)}, lateness ${spec.latenessMs} ms`,
    inputs: ['left', 'right'],
    watermarks: needOf(spec),
    rows: 'none',
    sides: lateOutputNames(spec.lateTo),
    create: (name, context, outputs) => new IntervalJoin(name, spec, context, outputs),
  }
}

function needOf(spec: IntervalJoinSpec): WatermarkNeed {
  // Only a semi join without bounds waits for a watermark before the end: of the first right record.
  if (isForEver(spec)) return spec.type === 'semi' ? { kind: 'any', silentMs: 1_000 } : { kind: 'none' }
  const { beforeMs, afterMs, latenessMs, until } = spec
  const keptMs = Math.max(beforeMs, afterMs) + latenessMs
  // Where the data say how long, a part of the other bound may be next to nothing, which would be told at every millisecond.
  const leastMs = until === undefined ? 1 : 1_000
  return { kind: 'any', silentMs: Math.max(leastMs, Math.floor(keptMs / silentPart)) }
}

function boundsOf(spec: IntervalJoinSpec): string {
  if (isForEver(spec)) return 'without bounds'
  return `within [-${spec.beforeMs} ms, ${spec.until === undefined ? `+${spec.afterMs} ms` : 'until'}]`
}

/**
 * Joins two keyed streams by event time. Pairs go out as soon as both records are there, at the later of their times; records without
 * a pair when no record in time can match them any more, at that time. A semi join's row has the time of the earliest pair, so it
 * waits until no earlier one can come.
 *
 * Which rows go out for records in time, and with which times, does not depend on the order in which the two sides come.
 *
 * A timer of a key is the least watermark at which one of its records goes.
 */
class IntervalJoin implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: IntervalJoinSpec
  readonly #state: JoinState
  readonly #timers: (TimerHeap<JoinKey> | undefined)[] = []
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #expired: readonly (Push | undefined)[]
  readonly #where: (left: unknown, right: unknown) => boolean
  readonly #until: ((left: unknown) => number) | undefined
  readonly #combine: (left: unknown, right: unknown) => unknown
  readonly #combineAlone: (left: unknown, right: unknown) => unknown

  constructor(name: string, spec: IntervalJoinSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#spec = spec
    this.#context = context
    this.#push = outputs.push
    this.#expired = [spec.lateTo.left, spec.lateTo.right].map(side =>
      side === undefined ? undefined : outputs.side(side),
    )
    this.#where = spec.where === undefined ? () => true : wrapped(name, spec.where)
    this.#until = spec.until && wrapped(name, spec.until)
    this.#combine = wrapped(name, spec.combine)
    this.#combineAlone = wrappedTimer(name, spec.combine, context)
    this.#state = new JoinState(name, spec.until === undefined && spec.type !== 'semi')
    this.stores = this.#state.stores
  }

  process({ group, id }: KeyRef, value: unknown, time: number, input: number): void {
    const side = input === leftInput ? leftInput : rightInput
    const watermark = this.#context.watermarks[group]
    const last = this.#lastMatch(side, value, time)
    const due = Math.min(last + this.#spec.latenessMs, endOfTime)
    if (due <= watermark) {
      this.#context.tallies.expired += this.#context.weight
      this.#expired[side]?.(value, time, undefined)
      return
    }
    if (time <= watermark && !isForEver(this.#spec)) this.#context.tallies.late += this.#context.weight
    const key = this.#state.key(group, id)
    if (side === leftInput) this.#processLeft(group, key, value, time, last, due)
    else this.#processRight(group, key, value, time, due)
    this.#settle(group, key)
  }

  eventTimer(group: number): number {
    return this.#timersOf(group).earliest
  }

  fireEventTimer(group: number): void {
    const timers = this.#timersOf(group)
    const at = timers.earliest
    const key = timers.take()
    this.#context.fired(this.name, group, at, key.id)
    const { type } = this.#spec
    let room = recordsPerTimer
    for (const side of [leftInput, rightInput] as const) {
      const due = key.side(side).takeDue(at, room)
      room -= due.length
      for (const { value: kept } of due) {
        if (type === 'semi' ? kept[3] : !kept[3] && isKeptAlone(type, side)) this.#emitAlone(side, kept[1], at)
      }
    }
    this.#settle(group, key)
  }

  /** The last event time at which a record of the other side matches. */
  #lastMatch(side: Side, value: unknown, time: number): number {
    const { beforeMs, afterMs } = this.#spec
    if (side === rightInput) return time + beforeMs
    return this.#until === undefined ? time + afterMs : Math.max(time, this.#until(value))
  }

  #processLeft(group: number, key: JoinKey, value: unknown, time: number, last: number, due: number): void {
    const { type, beforeMs } = this.#spec
    const matches = this.#matching(key.right.between(time - beforeMs, last), right => this.#where(value, right))
    if (type === 'semi') return this.#processSemi(group, key, value, time, due, matches)
    if (type === 'anti') {
      if (matches.length === 0) key.left.add(time, value, due, false)
      return
    }
    for (const right of matches) this.#pair(value, time, right.value[1], right.value[0])
    if (isKeptAlone(type, rightInput)) for (const right of matches) key.right.markMatched(right)
    key.left.add(time, value, due, matches.length > 0 && isKeptAlone(type, leftInput))
  }

  #processSemi(
    group: number,
    key: JoinKey,
    value: unknown,
    time: number,
    due: number,
    matches: readonly KeptCell[],
  ): void {
    const first = matches.length === 0 ? undefined : matches[0].value[0]
    if (first === undefined) key.left.add(time, value, due, false)
    else if (this.#isFirst(group, time, first)) this.#push(value, Math.max(time, first), undefined)
    else key.left.add(time, value, first, true)
  }

  /** No right record in time can make an earlier pair with the left one. */
  #isFirst(group: number, left: number, right: number): boolean {
    return right <= left || right <= this.#context.watermarks[group]
  }

  #processRight(group: number, key: JoinKey, value: unknown, time: number, due: number): void {
    const { type } = this.#spec
    const matches = this.#matching(this.#leftsAround(key, time), left => this.#where(left, value))
    if (type === 'anti') for (const left of matches) key.left.remove(left)
    else if (type === 'semi') this.#matchSemi(group, key, matches, time)
    else for (const left of matches) this.#pair(left.value[1], left.value[0], value, time)
    if (isKeptAlone(type, leftInput) && type !== 'anti') for (const left of matches) key.left.markMatched(left)
    key.right.add(time, value, due, matches.length > 0 && isKeptAlone(type, rightInput))
  }

  /** Left records in whose bounds a time is. */
  #leftsAround({ left: lefts }: JoinKey, time: number): readonly KeptCell[] {
    const { beforeMs, afterMs } = this.#spec
    const until = this.#until
    if (until === undefined) return lefts.between(time - afterMs, time + beforeMs)
    const begun = lefts.between(Number.NEGATIVE_INFINITY, time + beforeMs)
    return begun.filter(({ value: [at, left] }) => time <= Math.max(at, until(left)))
  }

  #matching(cells: readonly KeptCell[], holds: (value: unknown) => boolean): readonly KeptCell[] {
    return this.#spec.where === undefined ? cells : cells.filter(cell => holds(cell.value[1]))
  }

  #matchSemi(group: number, key: JoinKey, matches: readonly KeptCell[], time: number): void {
    for (const left of matches) {
      const [leftTime, value, due, isMatched] = left.value
      if (this.#isFirst(group, leftTime, time)) {
        key.left.remove(left)
        this.#push(value, Math.max(leftTime, time), undefined)
      } else if (!isMatched || time < due) {
        key.left.bringForward(left, time)
      }
    }
  }

  #pair(left: unknown, leftTime: number, right: unknown, rightTime: number): void {
    this.#push(this.#combine(left, right), Math.max(leftTime, rightTime), undefined)
  }

  /** At the watermark that fires it, which is above the one before. */
  #emitAlone(side: Side, value: unknown, at: number): void {
    const time = Math.min(at, lastEventTime)
    const { type } = this.#spec
    if (type === 'semi' || type === 'anti') return this.#push(value, time, undefined)
    const [left, right] = side === leftInput ? [value, undefined] : [undefined, value]
    this.#push(this.#combineAlone(left, right), time, undefined)
  }

  #settle(group: number, key: JoinKey): void {
    const due = key.earliestDue
    if (due < Number.POSITIVE_INFINITY) this.#timersOf(group).schedule(key, due)
    else this.#state.release(group, key.id, key)
  }

  /** Rebuilt from the records when a group is touched for the first time after a load. */
  #timersOf(group: number): TimerHeap<JoinKey> {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new TimerHeap()
      this.#timers[group] = timers
      for (const key of this.#state.keys(group)) timers.schedule(key, key.earliestDue)
    }
    return timers
  }
}
