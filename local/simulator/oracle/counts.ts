import type { Plan, Stage } from '../../../shared/plan/plan.ts'
import { added, type Count, type Expected, exactly } from './expected.ts'

/** What a stage's log or checkpoints say that it did. */
export type SeenCounts = {
  readonly stage: string
  /** Of stages without state. */
  readonly invocations: Readonly<Record<string, number>>
  /** Of stages with state; zero for the others. */
  readonly log: {
    readonly messages: number
    readonly malformed: number
    readonly expired: number
    readonly deadLetters: number
    readonly skipped: number
  }
}

/**
 * Whether each record is accounted for once: read, malformed, failed and expired are what they must be. A sentence for each number that
 * is not. Says nothing of a run that stops by policy `fail`.
 */
export function countDifferences(plan: Plan, expected: Expected, seen: readonly SeenCounts[]): string[] {
  if (expected.stops !== undefined) return []
  return plan.stages.flatMap(stage => {
    const own = seen.find(({ stage: name }) => name === stage.name)
    return own === undefined ? [`stage "${stage.name}" has no counts`] : stageDifferences(stage, expected, own)
  })
}

function stageDifferences(stage: Stage, expected: Expected, { invocations, log }: SeenCounts): string[] {
  const told: string[] = []
  const compare = (what: string, count: Count, found: number): void => {
    if (found >= count.least && found <= count.most) return
    told.push(`stage "${stage.name}": ${found} records ${what}, expected ${textOf(count)}`)
  }
  const failed = expected.stages.get(stage.name)?.failed ?? exactly(0)
  const source = expected.sources.get(stage.name)
  const isLogged = stage.kind === 'logged'
  if (source !== undefined) {
    const malformed = exactly(source.malformed)
    compare('read', exactly(source.read), isLogged ? log.messages : (invocations.recordsIn ?? 0))
    compare('malformed', malformed, isLogged ? log.malformed : (invocations.malformed ?? 0))
    if (isLogged) compare('malformed or failed', added(malformed, failed), log.deadLetters + log.skipped)
    else compare('failed', failed, invocations.failed ?? 0)
    return told
  }
  compare('failed', failed, log.deadLetters + log.skipped)
  compare('expired', expiredOf(stage, expected), log.expired)
  return told
}

function expiredOf(stage: Stage, expected: Expected): Count {
  let expired = exactly(0)
  for (const operator of stage.operators) {
    const known = expected.operators.get(operator.name)?.expired
    if (known !== undefined) expired = added(expired, known)
    // Rows of windows that late records change may come too late themselves: not followed up.
    if (operator.kind === 'top' && hasLate(expected))
      expired = added(expired, { least: 0, most: Number.POSITIVE_INFINITY })
  }
  return expired
}

const hasLate = ({ sources }: Expected): boolean => [...sources.values()].some(({ late }) => late > 0)

const textOf = ({ least, most }: Count): string => (least === most ? `${least}` : `${least} to ${most}`)
