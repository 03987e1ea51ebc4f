import type { ClaimsPort } from './claims.ts'
import type { CommitLogPort } from './commit-log.ts'
import type { LookupsPort } from './lookups.ts'
import type { DeadLettersPort, FilesPort, ViewsPort } from './results.ts'
import type { SourceFilesPort } from './source-files.ts'
import type { StreamsPort } from './streams.ts'

/**
 * All that the engine asks of the world. Every promise may reject, and a rejection never says whether the call took effect:
 * the protocol is built on that.
 */
export type Ports = {
  readonly streams: StreamsPort
  readonly commits: CommitLogPort
  readonly claims: ClaimsPort
  readonly views: ViewsPort
  readonly deadLetters: DeadLettersPort
  readonly files: FilesPort
  readonly sourceFiles: SourceFilesPort
  readonly lookups: LookupsPort
  readonly clock: ClockPort
}

export interface ClockPort {
  /** Resolves after about `ms` milliseconds: for backing off between tries, never for deciding what a result is. */
  sleep(ms: number): Promise<void>

  /** Milliseconds since 1970: for measuring, never for deciding what a result is. No call that may fail. */
  now(): number
}
