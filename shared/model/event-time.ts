import { limits } from './limits.ts'

/** Event time and watermarks are milliseconds since 1970 in UTC, as `Date.now()` gives them. */

/** No event time is known yet: below every record's. */
export const beginningOfTime = -8_640_000_000_000_000

/** The watermark after the last record of a bounded input: above every record's time. */
export const endOfTime = 8_640_000_000_000_000

/**
 * The greatest event time that a record can have. Results over all of a bounded input have it, wherever the watermark stood before
 * the end (Beam: the global window's maximum timestamp).
 */
export const lastEventTime: number = limits.eventTimeMs
