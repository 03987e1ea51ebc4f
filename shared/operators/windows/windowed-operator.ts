import { countAggregate, sessionAggregate, slidingAggregate } from '#operators/moving-windows'
import type { WindowAssigner } from '../../windows/window.ts'
import type { Aggregator } from '../aggregator.ts'
import type { Emission, OperatorContext, Push, StatefulOperator } from '../operator.ts'
import type { SessionEmission } from './session-aggregate.ts'
import { WindowAggregate } from './window-aggregate.ts'

export type WindowedSpec = {
  readonly name: string
  readonly aggregator: Aggregator<unknown, unknown, unknown>
  readonly windows: WindowAssigner
  /** Panes have an operator of their own. */
  readonly emission: Exclude<Emission, { kind: 'panes' }>
  readonly latenessMs: number
}

/** The operator that aggregates by windows of their kind. */
export function windowedOperator(
  spec: WindowedSpec,
  context: OperatorContext,
  push: Push,
  expired: Push | undefined,
): StatefulOperator {
  const { name, aggregator, windows, emission, latenessMs } = spec
  switch (windows.kind) {
    case 'session': {
      const { gapMs, joinsAtGap } = windows
      const session = { name, aggregator, gapMs, joinsAtGap, emission: followed(spec), latenessMs }
      return sessionAggregate(session, context, push, expired)
    }
    case 'sliding': {
      const { differenceMs } = windows
      const sliding = { name, aggregator, differenceMs, emission: followed(spec), latenessMs }
      return slidingAggregate(sliding, context, push, expired)
    }
    case 'count':
      return countAggregate({ name, aggregator, windows }, context, push, expired)
    default:
      return new WindowAggregate({ name, aggregator, windows, emission, latenessMs }, context, push, expired)
  }
}

/** The others are refused when the pipeline is built. */
function followed({ name, windows, emission }: WindowedSpec): SessionEmission {
  if (emission.kind === 'final' || emission.kind === 'updates') return emission
  throw new Error(`Cannot compile operator "${name}": ${windows.kind} windows are emitted by "${emission.kind}"`)
}
