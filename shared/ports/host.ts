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
  messagesOut: number
  commits: number
  commitBytes: number
  pageBytes: number
  viewRows: number
  coldLoads: number
  /** Event-time milliseconds. */
  watermark: number
}
