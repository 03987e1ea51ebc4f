import type { InvocationReport } from '../../shared/ports/host.ts'
import type { Tally } from '../cloud/checkpoints.ts'

/**
 * The numbers of a report that add up over invocations: kept with the checkpoint, so each acknowledged invocation counts once. How long
 * things took is left out: a replay would keep other numbers.
 */
export function tallyOf(report: InvocationReport): Tally {
  const { recordsIn, malformed, failed, deadLetters, late, expired, duplicates } = report
  const { messagesOut, sinkRecords, viewRows, commits, commitBytes, pageBytes, coldLoads } = report
  const counts = { recordsIn, malformed, failed, deadLetters, late, expired, duplicates }
  return { ...counts, messagesOut, sinkRecords, viewRows, commits, commitBytes, pageBytes, coldLoads }
}
