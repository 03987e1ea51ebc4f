import { ConfigurationError } from '../model/errors.ts'

/** How long a sink tries before it gives the batch back, to be handed over again. */
export type Patience = {
  /** How often a request, or what is left of one, is sent in all. @default 6 */
  readonly tries?: number
  /** First pause between two tries, in milliseconds; it doubles each time, up to 5 seconds. @default 100 */
  readonly pauseMs?: number
}

const defaults = { tries: 6, pauseMs: 100 }
/** A sink that waits longer keeps an invocation waiting that is paid for: the platform's own retry costs nothing. */
const longestPauseMs = 5_000

export type Tries = {
  readonly most: number
  /** Before the try of this number, counting from 1; at least `atLeastMs` where a service asked for it. */
  pause(attempt: number, atLeastMs?: number): Promise<void>
}

/** Throws a ConfigurationError for numbers that make no sense. */
export function triesOf(sink: string, { tries = defaults.tries, pauseMs = defaults.pauseMs }: Patience): Tries {
  if (!Number.isInteger(tries) || tries < 1) {
    throw new ConfigurationError(`Cannot make ${sink}: ${tries} tries, 1 or more would be right`)
  }
  if (!(pauseMs >= 0))
    throw new ConfigurationError(`Cannot make ${sink}: a pause of ${pauseMs} ms, 0 or more would be right`)
  const pause = async (attempt: number, atLeastMs = 0): Promise<void> => {
    if (attempt === 1) return
    const ms = Math.min(pauseMs * 2 ** (attempt - 2), longestPauseMs)
    await new Promise(done => setTimeout(done, Math.max(ms, atLeastMs)))
  }
  return { most: tries, pause }
}
