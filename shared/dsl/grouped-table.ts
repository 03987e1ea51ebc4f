import { regroupDefinition, tableAggregateDefinition, tableExtremeDefinition } from '#operators/tables'
import type { Key } from '../model/key.ts'
import type { Ordered } from '../operators/aggregator.ts'
import { averagingRows, countingRows, type Retracting, summingRows } from '../operators/tables/retracting.ts'
import type { TableAggregateSpec } from '../operators/tables/table-aggregate.ts'
import type { TableExtremeSpec } from '../operators/tables/table-extremes.ts'
import type { GroupChange } from '../operators/tables/table-regroup.ts'
import type { KeyByNode, Loose, OperatorNode, RowNode } from '../plan/graph.ts'
import { comparable, numeric } from './aggregate-node.ts'
import { operatorNode } from './operator-node.ts'
import type { Origins } from './origin.ts'
import type { KeyedRow } from './rows.ts'
import type { Results } from './stream.ts'
import { rowsNameOf, rowsTaken } from './tables.ts'

/**
 * An aggregator of one's own over rows that change: `subtract` takes out again what `add` put in. The accumulator is plain data, which
 * both may change in place; `result` defaults to the accumulator itself. All must be deterministic.
 */
export type RetractingAggregator<Row, A, R> = {
  create(): A
  add(accumulator: A, row: Row): A
  subtract(accumulator: A, row: Row): A
  result?(accumulator: A): R
}

type MakeResults = <Row, Origin extends Origins>(node: RowNode) => Results<Row, Origin>

/**
 * Rows by a new key (Kafka Streams: KGroupedTable). Aggregates are exact while rows change: what a row was before is taken out of its
 * group, which may be another one, and a group without rows has no row. Results go out at each commit.
 */
export class GroupedTable<K extends Key, Row, Origin extends Origins> {
  readonly #input: KeyByNode
  readonly #results: MakeResults

  constructor(input: KeyByNode, results: MakeResults) {
    this.#input = input
    this.#results = results
  }

  count(name: string): Results<KeyedRow<K, number>, Origin> {
    return this.#aggregate(name, 'count', undefined, countingRows)
  }

  /** The exact sum of what is there, rounded once: a sum from which all was taken out again is 0. */
  sum(name: string, of: (row: Row) => number): Results<KeyedRow<K, number>, Origin> {
    return this.#aggregate(name, 'sum', numeric(of), summingRows)
  }

  /** The exact sum over the count. */
  average(name: string, of: (row: Row) => number): Results<KeyedRow<K, number>, Origin> {
    return this.#aggregate(name, 'average', numeric(of), averagingRows)
  }

  /** Keeps each different value of a group, as the smallest may go. */
  min<R extends Ordered>(name: string, of: (row: Row) => R): Results<KeyedRow<K, R>, Origin> {
    return this.#extreme(name, 'min', comparable(of))
  }

  /** Keeps each different value of a group, as the greatest may go. */
  max<R extends Ordered>(name: string, of: (row: Row) => R): Results<KeyedRow<K, R>, Origin> {
    return this.#extreme(name, 'max', comparable(of))
  }

  /** Any fold that can be taken back row by row (Kafka Streams: aggregate with adder and subtractor). */
  aggregate<A, R = A>(name: string, aggregator: RetractingAggregator<Row, A, R>): Results<KeyedRow<K, R>, Origin> {
    return this.#aggregate(name, 'aggregate', undefined, wholeRetracting(aggregator))
  }

  #aggregate<R>(
    name: string,
    fn: TableAggregateSpec['function'],
    of: TableAggregateSpec['of'],
    aggregator: Retracting,
  ): Results<KeyedRow<K, R>, Origin> {
    const definition = tableAggregateDefinition({ kind: 'tableAggregate', function: fn, of, aggregator })
    return this.#results(operatorNode(name, [this.#input], definition))
  }

  #extreme<R>(
    name: string,
    fn: TableExtremeSpec['function'],
    of: TableExtremeSpec['of'],
  ): Results<KeyedRow<K, R>, Origin> {
    const definition = tableExtremeDefinition({ kind: 'tableExtreme', function: fn, of })
    return this.#results(operatorNode(name, [this.#input], definition))
  }
}

const wholeRetracting = (user: RetractingAggregator<never, unknown, unknown>): Retracting => ({
  create: () => user.create(),
  add: (accumulator, row: never) => user.add(accumulator, row),
  subtract: (accumulator, row: never) => user.subtract(accumulator, row),
  result: accumulator => (user.result === undefined ? accumulator : user.result(accumulator)),
})

/** Changes of rows on their way to their groups: kept by row in the stage of the rows, keyed by group in one that `name` names. */
export function regrouped(rows: RowNode, name: string, groupOf: Loose<[row: unknown], Key>): KeyByNode {
  const changes: OperatorNode = operatorNode(
    `${rowsNameOf(rows)}-by-${name}`,
    [rows],
    regroupDefinition({ kind: 'regroup', rows: rowsTaken(rows), groupOf }),
  )
  return Object.freeze({ kind: 'keyBy', input: changes, name, key: ({ key }: GroupChange) => key })
}
