import type { Tallies } from '../commit/commit-body.ts'
import { beginningOfTime } from '../model/event-time.ts'
import type { InvocationReport } from '../ports/host.ts'

export const newReport = (stage: string, shard: string): InvocationReport => ({
  stage,
  shard,
  recordsIn: 0,
  malformed: 0,
  failed: 0,
  deadLetters: 0,
  late: 0,
  expired: 0,
  duplicates: 0,
  messagesOut: 0,
  sinkRecords: 0,
  commits: 0,
  commitBytes: 0,
  commitMs: 0,
  publishMs: 0,
  pageBytes: 0,
  stateBytes: 0,
  viewRows: 0,
  coldLoads: 0,
  version: undefined,
  watermark: beginningOfTime,
})

/** Adds what a logged stage counted between two commits of its. */
export function countCommitted(report: InvocationReport, before: Tallies, after: Tallies): void {
  const malformed = after.malformed - before.malformed
  const letters = after.deadLetters - before.deadLetters
  report.recordsIn += after.messages - before.messages
  report.malformed += malformed
  report.deadLetters += letters
  report.failed += after.skipped - before.skipped + letters - malformed
  report.late += after.late - before.late
  report.expired += after.expired - before.expired
  report.duplicates += after.duplicates - before.duplicates
}
