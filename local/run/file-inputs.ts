import type { Plan } from '../../shared/plan/plan.ts'
import { stageNamed } from '../../shared/plan/plan.ts'
import { FileInput } from '../input/file-input.ts'
import type { FileTarget } from '../input/file-target.ts'

/** A bounded run's files, by source: a line too long for a record follows the source's policy. */
export const fileInputs = (target: FileTarget, plan: Plan, files: ReadonlyMap<string, string>): FileInput[] =>
  [...files].map(([source, path]) => {
    const { input } = stageNamed(plan, source)
    const onTooLong = input.kind === 'source' ? input.source.onMalformed : 'deadLetter'
    return new FileInput(target, plan, source, path, { onTooLong })
  })
