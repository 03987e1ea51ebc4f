import { decodeBody, noTallies, type Tallies } from '../../shared/commit/commit-body.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { StoredCommit } from '../../shared/ports/commit-log.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import type { Tally } from '../cloud/checkpoints.ts'
import { mappingName } from '../cloud/deployment.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import { type Row, rowsOfView } from '../cloud/rows.ts'

/** What every stage did, as its logs and checkpoints say: exact, whatever was retried. */
export type StageTotals = {
  readonly stage: string
  readonly invocations: Tally
  readonly log: Tallies
}

export async function viewRows(cloud: EmbeddedCloud, plan: Plan, view: string): Promise<Row[]> {
  return rowsOfView(await cloud.views.scan(`${plan.name}/${view}`))
}

export const viewNames = (plan: Plan): string[] =>
  plan.graph.sinks.filter(sink => sink.kind === 'view').map(sink => sink.name)

export const deadLettersOf = (cloud: EmbeddedCloud, plan: Plan): readonly DeadLetter[] =>
  cloud.deadLetters.letters(plan.name)

export async function stageTotals(cloud: EmbeddedCloud, plan: Plan): Promise<StageTotals[]> {
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
