import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { PaneAggregate, type PaneAggregateSpec } from '../panes/pane-aggregate.ts'

// One of the parts that a bundle may leave out: see left-out.ts.
export const paneAggregate = (
  spec: PaneAggregateSpec<unknown, unknown>,
  context: OperatorContext,
  push: Push,
  expired: Push | undefined,
): StatefulOperator => new PaneAggregate(spec, context, push, expired)
