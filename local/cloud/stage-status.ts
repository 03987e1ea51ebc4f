import { type CommitBody, decodeBody } from '../../shared/commit/commit-body.ts'
import { beginningOfTime } from '../../shared/model/event-time.ts'
import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import type { CommitLogPort, StoredCommit } from '../../shared/ports/commit-log.ts'

/** A stage, as far as its status needs to know it. */
export type StageName = { readonly name: string; readonly kind: 'transient' | 'logged'; readonly stream: string }

/** How far a stage is in one shard of its stream. */
export type StageShard = {
  readonly stage: string
  readonly shard: ShardId
  readonly closed: boolean
  /** Kinesis records that wait; undefined where nobody counts them. */
  readonly records: number | undefined
  /** Time since the oldest record that waits arrived, 0 when there is none; undefined where it cannot be told. */
  readonly behindMs: number | undefined
  /** Where that cannot be told: what Lambda says of the stage's slowest shard, if it says anything. */
  readonly behindAtMostMs?: number | undefined
  /** What the log says; undefined for a transient stage, and before a logged one has begun. */
  readonly log: LogStatus | undefined
}

export type LogStatus = {
  /** Newest version of the log. */
  readonly version: number
  /** The newest record that it has dealt with. */
  readonly through: SequenceNumber | undefined
  /** In event time; undefined before the first, and for a shard that owns no key group. */
  readonly watermark: number | undefined
  /** Nothing comes after this version: child shards have taken over. */
  readonly sealed: boolean
  /** What the table holds for the shard: the commits of its ring, and the newest page of each of its key groups. */
  readonly stateBytes: number
}

/** Reads what a log and its pages say. Of an idle log it is exact; of one that is being written to, as of some version just now. */
export async function logStatus(
  commits: Pick<CommitLogPort, 'readRing' | 'readPage'>,
  pipeline: string,
  stage: string,
  shard: ShardId,
): Promise<LogStatus | undefined> {
  const ring = await commits.readRing(`${pipeline}/${stage}/${shard}`)
  const newest = newestOf(ring)
  if (newest === undefined) return undefined
  const body = decodeBody(newest.body)
  const { through, groups, sealed } = body
  const pages = await Promise.all(
    groups.flatMap(({ group, page }) =>
      page === undefined || sealed ? [] : [commits.readPage({ stage: `${pipeline}/${stage}`, group, slot: page.slot })],
    ),
  )
  return {
    version: newest.version,
    through: through?.sequence,
    watermark: watermarkOf(body),
    sealed,
    stateBytes: sum(ring.map(({ body }) => body.length)) + sum(pages.flat().map(({ bytes }) => bytes.length)),
  }
}

/** Of a source's shard its own, behind a shuffle the least of its key groups. */
function watermarkOf({ groups, sourceWatermark }: CommitBody): number | undefined {
  const watermark = groups.length > 0 ? Math.min(...groups.map(group => group.watermark)) : sourceWatermark
  return watermark > beginningOfTime ? watermark : undefined
}

const newestOf = (ring: readonly StoredCommit[]): StoredCommit | undefined =>
  ring.reduce<StoredCommit | undefined>(
    (newest, commit) => (newest !== undefined && newest.version > commit.version ? newest : commit),
    undefined,
  )

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
