import type { InvocationReport } from '../../shared/ports/host.ts'
import type { Tally } from './checkpoints.ts'

/** The numbers of a report that add up over invocations: kept with the checkpoint, so each acknowledged invocation counts once. */
export function tallyOf(report: InvocationReport): Tally {
  const { stage: _stage, shard: _shard, watermark: _watermark, ...counts } = report
  return counts
}
