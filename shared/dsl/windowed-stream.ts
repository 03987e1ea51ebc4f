import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { Key } from '../model/key.ts'
import { counting, largest, type Ordered, reducing, smallest } from '../operators/aggregator.ts'
import { averaging, summing } from '../operators/exact-sum.ts'
import type { KeyByNode } from '../plan/graph.ts'
import { greatestSizeMs, type Window, type WindowAssigner } from '../windows/window.ts'
import type { Aggregate, Aggregated, Aggregates } from './aggregate.ts'
import {
  type AggregateBase,
  type AnyAggregate,
  aggregateNode,
  comparable,
  composedNode,
  type MergingAggregator,
  numeric,
} from './aggregate-node.ts'
import { windowedEmissionOf } from './emit.ts'
import {
  type AnyWindowCombine,
  type AnyWindowJoin,
  coGroupNode,
  type FilteringJoin,
  type JoinSides,
  type KeysAlike,
  type LeftOf,
  type PairingJoin,
  type RightOf,
  type WindowJoinOptions,
  windowJoinNode,
} from './joins.ts'
import { KeyedStream } from './keyed-stream.ts'
import type { Origins } from './origin.ts'
import type { WindowEmit, WindowedRowOf } from './panes.ts'
import type { WindowedRow } from './rows.ts'
import { Results, Stream } from './stream.ts'
import { checkWindowing } from './window-checks.ts'

export type WindowedAggregateOptions<E extends WindowEmit = WindowEmit> = {
  /** When results go out. Default: `final`. */
  readonly emit?: E
}

type WindowSettings = { readonly windows: WindowAssigner; readonly latenessMs?: number; readonly lateTo?: string }

/** A keyed stream cut into windows. Immutable. */
export class WindowedStream<K extends Key, V, Origin extends Origins, Sides = Record<never, never>> {
  declare readonly sides: Sides
  declare readonly key: K
  declare readonly origin: Origin
  readonly #node: KeyByNode
  readonly #settings: WindowSettings

  constructor(node: KeyByNode, settings: WindowSettings) {
    this.#node = node
    this.#settings = settings
  }

  /**
   * How long after the watermark has passed a window's end a record still changes the window: its row goes out again with the next
   * commit. Event time; default 0. State is kept that much longer.
   */
  allowedLateness(lateness: Duration): WindowedStream<K, V, Origin, Sides> {
    if (lateness > greatestSizeMs) {
      throw new ConfigurationError(`Cannot allow lateness of ${lateness} ms: expected at most ${greatestSizeMs}`)
    }
    return new WindowedStream(this.#node, { ...this.#settings, latenessMs: lateness })
  }

  /** Records beyond the allowed lateness go to this side output of the aggregate, `side(name)`, instead of being dropped and counted only. */
  lateTo<Name extends string>(name: Name): WindowedStream<K, V, Origin, { readonly [name in Name]: V }> {
    return new WindowedStream(this.#node, { ...this.#settings, lateTo: name })
  }

  /**
   * Joins with another keyed stream, keyed under the same name: pairs of equal keys in each window that holds both (Flink: window
   * join). Pairs go out at the window's end, later ones within the allowed lateness as they come; records without a pair when the
   * window closes.
   */
  join<
    RightKey extends Key,
    R,
    RightOrigin extends Origins,
    Out,
    Type extends PairingJoin = 'inner',
    RightLate extends string = never,
  >(
    name: string,
    right: KeyedStream<RightKey, R, RightOrigin> & KeysAlike<K, RightKey>,
    options: WindowJoinOptions<V, R, RightLate> & { readonly type?: Type },
    combine: (left: LeftOf<Type, V>, right: RightOf<Type, R>, window: Window) => Out,
  ): Stream<Out, Origin & RightOrigin, Sides & JoinSides<never, V, RightLate, R>>
  /** The left values that have a right one in the window (`semi`), once each, or that have none (`anti`). */
  join<RightKey extends Key, R, RightOrigin extends Origins, RightLate extends string = never>(
    name: string,
    right: KeyedStream<RightKey, R, RightOrigin> & KeysAlike<K, RightKey>,
    options: WindowJoinOptions<V, R, RightLate> & { readonly type: FilteringJoin },
  ): Stream<WindowedRow<K, V>, Origin & RightOrigin, Sides & JoinSides<never, V, RightLate, R>>
  join(
    name: string,
    right: KeyedStream<Key, unknown, Origins>,
    options: AnyWindowJoin,
    combine?: AnyWindowCombine,
  ): Stream<unknown, Origins, unknown> {
    return new Stream(windowJoinNode(name, this.#joined(), KeyedStream.nodeOf(right), options, combine))
  }

  /**
   * All values of both sides that share a key and a window, given to `fn` together once the window closes, those of a side by event
   * time (Flink: coGroup; Beam: CoGroupByKey). What it gives are the results. It is not called for a window without values.
   */
  coGroup<RightKey extends Key, R, RightOrigin extends Origins, Out, RightLate extends string = never>(
    name: string,
    right: KeyedStream<RightKey, R, RightOrigin> & KeysAlike<K, RightKey>,
    fn: (key: K, window: Window, lefts: readonly V[], rights: readonly R[]) => Iterable<Out>,
    options: { readonly lateTo?: { readonly right?: RightLate } } = {},
  ): Stream<Out, Origin & RightOrigin, Sides & JoinSides<never, V, RightLate, R>> {
    return new Stream(coGroupNode(name, this.#joined(), KeyedStream.nodeOf(right), fn, options.lateTo?.right))
  }

  #joined(): Parameters<typeof coGroupNode>[1] {
    const { windows, latenessMs = 0, lateTo } = this.#settings
    return { node: this.#node, windows, latenessMs, lateTo }
  }

  count<E extends WindowEmit = 'final'>(
    name: string,
    options: WindowedAggregateOptions<E> = {},
  ): Results<WindowedRowOf<K, number, E>, Origin, Sides> {
    return new Results(aggregateNode(this.#base(options), name, 'count', counting, { kind: 'nothing' }))
  }

  /** The exact sum, rounded once: it does not depend on order, shards or batches. A value that is no number follows `onError`. */
  sum<E extends WindowEmit = 'final'>(
    name: string,
    of: (value: V) => number,
    options: WindowedAggregateOptions<E> = {},
  ): Results<WindowedRowOf<K, number, E>, Origin, Sides> {
    return new Results(aggregateNode(this.#base(options), name, 'sum', summing, { kind: 'part', lift: numeric(of) }))
  }

  min<R extends Ordered, E extends WindowEmit = 'final'>(
    name: string,
    of: (value: V) => R,
    options: WindowedAggregateOptions<E> = {},
  ): Results<WindowedRowOf<K, R, E>, Origin, Sides> {
    return new Results(
      aggregateNode(this.#base(options), name, 'min', smallest, { kind: 'part', lift: comparable(of) }),
    )
  }

  max<R extends Ordered, E extends WindowEmit = 'final'>(
    name: string,
    of: (value: V) => R,
    options: WindowedAggregateOptions<E> = {},
  ): Results<WindowedRowOf<K, R, E>, Origin, Sides> {
    return new Results(aggregateNode(this.#base(options), name, 'max', largest, { kind: 'part', lift: comparable(of) }))
  }

  /** The exact sum over the count. */
  average<E extends WindowEmit = 'final'>(
    name: string,
    of: (value: V) => number,
    options: WindowedAggregateOptions<E> = {},
  ): Results<WindowedRowOf<K, number, E>, Origin, Sides> {
    return new Results(
      aggregateNode(this.#base(options), name, 'average', averaging, { kind: 'part', lift: numeric(of) }),
    )
  }

  /** Folds values two by two; `reduce` must be associative, and must not change its arguments. */
  reduce<E extends WindowEmit = 'final'>(
    name: string,
    reduce: (a: V, b: V) => V,
    options: WindowedAggregateOptions<E> = {},
  ): Results<WindowedRowOf<K, V, E>, Origin, Sides> {
    return new Results(aggregateNode(this.#base(options), name, 'reduce', reducing(reduce), { kind: 'value' }))
  }

  /** An aggregate as a value, or an object of several in one pass: `{ bids: count(), mean: average(bid => bid.price) }`. */
  aggregate<R, Several extends Aggregates<V> = never, E extends WindowEmit = 'final'>(
    name: string,
    what: Aggregate<V, R, unknown> | Several,
    options?: WindowedAggregateOptions<E>,
  ): Results<WindowedRowOf<K, Aggregated<Several, R>, E>, Origin, Sides>
  /** Any fold that can merge: windows are put together from slices. */
  aggregate<A, R = A, E extends WindowEmit = 'final'>(
    name: string,
    aggregator: MergingAggregator<V, A, R>,
    options?: WindowedAggregateOptions<E>,
  ): Results<WindowedRowOf<K, R, E>, Origin, Sides>
  aggregate(
    name: string,
    what: AnyAggregate,
    options: WindowedAggregateOptions = {},
  ): Results<WindowedRow<K, unknown>, Origin, Sides> {
    return new Results(composedNode(this.#base(options), name, what))
  }

  #base({ emit = 'final' }: WindowedAggregateOptions): AggregateBase {
    const { windows, latenessMs = 0, lateTo } = this.#settings
    const emission = windowedEmissionOf(emit)
    checkWindowing(windows, emission, { latenessMs, ...(lateTo !== undefined && { lateTo }) })
    return { input: this.#node, windows, emission, latenessMs, ...(lateTo !== undefined && { lateTo }) }
  }
}
