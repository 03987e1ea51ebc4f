import type { Plan } from '../../shared/plan/plan.ts'
import type { DeadLetter, DeadLettersPort } from '../../shared/ports/results.ts'
import type { StoredFile } from '../cloud/files.ts'
import type { Row } from '../cloud/rows.ts'
import { linePlace } from './line-places.ts'
import { type ResultsCloud, type StageTotals, stageTotals, viewRows } from './results.ts'
import type { RunOutcome } from './run-to-end.ts'

/** What a run over files came to, with all that earlier runs on the same cloud did: exact, whatever was retried. */
export type RunReport = {
  readonly views: ReadonlyMap<string, readonly Row[]>
  readonly sources: ReadonlyMap<string, SourceCounts>
  /** In the order of the files' lines, where they are lines. */
  readonly deadLetters: readonly PlacedLetter[]
  /** Behind the watermark and still accepted, added up over all stages. */
  readonly late: number
  /** Beyond the allowed lateness, likewise. */
  readonly expired: number
  readonly commits: number
  /** Bytes of commits and pages. */
  readonly stateBytes: number
  readonly sinks: readonly SinkTotal[]
  /** What stream sinks have put, each value once, by the sink's name. Empty unless it was asked for. */
  readonly streams: ReadonlyMap<string, readonly unknown[]>
  /** This run's alone. */
  readonly seconds: number
  readonly recordsDone: number
}

/** `read` counts every line; `malformed` those that the codec could not read, and those too long to be records. */
export type SourceCounts = { readonly read: number; readonly malformed: number }

/** What streams and files hold; whoever is called by a forEach knows itself. */
export type SinkTotal =
  | { readonly kind: 'stream'; readonly name: string; readonly stream: string; readonly records: number }
  | { readonly kind: 'files'; readonly name: string; readonly files: number; readonly bytes: number }

/** `at` is FILE:LINE where the record was a line of a file, else its place in its stream. */
export type PlacedLetter = DeadLetter & { readonly at: string }

/** Where a run took place. */
export type ReportCloud = ResultsCloud & {
  readonly deadLetters: Pick<DeadLettersPort, 'list'>
  readonly files: { list(): Promise<readonly StoredFile[]> }
}

/** Every record that a stream holds, in order for each key. */
export type RecordsOfStream = (stream: string) => Iterable<PutBySink> | AsyncIterable<PutBySink>
type PutBySink = { readonly partitionKey: string; readonly data: Uint8Array }

export type ReportOptions = {
  readonly views: readonly string[]
  /** Whether to decode what the stream sinks have put. */
  readonly withStreams: boolean
  readonly recordsOf: RecordsOfStream
}

export async function reportOf(
  cloud: ReportCloud,
  plan: Plan,
  outcome: RunOutcome,
  { views, withStreams, recordsOf }: ReportOptions,
): Promise<RunReport> {
  const totals = await stageTotals(cloud, plan)
  const rows = await Promise.all(views.map(async view => [view, await viewRows(cloud, plan, view)] as const))
  const { seconds, recordsDone, tooLong } = outcome
  const puts = await streamPuts(plan, withStreams, recordsOf)
  return {
    views: new Map(rows),
    sources: sourceCounts(plan, totals, tooLong),
    deadLetters: placedLetters(plan, await cloud.deadLetters.list(plan.name)),
    late: sum(totals.map(({ log }) => log.late)),
    expired: sum(totals.map(({ log }) => log.expired)),
    commits: sum(totals.map(({ invocations }) => invocations.commits ?? 0)),
    stateBytes: sum(totals.map(({ invocations }) => (invocations.commitBytes ?? 0) + (invocations.pageBytes ?? 0))),
    sinks: await sinkTotals(cloud, plan, puts),
    streams: new Map([...puts].map(([name, { values }]) => [name, [...values.values()]])),
    seconds,
    recordsDone,
  }
}

function sourceCounts(
  plan: Plan,
  totals: readonly StageTotals[],
  tooLong: ReadonlyMap<string, number>,
): ReadonlyMap<string, SourceCounts> {
  const counts = new Map<string, SourceCounts>()
  for (const [i, { name, kind, input }] of plan.stages.entries()) {
    if (input.kind !== 'source') continue
    const { invocations, log } = totals[i]
    const unread = tooLong.get(name) ?? 0
    const [read, malformed] =
      kind === 'logged' ? [log.messages, log.malformed] : [invocations.recordsIn ?? 0, invocations.malformed ?? 0]
    counts.set(name, { read: read + unread, malformed: malformed + unread })
  }
  return counts
}

function placedLetters(plan: Plan, letters: readonly DeadLetter[]): PlacedLetter[] {
  const sources = new Set(plan.stages.filter(({ input }) => input.kind === 'source').map(({ name }) => name))
  const placed = letters.map(letter => {
    const line = sources.has(letter.stage) ? linePlace(letter.partitionKey, letter.sub) : undefined
    return { letter, file: line?.file ?? '', line: line?.line ?? 0 }
  })
  placed.sort((a, b) => compare(a.file, b.file) || a.line - b.line)
  return placed.map(({ letter, file, line }) => ({ ...letter, at: line === 0 ? letter.place : `${file}:${line}` }))
}

type StreamPuts = {
  readonly records: number
  /** By partition key, which names a record's producer and position: a repeated put is told apart. */
  readonly values: ReadonlyMap<string, unknown>
}

async function streamPuts(
  plan: Plan,
  withValues: boolean,
  recordsOf: RecordsOfStream,
): Promise<ReadonlyMap<string, StreamPuts>> {
  const puts = new Map<string, StreamPuts>()
  for (const sink of plan.graph.sinks) {
    if (sink.kind !== 'stream') continue
    const values = new Map<string, unknown>()
    let records = 0
    for await (const { partitionKey, data } of recordsOf(sink.stream)) {
      records++
      if (withValues) values.set(partitionKey, sink.codec.decode(data, 0, data.byteLength))
    }
    puts.set(sink.name, { records, values })
  }
  return puts
}

async function sinkTotals(cloud: ReportCloud, plan: Plan, puts: ReadonlyMap<string, StreamPuts>): Promise<SinkTotal[]> {
  const totals: SinkTotal[] = []
  for (const sink of plan.graph.sinks) {
    const { name } = sink
    if (sink.kind === 'stream') {
      totals.push({ kind: 'stream', name, stream: sink.stream, records: puts.get(name)?.records ?? 0 })
    }
    if (sink.kind === 'files') {
      const files = (await cloud.files.list()).filter(file => file.sink === name)
      totals.push({ kind: 'files', name, files: files.length, bytes: sum(files.map(file => file.bytes)) })
    }
  }
  return totals
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
