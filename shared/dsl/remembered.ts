import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'

/** Milliseconds for which ids are kept. */
export function remembered(remember: Duration, what: string): number {
  if (remember > 0) return remember
  throw new ConfigurationError(`Cannot read ${what}: it is to remember ids for no time, expected a time above`)
}
