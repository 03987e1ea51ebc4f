import { decodeBody, noTallies, type Tallies } from '../../shared/commit/commit-body.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { CommitLogPort, StoredCommit } from '../../shared/ports/commit-log.ts'
import type { DeadLetter, ViewsPort } from '../../shared/ports/results.ts'
import type { ShardDescription } from '../../shared/ports/streams.ts'
import type { Tally } from '../cloud/checkpoints.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { type Row, rowsOfView } from '../cloud/rows.ts'
import type { StreamRecord } from '../cloud/streams.ts'
import { mappingName } from '../functions/deployment.ts'

/** What every stage did, as its logs and checkpoints say: exact, whatever was retried. */
export type StageTotals = {
  readonly stage: string
  readonly invocations: Tally
  readonly log: Tallies
}

/** Where results are. */
export type ResultsCloud = {
  readonly streams: { describe(stream: string): readonly ShardDescription[] }
  readonly commits: Pick<CommitLogPort, 'readRing'>
  readonly views: Pick<ViewsPort, 'scan'>
  readonly checkpoints: { tally(mapping: string): Tally }
}

export async function viewRows(cloud: Pick<ResultsCloud, 'views'>, plan: Plan, view: string): Promise<Row[]> {
  return rowsOfView(await cloud.views.scan(`${plan.name}/${view}`))
}

export const viewNames = (plan: Plan): string[] =>
  plan.graph.sinks.filter(sink => sink.kind === 'view').map(sink => sink.name)

export const deadLettersOf = (cloud: EmbeddedCloud, plan: Plan): readonly DeadLetter[] =>
  cloud.deadLetters.letters(plan.name)

export async function stageTotals(cloud: ResultsCloud, plan: Plan): Promise<StageTotals[]> {
  const totals: StageTotals[] = []
  for (const { name, kind, input } of plan.stages) {
    let log = noTallies
    if (kind === 'logged') {
      for (const { id } of cloud.streams.describe(input.stream)) {
        // Of a log that was sealed a day ago the newest commit alone is left.
        const [newest] = (await cloud.commits.readRing(`${plan.name}/${name}/${id}`)).toSorted(newestFirst)
        if (newest !== undefined) log = added(log, decodeBody(newest.body).tallies)
      }
    }
    totals.push({ stage: name, invocations: cloud.checkpoints.tally(mappingName(plan, name)), log })
  }
  return totals
}

/** Every record that a stream holds, shard by shard. */
export function* recordsOfStream(cloud: EmbeddedCloud, stream: string): Generator<StreamRecord, void, undefined> {
  for (const { id } of cloud.streams.describe(stream)) {
    let records = cloud.streams.read(stream, id, undefined, mostRecords, readBytes)
    while (records.length > 0) {
      yield* records
      records = cloud.streams.read(stream, id, records[records.length - 1].sequence, mostRecords, readBytes)
    }
  }
}

const mostRecords = 10_000
const readBytes = 16 * 1024 * 1024

const newestFirst = (a: StoredCommit, b: StoredCommit): number => b.version - a.version

const added = (a: Tallies, b: Tallies): Tallies => ({
  messages: a.messages + b.messages,
  malformed: a.malformed + b.malformed,
  late: a.late + b.late,
  expired: a.expired + b.expired,
  duplicates: a.duplicates + b.duplicates,
  deadLetters: a.deadLetters + b.deadLetters,
  skipped: a.skipped + b.skipped,
})
