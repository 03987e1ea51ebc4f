import { endOfTime, lastEventTime } from '../../model/event-time.ts'
import type { KeyRef } from '../../model/key.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'
import { type ProcessContext, type Timers, timerOf, UserContext } from './process-context.ts'
import { handlesOf } from './process-handles.ts'
import type { Cursor, Lifetime } from './process-lifetime.ts'
import { type StateSpecs, stateMeaning } from './process-state.ts'
import type { KeptState } from './process-stores.ts'
import { ProcessTimers, type Timer } from './process-timers.ts'

/** What a function of the user gives: any number of results, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing gives void
export type Emitted = Iterable<unknown> | undefined | void

/** A function per record with state and timers of its key (Flink: KeyedProcessFunction, and KeyedBroadcastProcessFunction; Beam: stateful DoFn). */
export type ProcessSpec = {
  readonly kind: 'process'
  readonly state: StateSpecs
  /** Kept once per key group, and written by `onBroadcast` only. */
  readonly broadcastState: StateSpecs
  readonly sides: readonly string[]
  onRecord(context: ProcessContext, value: unknown): Emitted
  onTimer?(context: ProcessContext, timer: Timer): Emitted
  /** At the end of input, for each key that has state or timers left, after its timers of event time. */
  onEnd?(context: ProcessContext): Emitted
  /** Takes the second input. */
  onBroadcast?(context: ProcessContext, value: unknown): void
}

/** The id of a key group's own state. No key has it. */
const groupId = ''

/** What a timer may set off that is due at once, before it counts as a loop. */
const mostAtOnce = 1_000

export function processDefinition(spec: ProcessSpec, silentMs: number): OperatorDefinition {
  const isBroadcast = spec.onBroadcast !== undefined
  const states = Object.entries({ ...spec.broadcastState, ...spec.state })
  const kept = states.map(
    ([name, { kind, ttl }]) => `${kind} "${name}"${ttl === undefined ? '' : `, at most ${ttl.ms} ms`}`,
  )
  return {
    spec,
    meaning: 'process function',
    states: Object.fromEntries(states.map(([name, state]) => [name, stateMeaning(state)])),
    inputs: isBroadcast ? ['records', 'broadcast'] : ['records'],
    explain: {
      function: isBroadcast ? 'process function with broadcast state' : 'process function',
      windows: 'record by record',
      emits: 'what its functions give',
      lateness: 'ever',
      keeps: kept.length === 0 ? 'timers per key' : `per key ${kept.join(', ')}, and timers`,
    },
    watermarks: { kind: 'any', silentMs },
    rows: 'none',
    sides: spec.sides,
    create: (name, context, outputs) => new ProcessFunction(name, spec, context, outputs),
  }
}

/**
 * Runs the user's functions. What they give goes out when they have returned; what they throw leaves no trace, as the run is thrown away.
 *
 * Timers due at or before the watermark never wait: they are called by the record or timer that set them. So whatever is stored is
 * above the watermark, and fires in the order of time.
 */
export class ProcessFunction implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: ProcessSpec
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #cursor: Cursor = { group: 0, id: '', time: 0 }
  readonly #groupCursor: Cursor = { group: 0, id: groupId, time: 0 }
  readonly #kept: readonly KeptState[]
  readonly #groupKept: readonly KeptState[]
  readonly #byEvent: readonly Lifetime[]
  readonly #byArrival: readonly Lifetime[]
  readonly #timers: ProcessTimers
  readonly #user: UserContext
  /** Of the call that runs: what it has put to side outputs, and set that is due at once. */
  readonly #toSides: (readonly [Push, unknown])[] = []
  readonly #atOnce: Timer[] = []
  /** Event time that has been reached for the call that runs: the watermark, or the timer's time. */
  #reached = 0
  #isInTimer = false
  /** Keys of a group that are still to end, last first. */
  readonly #ending: (string[] | undefined)[] = []
  readonly #onRecord: (context: ProcessContext, value: unknown) => readonly unknown[]
  readonly #onTimer: (context: ProcessContext, timer: Timer) => readonly unknown[]
  readonly #onEnd: (context: ProcessContext) => readonly unknown[]
  readonly #onBroadcast: (context: ProcessContext, value: unknown) => void

  constructor(name: string, spec: ProcessSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#spec = spec
    this.#context = context
    this.#push = outputs.push
    const own = handlesOf(name, spec.state, context, this.#cursor)
    const shared = handlesOf(name, spec.broadcastState, context, this.#groupCursor)
    this.#kept = own.kept
    this.#groupKept = shared.kept
    const lifetimes = [...own.kept, ...shared.kept].flatMap(({ lifetime }) => lifetime ?? [])
    this.#byEvent = lifetimes.filter(({ ttl }) => ttl.by === 'event')
    this.#byArrival = lifetimes.filter(({ ttl }) => ttl.by === 'arrival')
    this.#timers = new ProcessTimers(name)
    this.stores = [...own.kept, ...shared.kept].map(({ store }) => store).concat(this.#timers.store)
    const sides = Object.fromEntries(
      spec.sides.map(side => {
        const push = outputs.side(side)
        return [side, (value: unknown) => void this.#toSides.push([push, value])]
      }),
    )
    const timers = { event: this.#setEvent, arrival: this.#setArrival, cancel: this.#cancel }
    const isEnding = () => this.#isInTimer && context.reaching === endOfTime
    this.#user = new UserContext(this.#cursor, context, own.handles, shared.handles, timers, sides, isEnding)
    this.#onRecord = wrapped(name, (user, value) => listOf(spec.onRecord(user, value)))
    this.#onTimer = wrapped(name, (user, timer) => listOf(spec.onTimer?.(user, timer)))
    this.#onEnd = wrapped(name, user => listOf(spec.onEnd?.(user)))
    this.#onBroadcast = wrapped(name, (user, value) => spec.onBroadcast?.(user, value))
  }

  process({ group, id }: KeyRef, value: unknown, time: number, input: number): void {
    const watermark = this.#context.watermarks[group]
    if (time <= watermark) this.#context.tallies.late += this.#context.weight
    this.#moveTo(group, id, time)
    this.#reached = watermark
    this.#isInTimer = false
    if (input === 0) this.#call(time, () => this.#onRecord(this.#user, value))
    else this.#onBroadcast(this.#user, value)
  }

  eventTimer(group: number): number {
    let at = this.#timers.earliest(group, 'event')
    for (const lifetime of this.#byEvent) at = Math.min(at, lifetime.earliest(group))
    return at < endOfTime ? at : this.#isEmpty(group) ? Number.POSITIVE_INFINITY : endOfTime
  }

  fireEventTimer(group: number): void {
    const at = this.eventTimer(group)
    this.#isInTimer = true
    if (at === endOfTime) return this.#end(group)
    this.#reached = at
    for (const lifetime of this.#byEvent) {
      if (lifetime.earliest(group) !== at) continue
      this.#context.fired(this.name, group, at, '')
      lifetime.dropEarliest(group)
      return
    }
    const timer = this.#timers.take(group, 'event')
    this.#context.fired(this.name, group, at, timer.id)
    this.#fire(group, timer.id, at, timer)
  }

  arrivalTimer(group: number): number {
    let at = this.#timers.earliest(group, 'arrival')
    for (const lifetime of this.#byArrival) at = Math.min(at, lifetime.earliest(group))
    return at
  }

  fireArrivalTimer(group: number): void {
    const at = this.arrivalTimer(group)
    for (const lifetime of this.#byArrival) {
      if (lifetime.earliest(group) === at) return lifetime.dropEarliest(group)
    }
    const watermark = this.#context.watermarks[group]
    const timer = this.#timers.take(group, 'arrival')
    this.#isInTimer = false
    this.#reached = watermark
    this.#fire(group, timer.id, Math.min(Math.max(timer.time, watermark + 1), lastEventTime), timer)
  }

  #fire(group: number, id: string, time: number, { kind, at, name }: Timer): void {
    // A timer that failed for good is let go: it is as if nobody had listened.
    if (this.#context.isDiscarding) return
    this.#moveTo(group, id, time)
    this.#call(time, () => this.#onTimer(this.#user, { kind, at, name }))
  }

  /** Calls a function of the user, and those of the timers that it sets and that are due at once. */
  #call(time: number, call: () => readonly unknown[]): void {
    this.#toSides.length = 0
    this.#atOnce.length = 0
    this.#out(call(), time)
    for (let count = 0; this.#atOnce.length > 0; count++) {
      if (count === mostAtOnce) this.#refuseLoop()
      this.#atOnce.sort(byTime)
      const timer = this.#atOnce.shift()
      if (timer !== undefined) this.#out(this.#onTimer(this.#user, timer), time)
    }
  }

  #out(results: readonly unknown[], time: number): void {
    for (const result of results) this.#push(result, time, undefined)
    for (const [push, value] of this.#toSides.splice(0)) push(value, time, undefined)
  }

  readonly #setEvent: Timers['event'] = (at, name) => this.#set(timerOf('event', at, name), this.#reached)

  readonly #setArrival: Timers['arrival'] = (at, name) =>
    this.#set(timerOf('arrival', at, name), this.#context.arrivalMs)

  #set(timer: Timer, now: number): void {
    const { group, id, time } = this.#cursor
    if (id === groupId) throw new TypeError('Cannot set a timer in onBroadcast: timers belong to a key')
    if (timer.at > now) this.#timers.set(group, id, timer, time)
    else if (!this.#atOnce.some(other => isSame(other, timer))) this.#atOnce.push(timer)
  }

  readonly #cancel: Timers['cancel'] = ({ kind, at, name }) => {
    const timer = timerOf(kind, at, name)
    const waiting = this.#atOnce.findIndex(other => isSame(other, timer))
    if (waiting >= 0) this.#atOnce.splice(waiting, 1)
    this.#timers.cancel(this.#cursor.group, this.#cursor.id, timer)
  }

  #refuseLoop(): never {
    wrapped(this.name, () => {
      throw new RangeError(`Cannot fire ${mostAtOnce} timers at once: onTimer sets timers that are always due`)
    })()
    throw new Error('unreachable')
  }

  #moveTo(group: number, id: string, time: number): void {
    this.#cursor.group = group
    this.#cursor.id = id
    this.#cursor.time = time
    this.#groupCursor.group = group
    this.#groupCursor.time = time
    this.#user.moved()
  }

  #isEmpty(group: number): boolean {
    return (
      this.#timers.store.size(group) === 0 &&
      this.#kept.every(state => state.isEmpty(group)) &&
      this.#groupKept.every(state => state.isEmpty(group))
    )
  }

  /** The end of input, key by key, and at last what was broadcast. */
  #end(group: number): void {
    const ending = this.#ending[group]?.length ? this.#ending[group] : this.#keysOf(group)
    this.#ending[group] = ending
    this.#reached = endOfTime
    const id = ending.pop()
    this.#context.fired(this.name, group, endOfTime, id ?? groupId)
    this.#moveTo(group, id ?? groupId, lastEventTime)
    if (id === undefined) {
      for (const state of this.#groupKept) state.clear()
      return
    }
    if (!this.#context.isDiscarding && this.#spec.onEnd !== undefined) {
      this.#toSides.length = 0
      this.#out(this.#onEnd(this.#user), lastEventTime)
    }
    this.#timers.clear(group, id)
    for (const state of this.#kept) state.clear()
  }

  /** Greatest first. */
  #keysOf(group: number): string[] {
    const ids = new Set([...this.#timers.store.owners(group)].map(({ id }) => id))
    for (const state of this.#kept) for (const id of state.keys(group)) ids.add(id)
    return [...ids].sort((a, b) => (a < b ? 1 : -1))
  }
}

/** Generators run here, inside the call. */
function listOf(emitted: Emitted): readonly unknown[] {
  if (emitted === undefined || emitted === null) return []
  return Array.isArray(emitted) ? emitted : [...emitted]
}

const isSame = (a: Timer, b: Timer): boolean => a.kind === b.kind && a.at === b.at && a.name === b.name

const byTime = (a: Timer, b: Timer): number =>
  a.at - b.at ||
  (a.kind === b.kind ? 0 : a.kind === 'event' ? -1 : 1) ||
  (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
