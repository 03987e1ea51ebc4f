import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import { type Days, daysOf } from './zone-days.ts'

/** A window a day as a time zone has it. */
export type DailyWindows = {
  readonly kind: 'daily'
  readonly zone: string
  /** On the zone's clock. */
  readonly startsAtMs: number
}

const dayMs = 86_400_000

/**
 * A window a day, from one midnight to the next as the clocks of a time zone have it: 23 or 25 hours where they change. With `startsAt`
 * days begin at another time on those clocks. Where the clocks skip it, a day begins when they go on; where they show it twice, the
 * first time. Zones are those of the IANA database that comes with Node, as `Europe/Berlin`.
 *
 * Beam: CalendarWindows; Kafka Streams and Flink have none of their own. For days in UTC `tumbling(days(1))` costs less.
 */
export function daily(zone: string, options: { readonly startsAt?: Duration } = {}): DailyWindows {
  const startsAtMs = options.startsAt ?? 0
  if (startsAtMs >= dayMs) {
    throw new ConfigurationError(
      `Cannot make daily windows: they start ${startsAtMs} ms after midnight, expected less than a day`,
    )
  }
  const windows: DailyWindows = Object.freeze({ kind: 'daily', zone, startsAtMs })
  zoneDays(windows)
  return windows
}

/** The days of the windows, made once. */
export function zoneDays(windows: DailyWindows): Days {
  let days = known.get(windows)
  if (days === undefined) {
    days = daysOf(windows.zone, windows.startsAtMs)
    known.set(windows, days)
  }
  return days
}

const known = new WeakMap<DailyWindows, Days>()
