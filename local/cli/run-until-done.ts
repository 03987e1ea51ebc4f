import type { RunOutcome, RunProgress } from '../run/run-to-end.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { wholeNumber } from './numbers.ts'

/** Throws an InterruptedError when Ctrl-C ended the run before it was done; `kept` says what became of what it did. */
export async function untilDone(kept: string, work: (signal: AbortSignal) => Promise<RunOutcome>): Promise<RunOutcome> {
  const outcomes: RunOutcome[] = []
  const { signal } = await untilInterrupted(async stop => void outcomes.push(await work(stop)))
  const [outcome] = outcomes
  if (signal !== undefined && outcome.kind === 'interrupted') {
    throw new InterruptedError(signal, `${stoppedAt(outcome.progress)}: ${kept}`)
  }
  return outcome
}

const stoppedAt = ({ fraction, records }: RunProgress): string =>
  `Stopped at ${Math.floor(fraction * 100)}% of the input, ${wholeNumber(records)} records read`
