import { type Key, keyId, keyOf } from '../../model/key.ts'
import { compareKeys } from '../../model/key-order.ts'
import { nameAfter } from '../../state/counted-name.ts'
import { frozen } from '../../state/frozen.ts'
import type { OperatorContext } from '../operator.ts'
import type { Cursor } from './process-lifetime.ts'
import type { FoldingState, ListState, MapState, StateSpec, StateSpecs, ValueState } from './process-state.ts'
import { type KeptState, ManyState, SingleState } from './process-stores.ts'

export type Handle = ValueState<unknown> | ListState<unknown> | MapState<Key, unknown> | FoldingState<unknown, unknown>

/** The handles of what an operator declares, all on one cursor, and what is behind them. */
export function handlesOf(
  operator: string,
  specs: StateSpecs,
  context: OperatorContext,
  cursor: Cursor,
): { readonly handles: { readonly [name: string]: Handle }; readonly kept: readonly KeptState[] } {
  const kept: KeptState[] = []
  const handles: Record<string, Handle> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const store = `${operator}.${name}`
    if (spec.kind === 'list' || spec.kind === 'map') {
      const entries = new ManyState(store, spec.ttl, context, cursor)
      kept.push(entries)
      handles[name] = spec.kind === 'list' ? new ListHandle(entries) : new MapHandle(entries)
    } else {
      const single = new SingleState(store, spec.ttl, context, cursor)
      kept.push(single)
      handles[name] = spec.kind === 'value' ? new ValueHandle(single) : new FoldingHandle(single, foldOf(spec))
    }
  }
  return { handles, kept }
}

class ValueHandle implements ValueState<unknown> {
  readonly #state: SingleState

  constructor(state: SingleState) {
    this.#state = state
  }

  get(): unknown {
    const value = this.#state.read()
    return value === undefined ? undefined : frozen(value)
  }

  set(value: unknown): void {
    this.#state.write(frozen(value))
  }

  update<R>(change: (value: unknown) => R): R {
    const value = change(this.get())
    if (value === undefined) this.clear()
    else this.set(value)
    return value
  }

  clear(): void {
    this.#state.clear()
  }
}

/** Entries are named by a number that counts up, in a text that sorts like it. */
class ListHandle implements ListState<unknown> {
  readonly #state: ManyState

  constructor(state: ManyState) {
    this.#state = state
  }

  get size(): number {
    return this.#state.size
  }

  get(): readonly unknown[] {
    return Array.from(this.#state.entries(), ([, value]) => frozen(value))
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.get()[Symbol.iterator]()
  }

  add(...values: readonly unknown[]): void {
    for (const value of values) this.#state.write(nameAfter(this.#state.last), frozen(value))
  }

  shift(): unknown {
    for (const [sub, value] of this.#state.entries()) {
      this.#state.delete(sub)
      return frozen(value)
    }
    return undefined
  }

  set(values: Iterable<unknown>): void {
    const all = [...values]
    this.clear()
    this.add(...all)
  }

  clear(): void {
    this.#state.clear()
  }
}

class MapHandle implements MapState<Key, unknown> {
  readonly #state: ManyState

  constructor(state: ManyState) {
    this.#state = state
  }

  get size(): number {
    return this.#state.size
  }

  get(key: Key): unknown {
    const value = this.#state.read(keyId(key))
    return value === undefined ? undefined : frozen(value)
  }

  has(key: Key): boolean {
    return this.#state.read(keyId(key)) !== undefined
  }

  set(key: Key, value: unknown): void {
    this.#state.write(keyId(key), frozen(value))
  }

  update<R>(key: Key, change: (value: unknown) => R): R {
    const value = change(this.get(key))
    if (value === undefined) this.delete(key)
    else this.set(key, value)
    return value
  }

  delete(key: Key): void {
    this.#state.delete(keyId(key))
  }

  entries(): readonly (readonly [Key, unknown])[] {
    const entries = Array.from(this.#state.entries(), ([id, value]) => [keyOf(id), frozen(value)] as const)
    return entries.sort(([a], [b]) => compareKeys(a, b))
  }

  keys(): readonly Key[] {
    return this.entries().map(([key]) => key)
  }

  values(): readonly unknown[] {
    return this.entries().map(([, value]) => value)
  }

  [Symbol.iterator](): Iterator<readonly [Key, unknown]> {
    return this.entries()[Symbol.iterator]()
  }

  clear(): void {
    this.#state.clear()
  }
}

type Fold = {
  /** The accumulator with a value in it, or of one alone. */
  add(accumulator: unknown, value: unknown): unknown
  result(accumulator: unknown): unknown
}

function foldOf(spec: Extract<StateSpec, { kind: 'reducing' | 'aggregating' }>): Fold {
  if (spec.kind === 'reducing') {
    return {
      add: (accumulator, value) => frozen(accumulator === undefined ? value : spec.reduce(accumulator, value)),
      result: frozen,
    }
  }
  const { aggregator } = spec
  return {
    add: (accumulator, value) => aggregator.add(accumulator === undefined ? aggregator.create() : accumulator, value),
    // The accumulator may be changed in place by the next addition: nothing of it is given out.
    result: accumulator => frozen(structuredClone(aggregator.result?.(accumulator) ?? accumulator)),
  }
}

class FoldingHandle implements FoldingState<unknown, unknown> {
  readonly #state: SingleState
  readonly #fold: Fold

  constructor(state: SingleState, fold: Fold) {
    this.#state = state
    this.#fold = fold
  }

  get(): unknown {
    const accumulator = this.#state.read()
    return accumulator === undefined ? undefined : this.#fold.result(accumulator)
  }

  add(...values: readonly unknown[]): void {
    if (values.length === 0) return
    let accumulator = this.#state.read()
    for (const value of values) accumulator = this.#fold.add(accumulator, value)
    this.#state.write(accumulator)
  }

  clear(): void {
    this.#state.clear()
  }
}
