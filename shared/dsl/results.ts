import { ConfigurationError } from '../model/errors.ts'
import type { Key } from '../model/key.ts'
import type { Ordered } from '../operators/aggregator.ts'
import { type AggregateNode, type FilterNode, hasUpdates, type TopNode } from '../plan/graph.ts'
import type { Window } from '../windows/window.ts'
import type { FromStage, Origins } from './origin.ts'
import { Stream } from './stream.ts'

/** A row of an aggregate over everything so far. */
export type KeyedRow<K, V> = { readonly key: K; readonly value: V }

/** A row of a windowed aggregate; the window is `[start, end)` in epoch milliseconds. */
export type WindowedRow<K, V> = { readonly key: K; readonly window: Window; readonly value: V }

/** A row of a top: its row's fields, and `rank`, 1 for the first. */
export type RankedRow<Row> = Row & { readonly rank: number }

export type TopOptions = {
  /** When rankings go out. Default: as the rows come, `final` or `updates`. */
  readonly emit?: 'final' | 'updates'
}

/** Rows that are the newest state of something: a pipeline that returns them keeps them as a view. */
export class Results<Row, Origin extends Origins, Sides = Record<never, never>> extends Stream<Row, Origin, Sides> {
  declare readonly row: Row
  protected override readonly node: AggregateNode | FilterNode | TopNode

  constructor(node: AggregateNode | FilterNode | TopNode) {
    super(node)
    this.node = node
  }

  static rowsOf(results: Results<unknown, Origins, unknown>): AggregateNode | FilterNode | TopNode {
    return results.node
  }

  /** Keeps the rows for which `fn` holds. A row that changes so that it no longer does is taken out of views and tops. */
  override filter(fn: (row: Row) => boolean): Results<Row, Origin> {
    const label = fn.name === '' ? 'filter' : `filter ${fn.name}`
    return new Results(Object.freeze({ kind: 'filter', input: this.node, label, fn }))
  }

  /**
   * The `count` rows with the greatest values over all keys, per window where the rows have windows; equal values rank by key, the
   * lower first. A further stage with one key, named like the operator.
   */
  top<Name extends string>(
    this: Results<{ readonly key: Key; readonly value: Ordered }, Origins, unknown>,
    name: Name,
    count: number,
    options: TopOptions = {},
  ): Results<RankedRow<Row>, Origin & FromStage<Name>> {
    const input = Results.rowsOf(this)
    if (!Number.isInteger(count) || count < 1) {
      throw new ConfigurationError(`Cannot rank the top ${count} in "${name}": expected a whole number of 1 or more`)
    }
    if (input.kind === 'top')
      throw new ConfigurationError(`Cannot rank a ranking in "${name}": rank the rows before it`)
    const kind = options.emit ?? (hasUpdates(input) ? 'updates' : 'final')
    const latenessMs = latenessOf(input)
    return new Results(Object.freeze({ kind: 'top', input, name, count, emission: { kind }, latenessMs }))
  }
}

function latenessOf(node: AggregateNode | FilterNode | TopNode): number {
  if (node.kind !== 'filter') return node.latenessMs
  const { input } = node
  return input.kind === 'aggregate' || input.kind === 'filter' || input.kind === 'top' ? latenessOf(input) : 0
}
