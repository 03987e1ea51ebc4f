import type { Climate } from '../../../local/simulator/climate.ts'
import type { Family } from '../../../local/simulator/workload/grown-operators.ts'

/**
 * A rule of protocol.md, or of operators, taken out of the code: text of one or more source files that is another when a process loads them. The
 * product holds no switch for it.
 */
export type Mutation = {
  /** Names it for the runner. */
  readonly name: string
  /** What should hold, in the words of protocol.md where it says so, and no longer does. */
  readonly rule: string
  readonly edits: readonly Edit[]
  /** Every second run is one of these. Only speed hangs on it. @default generated */
  readonly trial?: TrialName
  /** Seeds of such a climate come first. Only speed hangs on it: all others follow. */
  readonly climate?: (climate: Climate) => boolean
  /** The first seed, for a rule that few runs depend on: found from 1 on too, after minutes. Only speed hangs on it. @default 1 */
  readonly firstSeed?: number
}

export type TrialName = Family | 'generated' | 'retrying' | 'ordered' | 'torn' | 'resharding'

export type Edit = {
  /** From the root of the repository. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
}

/** The file's text with the edit made. Throws when what it looks for is not there exactly once: then the mutation needs a new look. */
export function edited(mutation: Mutation, edit: Edit, text: string): string {
  const times = text.split(edit.find).length - 1
  if (times !== 1) {
    throw new Error(
      `Cannot make mutation "${mutation.name}": ${edit.file} has ${times} times what it replaces, expected once; update it to the code that now upholds "${mutation.rule}": ${JSON.stringify(edit.find)}`,
    )
  }
  return text.replace(edit.find, () => edit.replace)
}

/** The ring comes round again and again. */
export const wraps = ({ sizes }: Climate): boolean => sizes.ringSlots <= 5
/** Commits hold few units. */
export const cuts = ({ unitsPerCommit }: Climate): boolean => Number.isFinite(unitsPerCommit)
/** Chunks have several parts. */
export const parts = ({ sizes }: Climate): boolean => sizes.chunkBytes <= 400
/** Shards are split and merged. */
export const reshards = ({ rates }: Climate): boolean => rates.resharded > 0
