import { RetryBatchError } from '../model/errors.ts'
import type { SequenceNumber } from '../model/ids.ts'
import type { Environment } from './environment.ts'
import type { LookupAnswers } from './lookup-answers.ts'
import type { ShardState, SourceMark } from './shard-state.ts'

/** What the invocation has learned for its lookups. */
export type LookupKnowledge = {
  readonly answers: LookupAnswers
  /** Time is out: the next run still takes all that has its answers, as they were waited for. */
  isHurried: boolean
  /** Stop the next run before this unit. */
  mostUnits: number
}

/**
 * After a run that lacks answers, which is forgotten: asks for them, so that it can be made again; near the deadline, as far as it lacks
 * none. `mark`: a source's shard goes back to it and is kept, where others are loaded again. Throws when not even the first unit, of the
 * record `first`, has its answers and time is out.
 */
export async function askFor(
  knowledge: LookupKnowledge,
  environment: Environment,
  state: ShardState,
  mark: SourceMark | undefined,
  first: SequenceNumber,
  isOutOfTime: () => boolean,
): Promise<void> {
  const { answers } = knowledge
  const { name } = environment.stage
  const answered = await answers.fetch(name, isOutOfTime)
  if (mark !== undefined) {
    state.backTo(mark)
    environment.keep(state)
  }
  if (answered === 'all') return
  knowledge.isHurried = true
  if (answered === 'some') return
  if (answers.unitsBefore === 0) {
    throw new RetryBatchError(
      `Cannot look up for record ${first} of stage "${name}": no time is left, the next attempt goes on`,
    )
  }
  knowledge.mostUnits = answers.unitsBefore
}
