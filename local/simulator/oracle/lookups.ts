import type { Stage } from '../../../shared/plan/plan.ts'
import type { Evaluation } from './evaluation.ts'

/**
 * What a lookup is answered is no part of the input, and where it fails nothing of its unit stands: of a stage that has one, nothing is
 * expected.
 */
export function giveUpLookups(evaluation: Evaluation, stage: Stage): void {
  for (const node of stage.consumers.keys()) {
    if (node.kind !== 'lookup') continue
    const reason = `the answers of lookup "${node.name}" in stage "${stage.name}" are no part of the input`
    if (stage.input.kind === 'source') evaluation.giveUp(stage.input.source, reason)
    evaluation.giveUpStage(stage.name, reason)
  }
}
