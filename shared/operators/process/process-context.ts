import { type Key, keyOf } from '../../model/key.ts'
import { limits } from '../../model/limits.ts'
import type { OperatorContext } from '../operator.ts'
import type { Handle } from './process-handles.ts'
import type { Cursor } from './process-lifetime.ts'
import type { Timer, TimerKind } from './process-timers.ts'

/** What the functions of a process function are given. Good during the call only. */
export interface ProcessContext {
  readonly key: Key
  /** Event time in epoch milliseconds: the record's; in a timer of event time the timer's. */
  readonly time: number
  /** The key group's watermark. A record at or below it is late. */
  readonly watermark: number
  /**
   * In a timer: whether the input has ended. What sets itself again must stop then, as event time goes on to its end.
   */
  readonly isEnding: boolean
  /** When the record that is being processed arrived, from the log, in epoch milliseconds. */
  readonly arrivalTime: number
  readonly state: { readonly [name: string]: Handle }
  readonly broadcast: { readonly [name: string]: Handle }
  readonly timers: Timers
  readonly sides: { readonly [name: string]: (value: unknown) => void }
}

/**
 * Timers of the key: one per time and name, however often it is set; exactly once, whatever crashes. One that is set at or before its
 * time calls `onTimer` right after the function that set it.
 */
export interface Timers {
  /** Calls `onTimer` when the watermark reaches `at`, in epoch milliseconds; results come at that event time. */
  event(at: number, name?: string): void
  /** Calls `onTimer` with the first record or tick that arrives at `at` or later. */
  arrival(at: number, name?: string): void
  /** Takes a timer back; does nothing where there is none. */
  cancel(timer: { readonly kind: TimerKind; readonly at: number; readonly name?: string }): void
}

/** Throws a RangeError for what is no time of the engine's. */
export function timerOf(kind: TimerKind, at: number, name = ''): Timer {
  if (!Number.isSafeInteger(at) || Math.abs(at) > limits.eventTimeMs) {
    throw new RangeError(
      `Cannot set a timer at ${at}: expected whole epoch milliseconds up to ${limits.eventTimeMs}, or onEnd for the end of input`,
    )
  }
  return { kind, at, name }
}

/** One object for all calls: it looks at where the operator stands. */
export class UserContext implements ProcessContext {
  readonly state: ProcessContext['state']
  readonly broadcast: ProcessContext['broadcast']
  readonly timers: Timers
  readonly sides: ProcessContext['sides']
  readonly #cursor: Cursor
  readonly #context: OperatorContext
  readonly #isEnding: () => boolean
  #key: Key | undefined

  constructor(
    cursor: Cursor,
    context: OperatorContext,
    state: { readonly [name: string]: Handle },
    broadcast: { readonly [name: string]: Handle },
    timers: Timers,
    sides: ProcessContext['sides'],
    isEnding: () => boolean,
  ) {
    this.#isEnding = isEnding
    this.#cursor = cursor
    this.#context = context
    this.state = Object.freeze(state)
    this.broadcast = Object.freeze(broadcast)
    this.timers = Object.freeze(timers)
    this.sides = Object.freeze(sides)
  }

  moved(): void {
    this.#key = undefined
  }

  get key(): Key {
    this.#key ??= keyOf(this.#cursor.id)
    return this.#key
  }

  get time(): number {
    return this.#cursor.time
  }

  get watermark(): number {
    return this.#context.watermarks[this.#cursor.group]
  }

  get isEnding(): boolean {
    return this.#isEnding()
  }

  get arrivalTime(): number {
    return this.#context.arrivalMs
  }
}
