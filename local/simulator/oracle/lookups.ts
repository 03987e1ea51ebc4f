import type { LookupNode } from '../../../shared/plan/graph.ts'
import type { Stage } from '../../../shared/plan/plan.ts'
import { UserFailure } from './chain.ts'
import type { Evaluation } from './evaluation.ts'
import { keyText } from './keys.ts'
import { shortText, textOf } from './text.ts'

/** What calls for a key came to in a run, whoever heard it. */
export type AskedKey = {
  readonly key: unknown
  /** One for each call, undefined where there was nothing. */
  readonly answers: readonly unknown[]
  /** Some call for it failed. */
  readonly hasFailed: boolean
}

/** By the lookup's name and the key's text. */
export type AskedKeys = ReadonlyMap<string, ReadonlyMap<string, AskedKey>>

/** What a lookup comes to for a key, the same each time. */
export type LookupOutcome = { readonly value: unknown } | { readonly failure: UserFailure }

/**
 * What a lookup is answered is part of the run, not of the input. A stage is evaluated with the answers of its lookups where a key has one
 * answer each time; where a key has several, or a failed call may have been given up or repeated, nothing is expected of the stage.
 */
export function evaluateLookups(evaluation: Evaluation, stage: Stage, asked: AskedKeys | undefined): void {
  for (const node of stage.consumers.keys()) {
    if (node.kind !== 'lookup') continue
    const reason =
      asked === undefined
        ? `the answers of lookup "${node.name}" in stage "${stage.name}" are no part of the input`
        : noteOutcomes(evaluation, node, asked.get(node.name) ?? new Map())
    if (reason === undefined) continue
    if (stage.input.kind === 'source') evaluation.giveUp(stage.input.source, reason)
    evaluation.giveUpStage(stage.name, reason)
  }
}

/** A sentence where a key has no outcome of its own. */
function noteOutcomes(
  evaluation: Evaluation,
  node: LookupNode,
  keys: ReadonlyMap<string, AskedKey>,
): string | undefined {
  const outcomes = new Map<string, LookupOutcome>()
  for (const [text, asked] of keys) {
    const own = outcomesOf(node, asked)
    if (own.size > 1) return `lookup "${node.name}" came to different things for key ${shortText(asked.key)}`
    const [outcome] = own.values()
    if (outcome !== undefined) outcomes.set(text, outcome)
  }
  evaluation.chain.answer(node, key => {
    // A key that was never asked about: its record cannot have come to anything.
    return outcomes.get(keyText(key)) ?? { failure: new UserFailure(`lookup "${node.name}" was not asked`) }
  })
  return undefined
}

/** By their text. */
function outcomesOf(node: LookupNode, { key, answers, hasFailed }: AskedKey): Map<string, LookupOutcome> {
  const outcomes = new Map<string, LookupOutcome>(answers.map(value => [textOf(['answer', value]), { value }]))
  if (!hasFailed) return outcomes
  try {
    if (node.orElse === undefined) throw new Error('nothing stands in')
    const value = node.orElse(key as never, new Error('a call failed'))
    outcomes.set(textOf(['answer', value]), { value })
  } catch (cause) {
    outcomes.set('failure', { failure: new UserFailure(`lookup "${node.name}" failed`, { cause }) })
  }
  return outcomes
}
