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
  commits: 0,
  commitBytes: 0,
  pageBytes: 0,
  viewRows: 0,
  coldLoads: 0,
  watermark: beginningOfTime,
})
