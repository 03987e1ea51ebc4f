/** How hard streams are asked. */
export type Pace = {
  /** Calls to Kinesis in flight. */
  readonly callsAtOnce: number
  /** From one GetRecords on a shard to the next. */
  readonly leastGapMs: number
  /** How long a shard that had nothing new is left alone, unless something was put to it from here. */
  readonly idleMs: number
  /** How often shards are listed anew, beside when one ends. */
  readonly listMs: number
}

/** Kinesis: five GetRecords a second and shard, for all of its readers. */
export const awsPace: Pace = { callsAtOnce: 16, leastGapMs: 250, idleMs: 1_000, listMs: 30_000 }

/** The Kinesis of LocalStack is slower the more calls are in flight. */
export const emulatorPace: Pace = { callsAtOnce: 1, leastGapMs: 0, idleMs: 250, listMs: 2_000 }
