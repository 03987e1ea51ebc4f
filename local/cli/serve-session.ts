import { setTimeout as sleep } from 'node:timers/promises'
import { tick } from '../../functions/system/tick.ts'
import { RetryBatchError } from '../../shared/model/errors.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { StreamsPort } from '../../shared/ports/streams.ts'
import type { Deployment } from '../functions/deployment.ts'
import type { DevStatus } from './dev-status.ts'
import { serveStages } from './serve-stages.ts'

/** How a session is told to end. */
export type SessionEnd = {
  /** Between two invocations. */
  readonly stop: AbortSignal
  /** The program changes: what is between two stages is dealt with first, as an edit may give it another meaning. */
  readonly drain: AbortSignal
}

export type Session = {
  readonly plan: Plan
  readonly streams: StreamsPort
  readonly deployment: Deployment
  readonly inputs: readonly SessionInput[]
  readonly status: DevStatus
  /** Of data that was put and is not dealt with. */
  readonly backlogBytes: () => number
  /** A file is not loaded faster than its records are processed: this much may wait. */
  readonly mostBacklogBytes: number
  readonly tickMs: number
}

/** A file that is put in a stream as long as there is room. */
type SessionInput = { load(room: () => Promise<void>, until: AbortSignal): Promise<void> }

/** At most one line in this time. */
const statusMs = 2_000

/**
 * Serves the stages of a pipeline, loads its files and puts its ticks, as a clock function does where it is deployed: windows close and timers
 * fire although nothing arrives. Ends when it is told to; rejects when something happens that only a person can mend.
 */
export async function serveSession(session: Session, end: SessionEnd): Promise<void> {
  const { plan, streams, deployment, inputs, status, backlogBytes, mostBacklogBytes, tickMs } = session
  const broken = new AbortController()
  const guarded = (work: () => Promise<unknown>) => () => void work().catch(error => broken.abort(error))
  const stop = AbortSignal.any([end.stop, broken.signal])
  const loadUntil = AbortSignal.any([stop, end.drain])
  const room = async () => {
    while (!loadUntil.aborted && backlogBytes() > mostBacklogBytes) await sleep(20)
  }
  const ticked = plan.stages.flatMap(({ input }) => (input.kind === 'shuffle' ? [input.stream] : []))
  const timers = [
    setInterval(
      guarded(() => tick(streams, ticked).catch(unlessRetriable)),
      tickMs,
    ),
    setInterval(
      guarded(() => status.print()),
      statusMs,
    ),
  ]
  try {
    const loading = inputs.map(input => input.load(room, loadUntil).catch(error => broken.abort(error)))
    await Promise.all([serveStages(deployment, { stop, drain: end.drain }), ...loading])
    broken.signal.throwIfAborted()
    await status.print()
  } finally {
    broken.abort()
    for (const timer of timers) clearInterval(timer)
  }
}

/** A tick that did not get through is made up for by the next. */
function unlessRetriable(error: unknown): void {
  if (!(error instanceof RetryBatchError)) throw error
}
