import type { TableAggregateSpec } from '../../../../shared/operators/tables/table-aggregate.ts'
import type { TableExtremeSpec } from '../../../../shared/operators/tables/table-extremes.ts'
import type { GroupChange, RegroupSpec } from '../../../../shared/operators/tables/table-regroup.ts'
import type { OperatorNode } from '../../../../shared/plan/graph.ts'
import { isLess } from '../aggregate-functions.ts'
import { attemptNamed } from '../chain.ts'
import { exactSum } from '../exact-number.ts'
import { textOf } from '../text.ts'
import type { EvaluateOperator, OperatorItem } from './operator-result.ts'
import { specOf } from './spec.ts'

/** Each row comes to the group that its newest state is in, and to no other. */
export const evaluateRegroup: EvaluateOperator = (node, [rows]) => {
  const { groupOf } = specOf<RegroupSpec>(node, 'regroup')
  const items = rows.map(({ value, time }) => {
    const change: GroupChange = { key: attemptNamed(node.name, () => groupOf(value)), after: value }
    return { value: change, time }
  })
  return { kind: 'items', items }
}

/** Of each group that has rows, their aggregate (SQL: group by). */
export const evaluateTableAggregate: EvaluateOperator = (node, inputs) => {
  const spec = specOf<TableAggregateSpec>(node, 'tableAggregate')
  return groups(node, inputs, rows => aggregateOf(spec, rows))
}

export const evaluateTableExtreme: EvaluateOperator = (node, inputs) => {
  const spec = specOf<TableExtremeSpec>(node, 'tableExtreme')
  const isBetter = (a: unknown, b: unknown): boolean => (spec.function === 'max' ? isLess(b, a) : isLess(a, b))
  return groups(node, inputs, rows => [
    rows.map(row => spec.of(row) as unknown).reduce((best, other) => (isBetter(other, best) ? other : best)),
  ])
}

/** `resultOf` answers with nothing where the result depends on the order of the rows. */
function groups(
  node: OperatorNode,
  [changes]: Parameters<EvaluateOperator>[1],
  resultOf: (rows: readonly unknown[]) => readonly [result: unknown] | undefined,
): ReturnType<EvaluateOperator> {
  const items: OperatorItem[] = []
  const openRows = new Map<string, undefined>()
  for (const [name, own] of Map.groupBy(changes, change => change.keyText)) {
    const rows = own.map(({ value }) => (value as GroupChange).after)
    const result = attemptNamed(node.name, () => resultOf(rows))
    const [{ key }] = own
    const time = Math.max(...own.map(each => each.time))
    if (result === undefined) openRows.set(name, undefined)
    else items.push({ value: { key, value: result[0] }, time, row: { name, key } })
  }
  return { kind: 'items', items, openRows, isStale: true }
}

function aggregateOf(spec: TableAggregateSpec, rows: readonly unknown[]): readonly [result: unknown] | undefined {
  const { of, aggregator } = spec
  const parts = rows.map(row => (of === undefined ? row : of(row)))
  switch (spec.function) {
    case 'count':
      return [rows.length]
    case 'sum':
    case 'average': {
      const sum = exactSum(parts as readonly number[])
      return sum === undefined ? undefined : [spec.function === 'sum' ? sum : sum / rows.length]
    }
    case 'aggregate': {
      const fold = (list: readonly unknown[]): unknown =>
        aggregator.result(list.reduce((all, row) => aggregator.add(all, structuredClone(row)), aggregator.create()))
      const results = [fold(parts), fold(parts.toReversed())]
      return textOf(results[0]) === textOf(results[1]) ? [results[0]] : undefined
    }
  }
}
