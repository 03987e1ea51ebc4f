import type { Ports } from './index.ts'

/**
 * What whoever runs a handler hands over with the invocation: the ports, and an ear for what happened. It travels in the Lambda
 * context under a symbol, so that a handler needs no global state to know which cloud it is on.
 */
export type Host = {
  readonly ports: Ports
  /** It listens itself: no logs or metrics on standard output. */
  readonly isQuiet: boolean
  report(report: InvocationReport): void
  /** What an invocation had done when it threw. */
  failed?(report: InvocationReport): void
  /** A message of a queue was not taken, and goes back to it: why, in a sentence. */
  gaveBack?(reason: string): void
}

export const hostSymbol = Symbol.for('millrace.host')

/** What one invocation did, for metrics and summaries. Counts of a logged stage are of what it committed in this invocation. */
export type InvocationReport = {
  readonly stage: string
  readonly shard: string
  /** User records (a source stage) or messages (a stage behind a shuffle) dealt with: processed, dead-lettered or skipped. */
  recordsIn: number
  malformed: number
  /** Records whose function threw and that were dead-lettered or skipped. */
  failed: number
  deadLetters: number
  /** Behind the watermark, still accepted. */
  late: number
  /** Beyond allowed lateness: to the side output, or dropped. */
  expired: number
  duplicates: number
  /** To the next stages. */
  messagesOut: number
  /** Records put on sinks' streams, and values handed to `forEach`. Once more for each time that an outbox is published. */
  sinkRecords: number
  commits: number
  commitBytes: number
  /** Milliseconds that the appends took, all together. */
  commitMs: number
  /** Milliseconds that publishing took: chunks, rows, letters, sinks. */
  publishMs: number
  pageBytes: number
  /**
   * Bytes that the table holds for a shard of a logged stage: the ring's commits, and the newest pages of the key groups that this
   * environment has in memory, which are all of them once a tick has come. 0 for a transient stage.
   */
  stateBytes: number
  viewRows: number
  coldLoads: number
  /** Newest version of the shard's log, as far as this invocation knows; undefined for a transient stage. */
  version: number | undefined
  /** Event-time milliseconds. */
  watermark: number
}
