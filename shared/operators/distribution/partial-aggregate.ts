import { type Key, type KeyRef, keyOf } from '../../model/key.ts'
import type { Loose } from '../../model/loose.ts'
import type { Aggregator } from '../aggregator.ts'
import type { OperatorDefinition } from '../definition.ts'
import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { wrapped } from '../user-function.ts'

/**
 * The first half of an aggregate whose keys are spread: per part of a key, the accumulator of what one commit has seen, which the second
 * half merges.
 */
export type PartialAggregateSpec = {
  readonly kind: 'partialAggregate'
  readonly aggregator: Aggregator<unknown, unknown, unknown>
  /** What the aggregate takes of a value. */
  readonly lift: Loose<[value: unknown], unknown>
  /** Slices of event time that no window cuts; undefined where the aggregate has no windows. */
  readonly slices: { readonly sizeMs: number; readonly offsetMs: number } | undefined
}

/** What goes from the first half to the second. */
export type PartOfKey = { readonly key: Key; readonly part: unknown }

export function partialAggregateDefinition(options: Omit<PartialAggregateSpec, 'kind'>): OperatorDefinition {
  const spec: PartialAggregateSpec = { kind: 'partialAggregate', ...options }
  return {
    spec,
    meaning: 'partial aggregate',
    inputs: ['values'],
    explain: {
      function: 'partial aggregate',
      windows: 'commit by commit',
      emits: 'accumulators',
      lateness: 'ever',
      keeps: 'nothing',
    },
    watermarks: { kind: 'none' },
    rows: 'none',
    sides: [],
    create: (name, context, outputs) => new PartialAggregate(name, spec, context, outputs.push),
  }
}

type Part = { readonly key: Key; accumulator: unknown; time: number }

/** Keeps nothing from one commit to the next: what was seen goes out with the commit. */
export class PartialAggregate implements StatefulOperator {
  readonly name: string
  readonly stores = []
  readonly #spec: PartialAggregateSpec
  readonly #context: OperatorContext
  readonly #push: Push
  readonly #parts = new Map<string, Part>()
  readonly #add: (part: Part | undefined, value: unknown, time: number) => unknown

  constructor(name: string, spec: PartialAggregateSpec, context: OperatorContext, push: Push) {
    const { aggregator, lift } = spec
    this.name = name
    this.#spec = spec
    this.#context = context
    this.#push = push
    this.#add = wrapped(name, (part, value, time) => {
      const lifted = lift(value)
      return aggregator.add(part === undefined ? aggregator.create() : part.accumulator, lifted, time)
    })
  }

  process({ group, id }: KeyRef, value: unknown, time: number): void {
    if (time <= this.#context.watermarks[group]) this.#context.tallies.late += this.#context.weight
    const place = `${this.#sliceOf(time)}/${id}`
    const part = this.#parts.get(place)
    const accumulator = this.#add(part, value, time)
    if (part === undefined) {
      this.#parts.set(place, { key: wholeKey(id), accumulator, time })
    } else {
      part.accumulator = accumulator
      part.time = Math.max(part.time, time)
    }
  }

  flush(): void {
    for (const { key, accumulator, time } of this.#parts.values()) {
      const message: PartOfKey = { key, part: accumulator }
      this.#push(message, time, undefined)
    }
    this.#parts.clear()
  }

  #sliceOf(time: number): number {
    const { slices } = this.#spec
    return slices === undefined ? 0 : Math.floor((time - slices.offsetMs) / slices.sizeMs)
  }
}

/** The key of which this is a part: parts are keyed by the key and their number. */
function wholeKey(id: string): Key {
  const key = keyOf(id)
  if (!isPair(key)) throw new Error(`Cannot take a part of a key: "${id}" is no key and number`)
  return key[0]
}

const isPair = (key: Key): key is readonly [Key, Key] => Array.isArray(key) && key.length === 2
