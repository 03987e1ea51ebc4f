import assert from 'node:assert/strict'
import { type CrashOptions, type CrashPoint, type Driver, drive } from 'millrace/testing'
import type { DriveOptions } from '../../local/testing/drive-options.ts'
import type { StageNames } from '../../local/testing/driver-types.ts'
import type { Pipeline } from '../../shared/index.ts'

/** One way in which an await may go wrong. */
type Accident = { readonly point: CrashPoint; readonly how: NonNullable<CrashOptions['how']> }

const accidents: readonly Accident[] = [
  { point: 'beforeAny', how: 'dies' },
  { point: 'afterAny', how: 'dies' },
  { point: 'beforeAny', how: 'rejects' },
  { point: 'afterAny', how: 'rejects' },
]

export type Scenario<Out, Origin> = {
  readonly pipeline: Pipeline<Out, Origin>
  readonly options?: DriveOptions<StageNames<Origin>>
  readonly play: (run: Driver<Out, Origin>) => Promise<void>
  /** All that a reader of the results sees. */
  readonly see: (run: Driver<Out, Origin>) => Promise<unknown>
}

/**
 * Plays a scenario once undisturbed, then again for every await and every accident, and compares what is seen at the end. Answers with
 * the number of awaits.
 */
export async function crashEverywhere<Out, Origin>(scenario: Scenario<Out, Origin>): Promise<number> {
  const { pipeline, options, play, see } = scenario
  const quiet = drive(pipeline, options)
  await play(quiet)
  const expected = await see(quiet)
  const count = quiet.awaits.length
  for (const { point, how } of accidents) {
    for (let occurrence = 1; occurrence <= count; occurrence++) {
      const place = `${how} ${point} ${occurrence} (${quiet.awaits[occurrence - 1].operation} of ${quiet.awaits[occurrence - 1].stage})`
      const run = drive(pipeline, options)
      run.crash(point, { occurrence, how })
      await play(run).catch(error => {
        throw new Error(`${place}: ${error.message}`, { cause: error })
      })
      assert.equal(run.crashes.length, 1, place)
      assert.deepEqual(await see(run), expected, place)
    }
  }
  return count
}
