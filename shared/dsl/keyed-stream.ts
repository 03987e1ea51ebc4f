import type { Key } from '../model/key.ts'
import { counting, largest, type Ordered, reducing, smallest } from '../operators/aggregator.ts'
import { averaging, summing } from '../operators/exact-sum.ts'
import type { Change } from '../operators/tables/table-changes.ts'
import type { KeyByNode } from '../plan/graph.ts'
import type { WindowAssigner } from '../windows/window.ts'
import type { Aggregate, Aggregated, Aggregates } from './aggregate.ts'
import {
  type AggregateBase,
  type AnyAggregate,
  aggregateNode,
  comparable,
  composedNode,
  numeric,
  type UserAggregator,
} from './aggregate-node.ts'
import { Broadcast } from './broadcast.ts'
import { type BroadcastJoinOptions, type BroadcastOn, broadcastJoinNode, type JoinedRow } from './broadcast-join.ts'
import { type DistinctOptions, distinctNode } from './distinct.ts'
import { spreadAggregate } from './distribution.ts'
import { type Emit, emissionOf } from './emit.ts'
import {
  type AnyCombine,
  type AnyIntervalJoin,
  type FilteringJoin,
  type IntervalJoinOptions,
  intervalJoinNode,
  type JoinSides,
  type KeysAlike,
  type LeftOf,
  type PairingJoin,
  type RightOf,
} from './joins.ts'
import type { FromStage, Origins } from './origin.ts'
import { type BroadcastProcessing, type Processing, processNode, type Sides } from './process.ts'
import type { Declarations } from './process-state.ts'
import type { KeyedRow } from './rows.ts'
import type { SideTypes } from './side-output.ts'
import { Results, Stream } from './stream.ts'
import {
  type LookingJoin,
  streamTableNode,
  type TableJoinOptions,
  type VersionedJoinOptions,
  versionedNode,
} from './table-joins.ts'
import { type LatestOptions, latestNode, type MaterializeOptions, materializeNode } from './tables.ts'
import { WindowedStream } from './windowed-stream.ts'

export type AggregateOptions = {
  /** When results go out. Default: `updates`. */
  readonly emit?: Emit
}

type None = Record<never, never>

/**
 * Values of type `V` with their key. All values of a key are processed in one place, in the order of each producer. Aggregates run
 * over everything so far; `window` cuts them by event time. An operator's name names its state for good: renaming it starts anew.
 */
export class KeyedStream<K extends Key, V, Origin extends Origins> {
  declare readonly origin: Origin
  declare readonly key: K
  readonly #node: KeyByNode

  constructor(node: KeyByNode) {
    this.#node = node
  }

  /** The keyed stream as a frozen node, for the plan. */
  static nodeOf(keyed: KeyedStream<Key, unknown, Origins>): KeyByNode {
    return keyed.#node
  }

  /**
   * Cuts each key's values into windows: `tumbling`, `hopping`, `cumulating`, `daily`, `session`, `sliding` or `globalWindow` of event
   * time, `countWindow` of a number of records.
   */
  window(windows: WindowAssigner): WindowedStream<K, V, Origin> {
    return new WindowedStream(this.#node, { windows })
  }

  /**
   * Joins with another keyed stream, keyed under the same name: pairs of equal keys whose event times are within bounds, both ends
   * included (Flink: interval join), or without bounds, which keeps all records for ever (Flink: regular join). Pairs go out when both
   * records are there, records without a pair when none in time can match them any more.
   */
  join<
    RightKey extends Key,
    R,
    RightOrigin extends Origins,
    Out,
    Type extends PairingJoin = 'inner',
    LeftLate extends string = never,
    RightLate extends string = never,
  >(
    name: string,
    right: KeyedStream<RightKey, R, RightOrigin> & KeysAlike<K, RightKey>,
    options: IntervalJoinOptions<V, R, LeftLate, RightLate> & { readonly type?: Type },
    combine: (left: LeftOf<Type, V>, right: RightOf<Type, R>) => Out,
  ): Stream<Out, Origin & RightOrigin, JoinSides<LeftLate, V, RightLate, R>>
  /** Lets the left values through that have a right one (`semi`), once each, or that have none (`anti`). */
  join<
    RightKey extends Key,
    R,
    RightOrigin extends Origins,
    LeftLate extends string = never,
    RightLate extends string = never,
  >(
    name: string,
    right: KeyedStream<RightKey, R, RightOrigin> & KeysAlike<K, RightKey>,
    options: IntervalJoinOptions<V, R, LeftLate, RightLate> & { readonly type: FilteringJoin },
  ): Stream<V, Origin & RightOrigin, JoinSides<LeftLate, V, RightLate, R>>
  join(
    name: string,
    right: KeyedStream<Key, unknown, Origins>,
    options: AnyIntervalJoin,
    combine?: AnyCombine,
  ): Stream<unknown, Origins, unknown> {
    return new Stream(intervalJoinNode(name, this.#node, KeyedStream.nodeOf(right), options, combine))
  }

  count(name: string, options: AggregateOptions = {}): Results<KeyedRow<K, number>, Origin> {
    return new Results(aggregateNode(this.#base(options), name, 'count', counting, { kind: 'nothing' }))
  }

  /** The exact sum, rounded once: it does not depend on order, shards or batches. A value that is no number follows `onError`. */
  sum(name: string, of: (value: V) => number, options: AggregateOptions = {}): Results<KeyedRow<K, number>, Origin> {
    return new Results(aggregateNode(this.#base(options), name, 'sum', summing, { kind: 'part', lift: numeric(of) }))
  }

  min<R extends Ordered>(
    name: string,
    of: (value: V) => R,
    options: AggregateOptions = {},
  ): Results<KeyedRow<K, R>, Origin> {
    return new Results(
      aggregateNode(this.#base(options), name, 'min', smallest, { kind: 'part', lift: comparable(of) }),
    )
  }

  max<R extends Ordered>(
    name: string,
    of: (value: V) => R,
    options: AggregateOptions = {},
  ): Results<KeyedRow<K, R>, Origin> {
    return new Results(aggregateNode(this.#base(options), name, 'max', largest, { kind: 'part', lift: comparable(of) }))
  }

  /** The exact sum over the count. */
  average(
    name: string,
    of: (value: V) => number,
    options: AggregateOptions = {},
  ): Results<KeyedRow<K, number>, Origin> {
    return new Results(
      aggregateNode(this.#base(options), name, 'average', averaging, { kind: 'part', lift: numeric(of) }),
    )
  }

  /** Folds values two by two; `reduce` must be associative, and must not change its arguments. */
  reduce(name: string, reduce: (a: V, b: V) => V, options: AggregateOptions = {}): Results<KeyedRow<K, V>, Origin> {
    return new Results(aggregateNode(this.#base(options), name, 'reduce', reducing(reduce), { kind: 'value' }))
  }

  /** An aggregate as a value, or an object of several in one pass: `{ bids: count(), mean: average(bid => bid.price) }`. */
  aggregate<R, Several extends Aggregates<V> = never>(
    name: string,
    what: Aggregate<V, R, unknown> | Several,
    options?: AggregateOptions,
  ): Results<KeyedRow<K, Aggregated<Several, R>>, Origin>
  /** Any fold, with an accumulator of plain data that `add` may change in place. */
  aggregate<A, R = A>(
    name: string,
    aggregator: UserAggregator<V, A, R>,
    options?: AggregateOptions,
  ): Results<KeyedRow<K, R>, Origin>
  aggregate(name: string, what: AnyAggregate, options: AggregateOptions = {}): Results<KeyedRow<K, unknown>, Origin> {
    return new Results(composedNode(this.#base(options), name, what))
  }

  /** A function per record with state and timers of its key (Flink: KeyedProcessFunction; Beam: stateful DoFn). */
  process<S extends Declarations = None, Names extends Sides = None, R = never, T = never, E = never>(
    name: string,
    processing: Processing<K, V, S, Names, R, T, E>,
  ): Stream<R | T | E, Origin, SideTypes<Names>> {
    return new Stream(processNode(name, [this.#node], processing))
  }

  /**
   * The same with a broadcast beside it (Flink: KeyedBroadcastProcessFunction). Records and broadcast values come in no order between
   * the two.
   */
  processWith<
    B,
    Other extends Origins,
    BS extends Declarations,
    S extends Declarations = None,
    Names extends Sides = None,
    R = never,
    T = never,
    E = never,
  >(
    name: string,
    broadcast: Broadcast<B, Other>,
    processing: BroadcastProcessing<K, V, B, S, Names, BS, R, T, E>,
  ): Stream<R | T | E, Origin & Other, SideTypes<Names>> {
    return new Stream(processNode(name, [this.#node, Broadcast.nodeOf(broadcast)], processing))
  }

  /**
   * Joins each record with rows of a data set that every key group has (Spark: broadcast join; Kafka Streams: GlobalKTable), as of
   * event time: a record waits until the watermark reaches it, and meets of each row the newest version up to its own time.
   */
  joinBroadcast<B, Other extends Origins, R, Type extends 'inner' | 'left' = 'inner'>(
    name: string,
    broadcast: Broadcast<B, Other>,
    on: BroadcastOn<K, V, B>,
    combine: (value: V, row: JoinedRow<B, Type>) => R,
    options: BroadcastJoinOptions<Type> = {},
  ): Stream<R, Origin & Other> {
    return new Stream(broadcastJoinNode(name, [this.#node, Broadcast.nodeOf(broadcast)], on, combine, options))
  }

  /**
   * An aggregate whose hot keys are spread over `ways` parts in a stage of its own, and merged behind it (Storm: partial key grouping):
   * `clicks.spread('parts', 4, keyed => keyed.count('clicks'))`. The aggregate needs `merge`.
   */
  spread<Name extends string, Row, From extends Origins>(
    name: Name,
    ways: number,
    aggregate: (keyed: KeyedStream<K, V, Origin>) => Results<Row, From>,
  ): Results<Row, From & FromStage<Name>> {
    return new Results(spreadAggregate(name, ways, this.#node, Results.rowsOf(aggregate(this))))
  }

  /**
   * The first value of each key; the rest is dropped. With `within`, of values less than that apart in event time; without, one entry
   * per key is kept for ever.
   */
  distinct(name: string, options: DistinctOptions = {}): Stream<V, Origin> {
    return new Stream(distinctNode(this.#node, name, options))
  }

  /**
   * A table of the stream: the newest value of each key, by event time or by arrival (Flink: upsert table; Kafka Streams: KTable). Keeps
   * one value per key for ever. An older value that comes later changes nothing.
   */
  latest(name: string, options: LatestOptions<V> = {}): Results<KeyedRow<K, V>, Origin> {
    return new Results(latestNode(name, this.#node, options))
  }

  /** A table of a stream of changes: what `changes` gives, or a source of change data. Keeps one row per key for ever. */
  materialize<Row>(
    this: KeyedStream<K, Change<Row>, Origin>,
    name: string,
    options: MaterializeOptions = {},
  ): Results<KeyedRow<K, Row>, Origin> {
    return new Results(materializeNode(name, KeyedStream.nodeOf(this), options))
  }

  /**
   * Each value with the row that a table of this stage has under its key when the value is processed (Kafka Streams: KStream-KTable
   * join), so the result depends on the order of arrival. A change of the table gives nothing.
   */
  joinTable<T, TableOrigin extends Origins, Out, Type extends LookingJoin = 'inner'>(
    name: string,
    table: Results<KeyedRow<K, T>, TableOrigin, unknown>,
    combine: (value: V, row: RightOf<Type, T>) => Out,
    options: TableJoinOptions<Type> = {},
  ): Stream<Out, Origin & TableOrigin> {
    return new Stream(streamTableNode(name, this.#node, Results.rowsOf(table), combine, options))
  }

  /**
   * Each value with the version of its key that was valid at its event time: the newest of `versions` that is not later (Flink: temporal
   * join, for system_time as of). Waits until the watermark passes the value's time, so the result does not depend on the order of
   * arrival of the two. Versions are kept as long as a value may need them.
   */
  joinVersions<R, RightOrigin extends Origins, Out, Type extends LookingJoin = 'inner', Late extends string = never>(
    name: string,
    versions: KeyedStream<K, R, RightOrigin>,
    combine: (value: V, version: RightOf<Type, R>) => Out,
    options: VersionedJoinOptions<Type, R, Late> = {},
  ): Stream<Out, Origin & RightOrigin, { readonly [name in Late]: V }> {
    const right = KeyedStream.nodeOf(versions)
    return new Stream(versionedNode(name, this.#node, right, combine, options))
  }

  #base({ emit = 'updates' }: AggregateOptions): AggregateBase {
    return { input: this.#node, emission: emissionOf(emit), latenessMs: 0 }
  }
}
