import { stageTotals } from '../run/results.ts'
import { AskedKeysOfRun } from './asked-keys.ts'
import type { Checker } from './observation.ts'
import { countDifferences } from './oracle/counts.ts'
import { differences, evaluate } from './oracle/index.ts'
import { oracleInput, seenOf } from './outputs.ts'

/**
 * Invariants 1 and 2, once everything is at rest: each output is what the batch evaluation of the pipeline comes to over the same input,
 * rows of views as well as values of streams, files and `forEach` sinks, each once; and each record is accounted for once.
 *
 * It does not check what was seen on the way, the order of values, or what the oracle says is not determined by the input.
 */
export const sameAsBatch: Checker = {
  name: 'same as batch',
  watch: run => {
    const { hear, keys: asked } = new AskedKeysOfRun()
    return {
      onHappening: hear,
      atEnd: async () => {
        const expected = evaluate(run.plan, oracleInput(run), { mayIdle: run.fallsSilent, asked })
        const totals = await stageTotals(run.cloud, run.plan)
        return [...differences(expected, await seenOf(run)), ...countDifferences(run.plan, expected, totals)]
      },
    }
  },
}
