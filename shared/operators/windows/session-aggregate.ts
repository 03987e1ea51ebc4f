import { type KeyRef, keyOf } from '../../model/key.ts'
import { type Cell, KeyedStore } from '../../state/keyed-store.ts'
import type { Store } from '../../state/store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import { closedAt, dueAt, rowTime, type WindowKind } from '../../windows/window.ts'
import type { Aggregator } from '../aggregator.ts'
import type { Emission, OperatorContext, Push, StatefulOperator } from '../operator.ts'

export type SessionAggregateSpec<V, A> = {
  readonly name: string
  readonly aggregator: Aggregator<V, A, unknown>
  readonly gapMs: number
  /** A record exactly one gap after another shares its session. */
  readonly joinsAtGap: boolean
  readonly emission: SessionEmission
  readonly latenessMs: number
}

/** `every` and `complete` are refused when the pipeline is built. */
export type SessionEmission = Extract<Emission, { kind: 'final' | 'updates' }>

/** `[first, last]` are the event times of its records; `out` says that readers have a row of it. */
type Session<A> = { first: number; last: number; accumulator: A; out: boolean }

/**
 * Session windows, per key: `[first, last + gap)`. Rows: `{ key, window, value }`, at the event time of the window's end, or of its
 * last millisecond where a record at the end does not join. Sessions that a record merges into one take their rows back. A session
 * fires when the watermark reaches that, as no record in time may extend it then; it goes when none within the allowed lateness may either.
 */
export class SessionAggregate<V, A> implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: SessionAggregateSpec<V, A>
  readonly #kind: WindowKind
  readonly #sessions: KeyedStore<Session<A>[]>
  readonly #timers: (KeyTimers | undefined)[] = []
  /** Sessions that changed after they fired, or under `updates`: to go out with the commit. */
  readonly #changed = new Map<Session<A>, Cell<Session<A>[]>>()
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #expired: Push | undefined

  constructor(spec: SessionAggregateSpec<V, A>, context: OperatorContext, push: Push, expired: Push | undefined) {
    this.name = spec.name
    this.#spec = spec
    this.#kind = spec.joinsAtGap ? 'session' : 'partingSession'
    this.#context = context
    this.#push = push
    this.#expired = expired
    this.#sessions = new KeyedStore(spec.name)
    this.stores = [this.#sessions]
  }

  process(ref: KeyRef, value: V, time: number): void {
    const { gapMs, latenessMs, aggregator, joinsAtGap } = this.#spec
    const watermark = this.#context.watermarks[ref.group]
    const known = this.#sessions.get(ref.group, ref.id)
    const reach = joinsAtGap ? gapMs : gapMs - 1
    const touched = (known?.value ?? []).filter(other => time <= other.last + reach && time >= other.first - reach)
    const last = Math.max(time, ...touched.map(other => other.last))
    if (closedAt(this.#kind, last + gapMs, latenessMs) <= watermark) {
      this.#context.tallies.expired += this.#context.weight
      this.#expired?.(value, time, undefined)
      return
    }
    if (time <= watermark) this.#context.tallies.late += this.#context.weight
    const cell = known ?? this.#sessions.put(ref.group, ref.id, [])
    const merged = this.#merge(cell, touched, time)
    merged.accumulator = aggregator.add(merged.accumulator, value, time)
    this.#sessions.touch(cell)
    const hasFired = this.#fireAt(merged) <= watermark
    if (hasFired || this.#spec.emission.kind === 'updates') this.#changed.set(merged, cell)
    this.#timersOf(ref.group).schedule(ref.id, hasFired ? this.#goneAt(merged) : this.#fireAt(merged))
  }

  eventTimer(group: number): number {
    return this.#timersOf(group).earliest
  }

  fireEventTimer(group: number): void {
    const timers = this.#timersOf(group)
    const { at, id } = timers.take()
    this.#context.fired(this.name, group, at, id)
    const cell = this.#sessions.get(group, id)
    if (cell === undefined) return
    for (const session of [...cell.value]) {
      if (this.#fireAt(session) === at && !session.out) this.#emit(cell, session)
      if (this.#goneAt(session) > at) continue
      if (this.#changed.has(session)) this.#emit(cell, session)
      cell.value.splice(cell.value.indexOf(session), 1)
      this.#sessions.touch(cell)
    }
    if (cell.value.length === 0) this.#sessions.delete(cell)
    else timers.schedule(id, this.#nextDue(cell.value, at))
  }

  flush(): void {
    for (const [session, cell] of [...this.#changed]) this.#emit(cell, session)
  }

  readonly #endOf = (session: Session<A>): number => session.last + this.#spec.gapMs
  readonly #fireAt = (session: Session<A>): number => dueAt(this.#kind, this.#endOf(session))
  readonly #goneAt = (session: Session<A>): number => closedAt(this.#kind, this.#endOf(session), this.#spec.latenessMs)

  /** One session that holds `time` and everything it touches; rows of sessions that are no more are taken back. */
  #merge(cell: Cell<Session<A>[]>, touched: Session<A>[], time: number): Session<A> {
    const { aggregator } = this.#spec
    const accumulator = touched.length === 0 ? aggregator.create() : touched[0].accumulator
    const merged: Session<A> = { first: time, last: time, accumulator, out: false }
    for (const [i, other] of touched.entries()) {
      if (i > 0) merged.accumulator = aggregator.merge(merged.accumulator, other.accumulator)
      merged.first = Math.min(merged.first, other.first)
      merged.last = Math.max(merged.last, other.last)
    }
    for (const other of touched) {
      const isSame = other.first === merged.first && other.last === merged.last
      if (other.out && isSame) merged.out = true
      else if (other.out) this.#takeBack(cell, other)
      this.#changed.delete(other)
    }
    const rest = cell.value.filter(other => !touched.includes(other))
    cell.value = [...rest, merged].sort((a, b) => a.first - b.first)
    return merged
  }

  #emit(cell: Cell<Session<A>[]>, session: Session<A>): void {
    const key = keyOf(cell.id)
    const window = this.#windowOf(session)
    const value = this.#spec.aggregator.result(session.accumulator)
    this.#push({ key, window, value }, rowTime(this.#kind, window.end), { key, id: cell.id, group: cell.group, window })
    this.#changed.delete(session)
    if (session.out) return
    session.out = true
    this.#sessions.touch(cell)
  }

  #takeBack(cell: Cell<Session<A>[]>, session: Session<A>): void {
    const window = this.#windowOf(session)
    this.#push(undefined, rowTime(this.#kind, window.end), {
      key: keyOf(cell.id),
      id: cell.id,
      group: cell.group,
      window,
    })
  }

  #windowOf(session: Session<A>) {
    return { start: session.first, end: this.#endOf(session) }
  }

  /** Least watermark above `watermark` at which a session fires or goes. */
  #nextDue(sessions: readonly Session<A>[], watermark: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const session of sessions) {
      const fire = this.#fireAt(session)
      next = Math.min(next, fire > watermark ? fire : this.#goneAt(session))
    }
    return next
  }

  #timersOf(group: number): KeyTimers {
    let timers = this.#timers[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      for (const cell of this.#sessions.cells(group)) {
        timers.schedule(cell.id, this.#nextDue(cell.value, this.#context.firedUntil(this.name, group, cell.id)))
      }
      this.#timers[group] = timers
    }
    return timers
  }
}
