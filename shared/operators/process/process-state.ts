import type { Frozen } from '../../state/frozen.ts'

/**
 * How long an entry of state lives (Flink: StateTtlConfig). What has expired is invisible at once, and removed when the watermark, or
 * arrival time, reaches its end.
 */
export type Ttl = {
  readonly ms: number
  /** By event time, or by the arrival times of the log. */
  readonly by: 'event' | 'arrival'
  /** What begins the time anew: writes, or reads too. */
  readonly renewOn: 'write' | 'read'
}

/** What a process function keeps per key, by the names that it gives. Plain data and the user's functions. */
export type StateSpec =
  | { readonly kind: 'value'; readonly ttl?: Ttl }
  | { readonly kind: 'list'; readonly ttl?: Ttl }
  | { readonly kind: 'map'; readonly ttl?: Ttl }
  | { readonly kind: 'reducing'; readonly ttl?: Ttl; reduce(a: unknown, b: unknown): unknown }
  | {
      readonly kind: 'aggregating'
      readonly ttl?: Ttl
      readonly aggregator: Folding<unknown, unknown, unknown>
    }

/** A fold with an accumulator of plain data, which `add` may change in place. */
export type Folding<V, A, R> = {
  create(): A
  add(accumulator: A, value: V): A
  /** Default: the accumulator itself. */
  result?(accumulator: A): R
}

export type StateSpecs = { readonly [name: string]: StateSpec }

/** One value. */
export interface ValueState<T> {
  get(): Frozen<T> | undefined
  set(value: Frozen<T>): void
  /** Puts what `change` makes of the value and answers it; undefined clears. */
  update<R extends Frozen<T> | undefined>(change: (value: Frozen<T> | undefined) => R): R
  clear(): void
}

/** Values in the order in which they were added. An addition writes what is new only. */
export interface ListState<T> extends Iterable<Frozen<T>> {
  readonly size: number
  get(): readonly Frozen<T>[]
  add(...values: readonly Frozen<T>[]): void
  /** Takes the oldest out. */
  shift(): Frozen<T> | undefined
  /** These values instead. */
  set(values: Iterable<Frozen<T>>): void
  clear(): void
}

/** Values by key. A change writes the entry that changes only. Iterates in the order of the keys: numbers by value, texts by code unit. */
export interface MapState<K, T> extends Iterable<readonly [K, Frozen<T>]> {
  readonly size: number
  get(key: K): Frozen<T> | undefined
  has(key: K): boolean
  set(key: K, value: Frozen<T>): void
  /** Puts what `change` makes of the entry and answers it; undefined deletes it. */
  update<R extends Frozen<T> | undefined>(key: K, change: (value: Frozen<T> | undefined) => R): R
  delete(key: K): void
  entries(): readonly (readonly [K, Frozen<T>])[]
  keys(): readonly K[]
  values(): readonly Frozen<T>[]
  clear(): void
}

/** One value, folded from those that were added. */
export interface FoldingState<T, R> {
  get(): Frozen<R> | undefined
  add(...values: readonly T[]): void
  clear(): void
}

/** Broadcast state as `onRecord` sees it. */
export type ReadOnly<Handle> =
  Handle extends MapState<infer K, infer T>
    ? Omit<MapState<K, T>, 'set' | 'update' | 'delete' | 'clear'>
    : Handle extends ListState<infer T>
      ? Omit<ListState<T>, 'add' | 'shift' | 'set' | 'clear'>
      : Handle extends ValueState<infer T>
        ? Pick<ValueState<T>, 'get'>
        : Handle extends FoldingState<infer T, infer R>
          ? Pick<FoldingState<T, R>, 'get'>
          : never

/** What state means: part of the stage's shape. */
export const stateMeaning = ({ kind, ttl }: StateSpec): string =>
  ttl === undefined ? `state, a ${kind}` : `state, a ${kind} that expires by ${ttl.by} time`
