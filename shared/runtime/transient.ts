import { publishChunks, putInOrder } from '../emit/publisher.ts'
import { producerOf, type SequenceNumber } from '../model/ids.ts'
import type { InvocationReport } from '../ports/host.ts'
import type { ShardDescription } from '../ports/streams.ts'
import { acknowledgeAll, type Batch, type BatchResponse, failFrom } from './batch.ts'
import type { Environment } from './environment.ts'
import { RefusedRecords } from './refused-records.ts'
import { SourceReader } from './source-reader.ts'
import { TransientChain } from './transient-chain.ts'

/**
 * Invocation of a transient stage: publish, then return. It keeps nothing; Lambda's checkpoint is its checkpoint, and receivers drop
 * what a retry puts again, by position. At the first record that fails by policy it stops: nothing after it is published, and its
 * watermark is as of before it (protocol [m]).
 */
export async function runTransient(
  environment: Environment,
  batch: Batch,
  shard: ShardDescription,
  isOutOfTime: () => boolean,
  report: InvocationReport,
): Promise<BatchResponse> {
  const { stage, plan, ports } = environment
  if (stage.input.kind !== 'source')
    throw new Error(`Cannot run stage "${stage.name}": a transient stage reads a source`)
  environment.transientChain ??= new TransientChain(stage, environment.sizes.chunkBytes)
  const chain = environment.transientChain
  const place = {
    stage: stage.name,
    stream: batch.stream,
    shard: shard.id,
    pipelineVersion: environment.pipelineVersion,
  }
  const { source } = stage.input
  const told = environment.told.get(shard.id) ?? new Map<string, number>()
  const stageBehind = (stream: string) => stage.shuffles.find(shuffle => shuffle.stream === stream)?.stage ?? stream
  const refused = new RefusedRecords()
  const before = { ...report }
  let end: BatchEnd
  let output: ReturnType<TransientChain['chunks']>
  do {
    Object.assign(report, before)
    chain.start(shard.id, refused)
    end = readAll(
      batch,
      new SourceReader(source, place, shard.range, report, batch.repeats),
      chain,
      isOutOfTime,
      report,
    )
    output = chain.chunks(environment.lineage(batch.stream, shard.id), told)
  } while (refused.findIn(output.chunks, stageBehind))

  const { next, failure } = end
  report.messagesOut += chain.messagesOut
  report.watermark = chain.watermark
  const letters = [...chain.letters]
  const records = [...chain.records]
  const begunMs = ports.clock.now()
  await publishChunks(ports, producerOf(stage.name, shard.id), output.chunks)
  for (const [stream, list] of records) await putInOrder(ports, stream, list)
  if (letters.length > 0) await ports.deadLetters.put(plan.name, letters)
  environment.told.set(shard.id, output.told)
  for (const [, list] of records) report.sinkRecords += list.length
  report.publishMs += ports.clock.now() - begunMs
  if (failure !== undefined && next === batch.records[0].sequence) throw failure
  return next === undefined ? acknowledgeAll : failFrom(next)
}

/** Where a batch was left: the first record that was not dealt with, and why, where it failed by policy. */
type BatchEnd = { readonly next?: SequenceNumber; readonly failure?: Error }

function readAll(
  batch: Batch,
  reader: SourceReader,
  chain: TransientChain,
  isOutOfTime: () => boolean,
  report: InvocationReport,
): BatchEnd {
  for (const [i, record] of batch.records.entries()) {
    if (i > 0 && isOutOfTime()) return { next: record.sequence }
    const { recordsIn, malformed, failed, deadLetters } = report
    const outcome = reader.read(record, chain.nextRecord(record.sequence), -1, chain)
    if (outcome.kind === 'failed') {
      chain.discardRecord()
      // The record comes again as a whole: nothing of it counts yet.
      Object.assign(report, { recordsIn, malformed, failed, deadLetters })
      return { next: outcome.sequence, failure: outcome.error }
    }
    chain.endRecord()
  }
  return {}
}
