/** Event time and watermarks are milliseconds since 1970 in UTC, as `Date.now()` gives them. */

/** No event time is known yet: below every record's. */
export const beginningOfTime = -8_640_000_000_000_000

/** The watermark after the last record of a bounded input: above every record's time. */
export const endOfTime = 8_640_000_000_000_000
