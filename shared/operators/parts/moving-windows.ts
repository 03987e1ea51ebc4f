import type { OperatorContext, Push, StatefulOperator } from '../operator.ts'
import { CountAggregate, type CountAggregateSpec } from '../windows/count-aggregate.ts'
import { SessionAggregate, type SessionAggregateSpec } from '../windows/session-aggregate.ts'
import { SlidingAggregate, type SlidingAggregateSpec } from '../windows/sliding-aggregate.ts'

// One of the parts that a bundle may leave out: see left-out.ts. Windows whose bounds depend on the records in them.

type Make<Spec> = (spec: Spec, context: OperatorContext, push: Push, expired: Push | undefined) => StatefulOperator

export const sessionAggregate: Make<SessionAggregateSpec<unknown, unknown>> = (spec, context, push, expired) =>
  new SessionAggregate(spec, context, push, expired)

export const slidingAggregate: Make<SlidingAggregateSpec<unknown, unknown>> = (spec, context, push, expired) =>
  new SlidingAggregate(spec, context, push, expired)

export const countAggregate: Make<CountAggregateSpec<unknown, unknown>> = (spec, context, push) =>
  new CountAggregate(spec, context, push)
