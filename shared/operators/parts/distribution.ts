// One of the parts that a bundle may leave out: see left-out.ts.
export { distinctWithinDefinition } from '../distribution/distinct-within.ts'
export { partialAggregateDefinition } from '../distribution/partial-aggregate.ts'
export { passThroughDefinition } from '../distribution/pass-through.ts'
