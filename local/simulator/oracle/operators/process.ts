import type { Emitted, ProcessSpec } from '../../../../shared/operators/process/process-function.ts'
import type { Message } from '../arrivals.ts'
import { attemptNamed, UserFailure } from '../chain.ts'
import { textOf } from '../text.ts'
import { latestEventTimeMs } from '../windows.ts'
import { type EvaluateOperator, type OperatorItem, open } from './operator-result.ts'
import { type Handles, handlesOf, OpenStateError, readOnly } from './process-handles.ts'
import { specOf } from './spec.ts'

type Outcome = { readonly items: readonly OperatorItem[]; readonly sides: ReadonlyMap<string, readonly OperatorItem[]> }

/**
 * A process function is run on the messages of each key in several orders that may all happen: by event time, with timers in between as
 * the watermark passes, and all messages before the first timer, in different orders; what is broadcast among them, before or after. What
 * comes out the same each time is what is expected; what does not, or asks for arrival times and the watermark, is open.
 */
export const evaluateProcess: EvaluateOperator = (node, [messages, broadcast = []]) => {
  const spec = specOf<ProcessSpec>(node, 'process')
  const inTime = (own: readonly Message[]): readonly Message[] => own.toSorted((a, b) => a.time - b.time)
  const told = new Set(broadcast)
  const toldFirst = (a: Message, b: Message): number => Number(told.has(b)) - Number(told.has(a))
  const orders: readonly [orderOf: (own: readonly Message[]) => readonly Message[], isInTime: boolean][] = [
    [inTime, true],
    [inTime, false],
    [own => inTime(own).toSorted(toldFirst), false],
    [own => inTime(own).toSorted((a, b) => toldFirst(b, a)), false],
    [own => own.toReversed(), false],
    [own => own.toSorted((a, b) => ((a.time * 7) % 13) - ((b.time * 7) % 13)), false],
  ]
  try {
    const outcomes = orders.map(([orderOf, isInTime]) =>
      outcomeOf(node.name, spec, [messages, broadcast], orderOf, isInTime),
    )
    const texts = new Set(outcomes.map(outcomeText))
    if (texts.size > 1) return open(`what "${node.name}" gives depends on the order of records`)
    return { kind: 'items', ...outcomes[0] }
  } catch (thrown) {
    if (thrown instanceof OpenStateError) return open(`"${node.name}" ${thrown.message}`)
    if (thrown instanceof UserFailure && thrown.cause instanceof OpenStateError) {
      return open(`"${node.name}" ${thrown.cause.message}`)
    }
    throw thrown
  }
}

function outcomeOf(
  name: string,
  spec: ProcessSpec,
  [messages, broadcast]: readonly [readonly Message[], readonly Message[]],
  orderOf: (own: readonly Message[]) => readonly Message[],
  isInTime: boolean,
): Outcome {
  const items: OperatorItem[] = []
  const sides = new Map<string, OperatorItem[]>(spec.sides.map(side => [side, []]))
  const told = new Set(broadcast)
  for (const own of Map.groupBy(messages, message => message.keyText).values()) {
    const key = new KeyRun(name, spec, own[0].key, items, sides)
    for (const message of orderOf([...own, ...broadcast])) {
      if (isInTime) key.passTo(message.time - 1)
      if (told.has(message)) key.broadcast(message)
      else key.record(message)
    }
    key.passTo(Number.POSITIVE_INFINITY)
    key.end()
  }
  return { items, sides }
}

type EventTimer = { readonly kind: 'event'; readonly at: number; readonly name: string }

/** All that happens to one key. */
class KeyRun {
  readonly #name: string
  readonly #spec: ProcessSpec
  readonly #key: unknown
  readonly #items: OperatorItem[]
  readonly #sides: ReadonlyMap<string, OperatorItem[]>
  readonly #handles: Handles
  readonly #broadcast: Handles
  #timers: EventTimer[] = []
  /** Event time that has been reached. */
  #reached = Number.NEGATIVE_INFINITY

  constructor(
    name: string,
    spec: ProcessSpec,
    key: unknown,
    items: OperatorItem[],
    sides: ReadonlyMap<string, OperatorItem[]>,
  ) {
    this.#name = name
    this.#spec = spec
    this.#key = key
    this.#items = items
    this.#sides = sides
    this.#handles = handlesOf(spec.state)
    this.#broadcast = handlesOf(spec.broadcastState)
  }

  record({ value, time }: Message): void {
    this.#call(time, context => this.#spec.onRecord(context, value))
  }

  broadcast({ value, time }: Message): void {
    const context = {
      time,
      broadcast: this.#broadcast,
      get watermark(): number {
        throw new OpenStateError('asks for the watermark')
      },
      get arrivalTime(): number {
        throw new OpenStateError('asks for arrival times')
      },
    }
    attemptNamed(this.#name, () => this.#spec.onBroadcast?.(context as never, value))
  }

  /** Everything due up to `watermark` happens. */
  passTo(watermark: number): void {
    for (;;) {
      const next = this.#timers.toSorted(byTime).at(0)
      if (next === undefined || next.at > watermark) break
      this.#timers = this.#timers.filter(other => other !== next)
      this.#reached = next.at
      this.#call(next.at, context => this.#spec.onTimer?.(context, next))
    }
    this.#reached = Math.max(this.#reached, watermark)
  }

  end(): void {
    const { onEnd } = this.#spec
    const isHeld = Object.values(this.#handles).some(handle => handle.isHeld())
    if (onEnd !== undefined && isHeld) this.#call(latestEventTimeMs, context => onEnd.call(this.#spec, context))
  }

  #call(time: number, run: (context: Parameters<ProcessSpec['onRecord']>[0]) => Emitted): void {
    const toSides: [name: string, value: unknown][] = []
    const atOnce: EventTimer[] = []
    const context = {
      key: this.#key,
      time,
      get watermark(): number {
        throw new OpenStateError('asks for the watermark')
      },
      get arrivalTime(): number {
        throw new OpenStateError('asks for arrival times')
      },
      state: this.#handles,
      broadcast: readOnly(this.#broadcast),
      sides: Object.fromEntries(
        this.#spec.sides.map(side => [side, (value: unknown) => void toSides.push([side, value])]),
      ),
      timers: {
        event: (at: number, name = '') => this.#set({ kind: 'event', at, name }, atOnce),
        arrival: () => {
          throw new OpenStateError('sets timers of arrival time')
        },
        cancel: ({ at, name = '' }: { readonly at: number; readonly name?: string }) => {
          this.#timers = this.#timers.filter(timer => timer.at !== at || timer.name !== name)
          const waiting = atOnce.findIndex(timer => timer.at === at && timer.name === name)
          if (waiting >= 0) atOnce.splice(waiting, 1)
        },
      },
    }
    const given = attemptNamed(this.#name, () => [...(run(context as never) ?? [])])
    for (const value of given) this.#items.push({ value, time })
    for (const [side, value] of toSides) this.#sides.get(side)?.push({ value, time })
    for (const timer of atOnce.toSorted(byTime)) this.#call(time, at => this.#spec.onTimer?.(at, timer))
  }

  #set(timer: EventTimer, atOnce: EventTimer[]): void {
    const isSame = (other: EventTimer): boolean => other.at === timer.at && other.name === timer.name
    const list = timer.at > this.#reached ? this.#timers : atOnce
    if (!list.some(isSame)) list.push(timer)
  }
}

const byTime = (a: EventTimer, b: EventTimer): number => a.at - b.at || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** The same for outcomes of the same items, in any order. */
function outcomeText({ items, sides }: Outcome): string {
  const sorted = (list: readonly OperatorItem[]): string[] =>
    list.map(({ value, time }) => textOf([value, time])).sort()
  return textOf([sorted(items), [...sides].map(([name, list]) => [name, sorted(list)])])
}
