// One of the parts that a bundle may leave out: see left-out.ts.
export { distinctWithinDefinition } from '../distinct-within.ts'
export { partialAggregateDefinition } from '../partial-aggregate.ts'
export { passThroughDefinition } from '../pass-through.ts'
