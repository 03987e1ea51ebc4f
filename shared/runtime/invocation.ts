import type { KinesisStreamEvent } from 'aws-lambda'
import { prepareCodecs } from '#runtime/prepare-codecs'
import { repeatsIn } from '#runtime/repeats'
import type { InvocationReport } from '../ports/host.ts'
import { type Batch, type BatchResponse, batchOf } from './batch.ts'
import type { Environment } from './environment.ts'
import { runLogged } from './logged.ts'
import { newReport } from './report.ts'
import { runTransient } from './transient.ts'

/** Share of an invocation's time that is kept for commit, publish and answer, and the most that it ever needs. */
const keptShare = 0.2
const keptMs = 5_000

/**
 * One record's way. The platform hands over a batch of one shard, in order; it may do so again, cut differently, elsewhere, while a slow
 * earlier invocation is still alive.
 *
 * 1. read: records of one shard; deaggregate; drop what the log says is done, and what a feed has put twice
 * 2. decode: bytes to a typed value, or a dead letter; before the batch is run, codecs learn what it needs
 * 3. time: event time, and the watermark between records
 * 4. operate: the fused chain, synchronously
 * 5. commit: one conditional append (logged stage)
 * 6. emit: chunks to the next stages, rows to views, records to sinks
 * 7. answer: at most one failed item, the first record that was not dealt with
 *
 * Throws when nothing of the batch can be acknowledged: the platform retries the batch. `onFailure` hears before what had been done.
 */
export function invoke(
  environment: Environment,
  event: KinesisStreamEvent,
  remainingMs: () => number,
  onFailure?: (report: InvocationReport) => void,
): Promise<Invoked> {
  return invokeBatch(environment, batchOf(event, environment.stage.input.stream), remainingMs, onFailure)
}

export type Invoked = { readonly response: BatchResponse; readonly report: InvocationReport }

/** The same, of a batch that came in an event of another service. */
export async function invokeBatch(
  environment: Environment,
  batch: Batch,
  remainingMs: () => number,
  onFailure: (report: InvocationReport) => void = () => {},
): Promise<Invoked> {
  const { stage } = environment
  const shard = await environment.shard(batch.stream, batch.shard, batch.shards)
  const report = newReport(stage.name, batch.shard)
  const kept = Math.min(keptMs, remainingMs() * keptShare)
  const isOutOfTime = () => remainingMs() < kept
  const run = stage.kind === 'logged' ? runLogged : runTransient
  try {
    await prepareCodecs(environment, batch)
    const repeats = await repeatsIn(environment, batch)
    const whole = repeats === undefined ? batch : { ...batch, repeats }
    const response = await run(environment, whole, shard, isOutOfTime, report)
    return { response, report }
  } catch (thrown) {
    onFailure(report)
    throw thrown
  }
}
