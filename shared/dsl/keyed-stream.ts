import type { Key } from '../model/key.ts'
import { counting, largest, type Ordered, reducing, smallest } from '../operators/aggregator.ts'
import { averaging, summing } from '../operators/exact-sum.ts'
import type { KeyByNode } from '../plan/graph.ts'
import type { WindowAssigner } from '../windows/window.ts'
import {
  type AggregateBase,
  aggregateNode,
  comparable,
  numeric,
  type UserAggregator,
  wholeAggregator,
} from './aggregate-node.ts'
import { type Emit, emissionOf } from './emit.ts'
import type { Origins } from './origin.ts'
import type { KeyedRow } from './rows.ts'
import { Results, Stream } from './stream.ts'
import { WindowedStream } from './windowed-stream.ts'

export type AggregateOptions = {
  /** When results go out. Default: `updates`. */
  readonly emit?: Emit
}

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

  /** Cuts each key's values into windows of event time: `tumbling`, `hopping`, `session` or `globalWindow`. */
  window(windows: WindowAssigner): WindowedStream<K, V, Origin> {
    return new WindowedStream(this.#node, { windows })
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

  /** Any fold, with an accumulator of plain data that `add` may change in place. */
  aggregate<A, R = A>(
    name: string,
    aggregator: UserAggregator<V, A, R>,
    options: AggregateOptions = {},
  ): Results<KeyedRow<K, R>, Origin> {
    const whole = wholeAggregator(aggregator)
    return new Results(aggregateNode(this.#base(options), name, 'aggregate', whole, { kind: 'value' }))
  }

  /** The first value of each key; the rest is dropped. Keeps one entry per key for ever. */
  distinct(name: string): Stream<V, Origin> {
    return new Stream(Object.freeze({ kind: 'distinct', input: this.#node, name, by: 'key' }))
  }

  #base({ emit = 'updates' }: AggregateOptions): AggregateBase {
    return { input: this.#node, emission: emissionOf(emit), latenessMs: 0 }
  }
}
