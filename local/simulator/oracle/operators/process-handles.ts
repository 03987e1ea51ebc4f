import type { StateSpec, StateSpecs } from '../../../../shared/operators/process/process-state.ts'
import { isLowerKey, keyText } from '../keys.ts'

/** A process function looks at what the input does not say. */
export class OpenStateError extends Error {}

export type Handle = { isHeld(): boolean }
export type Handles = { readonly [name: string]: Handle }

/** State of one key in plain variables. What expires by time is not followed. */
export const handlesOf = (specs: StateSpecs): Handles =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, handleOf(spec)]))

/** Of a key group to which nothing was broadcast. */
export const readOnly = (handles: Handles): Handles => handles

function handleOf(spec: StateSpec): Handle {
  if (spec.ttl !== undefined) throw new OpenStateError('keeps state that expires')
  switch (spec.kind) {
    case 'value':
      return new OneValue()
    case 'list':
      return new Values()
    case 'map':
      return new Entries()
    case 'reducing': {
      const reduce = (all: unknown, one: unknown): unknown => (all === undefined ? one : spec.reduce(all, one))
      return new Folded(
        () => undefined,
        reduce,
        all => all,
      )
    }
    case 'aggregating': {
      const { aggregator } = spec
      return new Folded(
        () => aggregator.create(),
        (all, one) => aggregator.add(all, one),
        all => (aggregator.result === undefined ? all : aggregator.result(all)),
      )
    }
  }
}

class OneValue implements Handle {
  #value: unknown

  isHeld = (): boolean => this.#value !== undefined
  get = (): unknown => structuredClone(this.#value)
  set = (value: unknown): void => {
    this.#value = structuredClone(value)
  }
  clear = (): void => this.set(undefined)
  update = (change: (value: unknown) => unknown): unknown => {
    this.set(change(this.get()))
    return this.get()
  }
}

class Values implements Handle {
  #values: unknown[] = []

  isHeld = (): boolean => this.#values.length > 0
  get size(): number {
    return this.#values.length
  }
  get = (): unknown[] => structuredClone(this.#values);
  [Symbol.iterator] = (): Iterator<unknown> => this.get().values()
  add = (...values: unknown[]): void => void this.#values.push(...structuredClone(values))
  shift = (): unknown => this.#values.shift()
  set = (values: Iterable<unknown>): void => {
    this.#values = structuredClone([...values])
  }
  clear = (): void => this.set([])
}

class Entries implements Handle {
  readonly #entries = new Map<string, readonly [key: unknown, value: unknown]>()

  isHeld = (): boolean => this.#entries.size > 0
  get size(): number {
    return this.#entries.size
  }
  get = (key: unknown): unknown => structuredClone(this.#entries.get(keyText(key))?.[1])
  has = (key: unknown): boolean => this.#entries.has(keyText(key))
  set = (key: unknown, value: unknown): void => void this.#entries.set(keyText(key), [key, structuredClone(value)])
  delete = (key: unknown): void => void this.#entries.delete(keyText(key))
  update = (key: unknown, change: (value: unknown) => unknown): unknown => {
    const changed = change(this.get(key))
    if (changed === undefined) this.delete(key)
    else this.set(key, changed)
    return this.get(key)
  }
  entries = (): (readonly [unknown, unknown])[] =>
    structuredClone([...this.#entries.values()]).sort(([a], [b]) => (isLowerKey(a, b) ? -1 : isLowerKey(b, a) ? 1 : 0))
  keys = (): unknown[] => this.entries().map(([key]) => key)
  values = (): unknown[] => this.entries().map(([, value]) => value);
  [Symbol.iterator] = (): Iterator<readonly [unknown, unknown]> => this.entries().values()
  clear = (): void => this.#entries.clear()
}

class Folded implements Handle {
  readonly #create: () => unknown
  readonly #add: (all: unknown, one: unknown) => unknown
  readonly #result: (all: unknown) => unknown
  #all: { readonly value: unknown } | undefined

  constructor(create: () => unknown, add: (all: unknown, one: unknown) => unknown, result: (all: unknown) => unknown) {
    this.#create = create
    this.#add = add
    this.#result = result
  }

  isHeld = (): boolean => this.#all !== undefined
  get = (): unknown => (this.#all === undefined ? undefined : structuredClone(this.#result(this.#all.value)))
  add = (...values: unknown[]): void => {
    for (const one of values) {
      this.#all = { value: this.#add(this.#all === undefined ? this.#create() : this.#all.value, one) }
    }
  }
  clear = (): void => {
    this.#all = undefined
  }
}
