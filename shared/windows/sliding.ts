import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import { greatestSizeMs } from './window.ts'

/** Windows that slide over a key's records: the most of a window that lies before its last millisecond is `differenceMs`. */
export type SlidingWindows = { readonly kind: 'sliding'; readonly differenceMs: number }

/**
 * Windows that follow the records of a key instead of the clock: for each record at `t` the window of the records up to `difference`
 * before it, `[t - difference, t + 1)`, and the one that begins just after it, `[t + 1, t + 1 + difference + 1)`, where records came.
 * So there is a window for each content that a window of this length has while it slides over the key's records.
 *
 * Kafka Streams' SlidingWindows (KIP-450), which writes the same windows with both ends included: `[t - difference, t]`. Its grace is
 * the allowed lateness. Beam and Flink call `hopping` windows sliding.
 */
export function sliding(difference: Duration): SlidingWindows {
  if (difference > greatestSizeMs) {
    throw new ConfigurationError(
      `Cannot make sliding windows: the difference is ${difference} ms, expected at most ${greatestSizeMs}`,
    )
  }
  return Object.freeze({ kind: 'sliding', differenceMs: difference })
}
