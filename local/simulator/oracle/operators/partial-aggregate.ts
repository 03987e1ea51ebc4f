import type { PartialAggregateSpec } from '../../../../shared/operators/distribution/partial-aggregate.ts'
import { attemptNamed } from '../chain.ts'
import type { EvaluateOperator } from './operator-result.ts'
import { specOf } from './spec.ts'

/** Stands for an accumulator of one record: what is put together before it is merged depends on commits, and makes no difference. */
export type SpreadValue = { readonly key: unknown; readonly part: unknown; readonly value: unknown }

/** The first half of an aggregate whose keys are spread. */
export const evaluatePartialAggregate: EvaluateOperator = (node, [messages]) => {
  const { lift } = specOf<PartialAggregateSpec>(node, 'partialAggregate')
  const items = messages.map(({ key, value, time }) => {
    const item: SpreadValue = { key, part: attemptNamed(node.name, () => lift(value)), value }
    return { value: item, time }
  })
  return { kind: 'items', items }
}
