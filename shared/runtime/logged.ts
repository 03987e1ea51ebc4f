import { askFor } from '#runtime/lookups'
import { RetryBatchError, UserFunctionError } from '../model/errors.ts'
import { compareSequenceNumbers } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { InvocationReport } from '../ports/host.ts'
import type { ShardDescription } from '../ports/streams.ts'
import { acknowledgeAll, type Batch, type BatchRecord, type BatchResponse, failFrom } from './batch.ts'
import { append, encodeChange, pageBefore, takeDeltas } from './commit.ts'
import type { Environment } from './environment.ts'
import { open } from './hand-over.ts'
import { load, loadGroups } from './load.ts'
import type { LookupKnowledge } from './lookup-round.ts'
import { publish } from './publish.ts'
import { countCommitted } from './report.ts'
import {
  isSameUnit,
  type Poison,
  type RunLimits,
  type RunOutcome,
  UnitCounter,
  UnitFailure,
  type UnitPlace,
} from './run.ts'
import { groupsOf, MessageRun, type ShuffleRecord, shuffleRecordOf } from './run-messages.ts'
import { RecordRun } from './run-records.ts'
import type { ShardState } from './shard-state.ts'
import { SourceReader } from './source-reader.ts'

/** Times that the invocation begins again without having committed anything, before the platform hands the batch over again. */
const mostFutileRounds = 24
/** Rough bytes at which a commit is cut: below what an item holds even where compression gains nothing. */
const roughCommitBytes = 300 * 1024

/** What the invocation has learned about the batch that the log does not say. */
type Knowledge = {
  /** A unit that threw once: on state that may have been stale, so it is not believed yet. */
  suspect: UnitPlace | undefined
  poison: Poison | undefined
  /** Stop the next run before this unit. */
  mostUnits: number
  /** The record at which the last commit was cut is still being worked on. */
  isResumed: boolean
} & LookupKnowledge

/**
 * Invocation of a logged stage: commit, then publish, then return (protocol). Invariants:
 *
 * 1. the state is taken out of the environment, and goes back only when append and publish have succeeded
 * 2. until its append succeeds nothing that a run saw is believed: not an exception, not a late record
 * 3. before anything is appended, everything before it was published
 */
export async function runLogged(
  environment: Environment,
  batch: Batch,
  shard: ShardDescription,
  isOutOfTime: () => boolean,
  report: InvocationReport,
): Promise<BatchResponse> {
  const items = itemsOf(environment, batch)
  const knowledge: Knowledge = {
    suspect: undefined,
    poison: undefined,
    mostUnits: environment.unitsPerCommit,
    isResumed: false,
    answers: environment.answers(),
    isHurried: false,
  }
  for (let futile = 0; futile < mostFutileRounds; futile++) {
    const state = environment.take(shard.id) ?? (await loadOrOpen(environment, shard, report))
    if (state === 'stale') continue
    await publish(environment, state, report)
    if (state.head.sealed) return answerSealed(state, batch)
    for (;;) {
      const step = await commitStep(environment, state, batch, items, shard, isOutOfTime, knowledge, report)
      if (step.kind === 'again') break
      if (step.kind === 'asked') {
        futile--
        break
      }
      futile = 0
      report.watermark = state.watermark
      report.version = state.head.version
      report.stateBytes = state.storedBytes
      if (step.kind === 'committed') continue
      environment.keep(state)
      return step.response
    }
  }
  throw new RetryBatchError(
    `Cannot commit to "${shard.id}" of stage "${environment.stage.name}": begun ${mostFutileRounds} times, another writer was ahead each time`,
  )
}

type Step =
  /** Load and begin again. */
  | { readonly kind: 'again' }
  /** The same, and it was not in vain: what the run lacked was asked for. */
  | { readonly kind: 'asked' }
  /** The batch has more. */
  | { readonly kind: 'committed' }
  | { readonly kind: 'answer'; readonly response: BatchResponse }

const again: Step = { kind: 'again' }

/** One commit: page what must be, run what is not consumed yet, append, publish. */
async function commitStep(
  environment: Environment,
  state: ShardState,
  batch: Batch,
  items: readonly ShuffleRecord[],
  shard: ShardDescription,
  isOutOfTime: () => boolean,
  knowledge: Knowledge,
  report: InvocationReport,
): Promise<Step> {
  const left = items.filter(item => isBeyond(state, item.record))
  if (left.length === 0) return { kind: 'answer', response: acknowledgeAll }
  if ((await pageBefore(environment, state, report)) === 'stale') return again
  const touched = new Set(left.flatMap(item => [...groupsOf(state, item)]))
  if ((await loadGroups(environment, state, touched)) === 'stale') return again

  const { tallies } = state
  const through = state.head.through
  const limits: RunLimits = {
    mostUnits: knowledge.mostUnits,
    mostBytes: roughCommitBytes,
    isOutOfTime: () => !knowledge.isHurried && isOutOfTime(),
  }
  const units = new UnitCounter(state, limits, environment.stage.onError, knowledge.poison)
  const { answers } = knowledge
  const isSource = environment.stage.input.kind === 'source'
  const mark = isSource ? state.mark() : undefined
  const ask = async (): Promise<Step> => {
    await askFor(knowledge, environment, state, mark, left[0].record.sequence, isOutOfTime)
    return { kind: 'asked' }
  }
  state.context.answers = answers
  // A user record counts once it has begun, a message once it is done.
  answers.begin(() => units.done - (isSource ? 1 : 0))
  state.outbox.begin(state.head.version + 1)
  const outcome = runAll(environment, state, batch, left, shard, units, limits, knowledge.isResumed)
  if (answers.isLacking) return ask()
  if (outcome.kind === 'threw') return learn(knowledge, outcome)
  const isUnchanged = units.done === 0 && state.head.through === through && outcome.kind !== 'cut'
  if (isUnchanged) return answerOf(outcome)

  // What goes out once a commit is of no unit: half of them may lack less.
  answers.begin(() => Math.floor(units.done / 2))
  const change = cutCommit(environment, state, units, knowledge)
  if (answers.isLacking) return ask()
  if (change === undefined) return again
  if ((await append(environment, state, change, report)) === 'stale') return again
  countCommitted(report, tallies, state.tallies)
  report.messagesOut += state.outbox.messagesOut
  await publish(environment, state, report)
  // What was too much for one commit may not be for the next.
  environment.unitsPerCommit *= 2
  knowledge.mostUnits = environment.unitsPerCommit
  // Places of timers count from the version that the run began with: in the next one they would name others.
  knowledge.poison = undefined
  answers.committed()
  knowledge.isHurried = false
  knowledge.isResumed = outcome.kind === 'cut'
  if (outcome.kind !== 'cut') return answerOf(outcome)
  const next = left.find(item => isBeyond(state, item.record))
  return next !== undefined && isOutOfTime()
    ? { kind: 'answer', response: failFrom(next.record.sequence) }
    : { kind: 'committed' }
}

/** Runs records in order until something stops it. Synchronous. */
function runAll(
  environment: Environment,
  state: ShardState,
  batch: Batch,
  items: readonly ShuffleRecord[],
  shard: ShardDescription,
  units: UnitCounter,
  limits: RunLimits,
  isResumed: boolean,
): RunOutcome {
  const take = taker(environment, state, batch, shard, units, isResumed)
  try {
    for (const [i, item] of items.entries()) {
      const { sequence } = item.record
      if (i > 0 && limits.isOutOfTime()) return { kind: 'deadline', next: sequence }
      if (i > 0 && units.isFull) return { kind: 'cut' }
      const outcome = take(item)
      if (outcome !== 'taken') return outcome
      state.head.through = { sequence, sub: Number.MAX_SAFE_INTEGER }
    }
    return { kind: 'end' }
  } catch (thrown) {
    if (!(thrown instanceof UnitFailure)) throw thrown
    return { kind: 'threw', unit: units.done, place: thrown.place, error: thrown.cause }
  }
}

function taker(
  environment: Environment,
  state: ShardState,
  batch: Batch,
  shard: ShardDescription,
  units: UnitCounter,
  isResumed: boolean,
): (item: ShuffleRecord) => RunOutcome | 'taken' {
  const { stage } = environment
  if (stage.input.kind === 'shuffle') {
    const run = new MessageRun(state, units, isResumed)
    return item => run.take(item)
  }
  const run = new RecordRun(state, units)
  const place = { stage: stage.name, stream: batch.stream, shard: shard.id, pipelineVersion: state.pipelineVersion }
  const counts = { recordsIn: 0, malformed: 0, failed: 0, deadLetters: 0, duplicates: 0 }
  const reader = new SourceReader(stage.input.source, place, shard.range, counts, batch.repeats)
  return ({ record }) => {
    const { through } = state.head
    const before = { ...counts }
    const outcome = reader.read(record, 0, through?.sequence === record.sequence ? through.sub : -1, run)
    const { malformed, failed } = counts
    const letters = counts.deadLetters - before.deadLetters
    state.tally({
      messages: counts.recordsIn - before.recordsIn,
      malformed: malformed - before.malformed,
      deadLetters: letters,
      duplicates: counts.duplicates - before.duplicates,
      skipped: malformed + failed - before.malformed - before.failed - letters,
    })
    if (outcome.kind === 'done') return 'taken'
    if (outcome.kind === 'failed') return { kind: 'failed', next: outcome.sequence, error: outcome.error }
    if (outcome.sub > 0) state.head.through = { sequence: record.sequence, sub: outcome.sub - 1 }
    return { kind: 'cut' }
  }
}

/** Ends the run: what goes out once a commit, the delta, the bytes. Undefined when it must be run again, shorter or without a unit. */
function cutCommit(environment: Environment, state: ShardState, units: UnitCounter, knowledge: Knowledge) {
  try {
    for (const operator of state.chain.downwards) operator.flush?.()
  } catch (thrown) {
    if (!(thrown instanceof UserFunctionError)) throw thrown
    if (!knowledge.answers.isLacking) shorten(environment, units, knowledge, thrown)
    return undefined
  }
  if (knowledge.answers.isLacking) return undefined
  const { late, expired } = state.context.tallies
  state.tally({ late, expired })
  state.context.tallies.late = 0
  state.context.tallies.expired = 0
  const { outbox, announced } = state.outbox.finish(state.lineage, state.watermark, state.announced)
  state.announced = announced
  const delta = takeDeltas(state)
  const encoded = encodeChange(state, { delta, outbox })
  if (encoded.length <= limits.commitBodyBytes) return { delta, outbox, encoded }
  const problem = new Error(
    `its state and outputs take ${encoded.length} bytes, more than the ${limits.commitBodyBytes} that a commit holds`,
  )
  shorten(environment, units, knowledge, new UserFunctionError(environment.stage.name, problem))
  return undefined
}

/** The run as a whole failed: half of it may not, and a single unit that does so twice is poison. */
function shorten(environment: Environment, units: UnitCounter, knowledge: Knowledge, error: UserFunctionError): void {
  if (units.done > 1) {
    knowledge.mostUnits = Math.floor(units.done / 2)
    environment.unitsPerCommit = Math.max(1, knowledge.mostUnits)
  } else if (units.first !== undefined) {
    if (isSameUnit(knowledge.suspect, units.first)) knowledge.poison = { place: units.first, error }
    knowledge.suspect = units.first
  } else {
    throw error
  }
}

/**
 * A unit threw. First what is before it is committed; then it runs again on state that is known to be right; and when it throws again
 * it follows the error policy.
 */
function learn(knowledge: Knowledge, { unit, place, error }: Extract<RunOutcome, { kind: 'threw' }>): Step {
  if (isSameUnit(knowledge.suspect, place)) knowledge.poison = { place, error }
  knowledge.suspect = place
  if (unit > 0 && knowledge.poison?.place !== place) knowledge.mostUnits = unit
  return again
}

function answerOf(outcome: RunOutcome): Step {
  switch (outcome.kind) {
    case 'deadline':
      return { kind: 'answer', response: failFrom(outcome.next) }
    case 'failed':
      throw outcome.error
    default:
      return { kind: 'answer', response: acknowledgeAll }
  }
}

async function loadOrOpen(
  environment: Environment,
  shard: ShardDescription,
  report: InvocationReport,
): Promise<ShardState | 'stale'> {
  report.coldLoads++
  return (await load(environment, shard, 'alone')) ?? (await open(environment, shard, report))
}

/** Children own the key groups of a sealed log: what it has not consumed must never be acknowledged (protocol, 7). */
function answerSealed(state: ShardState, batch: Batch): BatchResponse {
  const beyond = batch.records.find(record => isBeyond(state, record))
  if (beyond === undefined) return acknowledgeAll
  throw new RetryBatchError(
    `Cannot take record ${beyond.sequence}: the log of ${state.shard} was sealed before it, although the shard still delivers`,
  )
}

function isBeyond(state: ShardState, record: BatchRecord): boolean {
  const { through } = state.head
  if (through === undefined) return true
  const order = compareSequenceNumbers(record.sequence, through.sequence)
  return order > 0 || (order === 0 && through.sub < Number.MAX_SAFE_INTEGER)
}

function itemsOf(environment: Environment, batch: Batch): ShuffleRecord[] {
  return environment.stage.input.kind === 'source'
    ? batch.records.map(record => ({ record, chunk: undefined }))
    : batch.records.map(record => shuffleRecordOf(batch.stream, record))
}
