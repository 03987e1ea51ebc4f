import type { OperatorSpec } from '../../../../shared/operators/definition.ts'
import type { OperatorNode } from '../../../../shared/plan/graph.ts'

/** The operator's spec as its kind says that it is. */
export function specOf<Spec extends OperatorSpec>({ name, definition }: OperatorNode, kind: Spec['kind']): Spec {
  const { spec } = definition
  if (spec.kind !== kind) throw new Error(`Cannot evaluate "${name}": it is of kind "${spec.kind}", expected "${kind}"`)
  return spec as Spec
}
