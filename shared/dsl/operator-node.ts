import type { OperatorDefinition } from '../operators/definition.ts'
import type { OperatorInput, OperatorNode } from '../plan/graph.ts'

/** An operator with state between its inputs; how many they are and what they bring is the definition's. */
export function operatorNode(
  name: string,
  inputs: readonly OperatorInput[],
  definition: OperatorDefinition,
): OperatorNode {
  return Object.freeze({
    kind: 'operator',
    name,
    inputs: Object.freeze([...inputs]),
    definition: Object.freeze(definition),
  })
}
