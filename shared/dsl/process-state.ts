import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { Key } from '../model/key.ts'
import type {
  Folding,
  FoldingState,
  ListState,
  MapState,
  StateSpec,
  Ttl,
  ValueState,
} from '../operators/process/process-state.ts'

/** How long an entry lives. Without `ttl` until it is cleared, or the input ends. */
export type StateOptions = {
  /** After this long an entry is invisible and is removed: each value of a list, each entry of a map by itself. */
  readonly ttl?: Duration
  /** Whether `ttl` counts event time, from the record that wrote it, or arrival time. Default `event`. */
  readonly by?: Ttl['by']
  /** Whether reading begins the time anew, as writing does. Default `write`. */
  readonly renewOn?: Ttl['renewOn']
}

/** State that a process function declares, and the type of its handle. */
export type Declared<Handle> = { readonly spec: StateSpec; readonly handle?: Handle }
export type Declarations = { readonly [name: string]: Declared<unknown> }
export type HandlesOf<S> = {
  readonly [Name in keyof S]: S[Name] extends Declared<infer Handle> ? NonNullable<Handle> : never
}

/** One value per key. */
export const value = <T>(options: StateOptions = {}): Declared<ValueState<T>> =>
  declared({ kind: 'value', ...ttlOf(options) })

/** Values in the order in which they were added. */
export const list = <T>(options: StateOptions = {}): Declared<ListState<T>> =>
  declared({ kind: 'list', ...ttlOf(options) })

/** Values by a key of their own. */
export const map = <K extends Key, T>(options: StateOptions = {}): Declared<MapState<K, T>> =>
  declared({ kind: 'map', ...ttlOf(options) })

/** One value, folded two by two: `reducing((a: number, b: number) => a + b)`. */
export const reducing = <T>(reduce: (a: T, b: T) => T, options: StateOptions = {}): Declared<FoldingState<T, T>> =>
  declared({ kind: 'reducing', reduce: reduce as (a: unknown, b: unknown) => unknown, ...ttlOf(options) })

/** An accumulator of plain data, and what it comes to. */
export const aggregating = <V, A, R = A>(
  folding: Folding<V, A, R>,
  options: StateOptions = {},
): Declared<FoldingState<V, R>> =>
  declared({ kind: 'aggregating', aggregator: folding as Folding<unknown, unknown, unknown>, ...ttlOf(options) })

const declared = <Handle>(spec: StateSpec): Declared<Handle> => Object.freeze({ spec: Object.freeze(spec) })

function ttlOf({ ttl, by = 'event', renewOn = 'write' }: StateOptions): { readonly ttl?: Ttl } {
  if (ttl === 0) throw new ConfigurationError('Cannot declare state: its ttl is 0, expected a time above')
  return ttl === undefined ? {} : { ttl: { ms: ttl, by, renewOn } }
}
