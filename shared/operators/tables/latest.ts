import { milliseconds } from '../../model/duration.ts'
import { beginningOfTime } from '../../model/event-time.ts'
import { type KeyRef, keyOf } from '../../model/key.ts'
import type { Loose } from '../../model/loose.ts'
import { KeyedStore } from '../../state/keyed-store.ts'
import type { Store } from '../../state/store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import { tumbling } from '../../windows/window.ts'
import type { OperatorDefinition, OperatorOutputs } from '../definition.ts'
import { EndOfInput, emptied } from '../end-of-input.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'

export type LatestSpec = {
  readonly kind: 'latest'
  /** The newest by event time, of equal times the one that came last; or the one that came last. */
  readonly by: 'eventTime' | 'arrival'
  /** Whether a value says that the row of its key is gone; undefined: none does. */
  readonly isDeleted: Loose<[value: unknown], boolean> | undefined
  /** What of a value the row holds; undefined: the value itself. */
  readonly rowOf: Loose<[value: unknown], unknown> | undefined
  /** Whether a value says nothing; undefined: none does. */
  readonly isIgnored: Loose<[value: unknown], boolean> | undefined
  /** How long after a delete, in event time, older values are known to be older. */
  readonly deletesForMs: number
}

/** `deletesFor` says in words how long deletes are remembered. */
export const latestDefinition = (spec: LatestSpec, deletesFor: string): OperatorDefinition => {
  const { by, isDeleted, deletesForMs } = spec
  const remembersDeletes = by === 'eventTime' && isDeleted !== undefined
  return {
    spec,
    meaning: `latest by ${by}`,
    inputs: ['values'],
    explain: {
      function:
        by === 'eventTime' ? 'latest value by event time, older ones change nothing' : 'latest value by arrival',
      windows: 'so far',
      emits: 'each change',
      lateness: 'none',
      keeps: remembersDeletes
        ? `one value per key, for ever; that a key was deleted, for ${deletesFor} of event time`
        : 'one value per key, for ever',
    },
    watermarks: remembersDeletes
      ? { kind: 'windows', windows: tumbling(milliseconds(Math.max(1, Math.ceil(deletesForMs / 8)))), latenessMs: 0 }
      : { kind: 'none' },
    rows: 'updates',
    sides: [],
    create: (name, context, outputs) => new Latest(name, spec, context, outputs),
  }
}

/** The newest value with its event time; a delete has none. */
type Held = readonly [time: number, value: unknown] | readonly [time: number]

/**
 * A table of a stream: the newest value of each key. Rows: `{ key, value }`, each change at once. By event time an older value changes
 * nothing, whenever it comes; a delete is remembered for a time, so that older values that come after it do not bring the row back.
 */
class Latest implements StatefulOperator {
  readonly name: string
  readonly stores: readonly Store[]
  readonly #spec: LatestSpec
  readonly #rows: KeyedStore<Held>
  readonly #end: EndOfInput
  /** When deletes are forgotten. */
  readonly #forgetting: (KeyTimers | undefined)[] = []
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #isDeleted: (value: unknown) => boolean
  readonly #rowOf: (value: unknown) => unknown
  readonly #isIgnored: (value: unknown) => boolean

  constructor(name: string, spec: LatestSpec, context: OperatorContext, outputs: OperatorOutputs) {
    this.name = name
    this.#spec = spec
    this.#context = context
    this.#push = outputs.push
    this.#rows = new KeyedStore(name)
    this.#end = new EndOfInput(emptied(this.#rows))
    this.#isDeleted = spec.isDeleted === undefined ? never : wrapped(name, spec.isDeleted)
    this.#rowOf = spec.rowOf === undefined ? itself : wrapped(name, spec.rowOf)
    this.#isIgnored = spec.isIgnored === undefined ? never : wrapped(name, spec.isIgnored)
    this.stores = [this.#rows]
  }

  process(ref: KeyRef, value: unknown, time: number): void {
    const { group, id } = ref
    if (time <= this.#context.watermarks[group]) this.#context.tallies.late += this.#context.weight
    if (this.#isIgnored(value)) return
    const held = this.#rows.get(group, id)
    const isByTime = this.#spec.by === 'eventTime'
    if (isByTime && held !== undefined && time < held.value[0]) return
    const key = keyOf(id)
    const origin = { key, id, group }
    if (!this.#isDeleted(value)) {
      const row = this.#rowOf(value)
      this.#rows.put(group, id, [isByTime ? time : beginningOfTime, row])
      this.#push({ key, value: row }, time, origin)
      return
    }
    const wasThere = held !== undefined && held.value.length === 2
    if (isByTime && time + this.#spec.deletesForMs > this.#context.watermarks[group]) {
      this.#rows.put(group, id, [time])
      this.#forgettingOf(group).schedule(id, time + this.#spec.deletesForMs)
    } else if (held !== undefined) {
      this.#rows.delete(held)
    }
    if (wasThere) this.#push(undefined, time, origin)
  }

  eventTimer(group: number): number {
    return Math.min(this.#forgettingOf(group).earliest, this.#end.timer(group))
  }

  fireEventTimer(group: number): void {
    const timers = this.#forgettingOf(group)
    if (timers.size === 0 || timers.earliest > this.#end.timer(group)) return this.#end.fire(group)
    const { at, id } = timers.take()
    this.#context.fired(this.name, group, at, id)
    const held = this.#rows.get(group, id)
    if (held === undefined || held.value.length === 2) return
    const due = held.value[0] + this.#spec.deletesForMs
    if (due <= at) this.#rows.delete(held)
    else timers.schedule(id, due)
  }

  #forgettingOf(group: number): KeyTimers {
    let timers = this.#forgetting[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      for (const { id, value } of this.#rows.cells(group)) {
        if (value.length === 1) timers.schedule(id, value[0] + this.#spec.deletesForMs)
      }
      this.#forgetting[group] = timers
    }
    return timers
  }
}

const never = (): boolean => false
const itself = (value: unknown): unknown => value
