import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { Key } from '../model/key.ts'
import { counting, largest, type Ordered, reducing, smallest } from '../operators/aggregator.ts'
import { averaging, summing } from '../operators/exact-sum.ts'
import type { KeyByNode } from '../plan/graph.ts'
import { greatestSizeMs, type WindowAssigner } from '../windows/window.ts'
import {
  type AggregateBase,
  aggregateNode,
  comparable,
  type MergingAggregator,
  numeric,
  wholeAggregator,
} from './aggregate-node.ts'
import { type Emit, emissionOf } from './emit.ts'
import type { Origins } from './origin.ts'
import type { WindowedRow } from './rows.ts'
import { Results } from './stream.ts'

export type WindowedAggregateOptions = {
  /** When results go out. Default: `final`. */
  readonly emit?: Emit
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

  count(name: string, options: WindowedAggregateOptions = {}): Results<WindowedRow<K, number>, Origin, Sides> {
    return new Results(aggregateNode(this.#base(options), name, 'count', counting, { kind: 'nothing' }))
  }

  /** The exact sum, rounded once: it does not depend on order, shards or batches. A value that is no number follows `onError`. */
  sum(
    name: string,
    of: (value: V) => number,
    options: WindowedAggregateOptions = {},
  ): Results<WindowedRow<K, number>, Origin, Sides> {
    return new Results(aggregateNode(this.#base(options), name, 'sum', summing, { kind: 'part', lift: numeric(of) }))
  }

  min<R extends Ordered>(
    name: string,
    of: (value: V) => R,
    options: WindowedAggregateOptions = {},
  ): Results<WindowedRow<K, R>, Origin, Sides> {
    return new Results(
      aggregateNode(this.#base(options), name, 'min', smallest, { kind: 'part', lift: comparable(of) }),
    )
  }

  max<R extends Ordered>(
    name: string,
    of: (value: V) => R,
    options: WindowedAggregateOptions = {},
  ): Results<WindowedRow<K, R>, Origin, Sides> {
    return new Results(aggregateNode(this.#base(options), name, 'max', largest, { kind: 'part', lift: comparable(of) }))
  }

  /** The exact sum over the count. */
  average(
    name: string,
    of: (value: V) => number,
    options: WindowedAggregateOptions = {},
  ): Results<WindowedRow<K, number>, Origin, Sides> {
    return new Results(
      aggregateNode(this.#base(options), name, 'average', averaging, { kind: 'part', lift: numeric(of) }),
    )
  }

  /** Folds values two by two; `reduce` must be associative, and must not change its arguments. */
  reduce(
    name: string,
    reduce: (a: V, b: V) => V,
    options: WindowedAggregateOptions = {},
  ): Results<WindowedRow<K, V>, Origin, Sides> {
    return new Results(aggregateNode(this.#base(options), name, 'reduce', reducing(reduce), { kind: 'value' }))
  }

  /** Any fold that can merge: windows are put together from slices. */
  aggregate<A, R = A>(
    name: string,
    aggregator: MergingAggregator<V, A, R>,
    options: WindowedAggregateOptions = {},
  ): Results<WindowedRow<K, R>, Origin, Sides> {
    const whole = wholeAggregator(aggregator)
    return new Results(aggregateNode(this.#base(options), name, 'aggregate', whole, { kind: 'value' }))
  }

  #base({ emit = 'final' }: WindowedAggregateOptions): AggregateBase {
    const { windows, latenessMs = 0, lateTo } = this.#settings
    const emission = emissionOf(emit)
    if (windows.kind === 'session' && (emission.kind === 'every' || emission.kind === 'complete')) {
      throw new ConfigurationError(
        `Cannot emit session windows by "${emission.kind}": sessions grow together, expected "final" or "updates"`,
      )
    }
    return { input: this.#node, windows, emission, latenessMs, ...(lateTo !== undefined && { lateTo }) }
  }
}
