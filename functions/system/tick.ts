import { encodeControl } from '../../shared/codecs/control.ts'
import { describeThrown, RetryBatchError } from '../../shared/model/errors.ts'
import { limits } from '../../shared/model/limits.ts'
import type { PutRecord, StreamsPort } from '../../shared/ports/streams.ts'

/**
 * Puts a tick on every open shard of the streams, and gives their number. A tick states its arrival time and nothing else, so one too many
 * does no harm and one that is missing is made up for by the next. A stream that fails does not keep the others from theirs: a
 * RetryBatchError names all that did, when all were tried.
 */
export async function tick(port: StreamsPort, streams: readonly string[]): Promise<number> {
  const outcomes = await Promise.allSettled(streams.map(stream => tickStream(port, stream)))
  const failures = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [describeThrown(outcome.reason)] : []))
  if (failures.length > 0) throw new RetryBatchError(failures.join('; '))
  return outcomes.reduce((sum, outcome) => sum + (outcome.status === 'fulfilled' ? outcome.value : 0), 0)
}

async function tickStream(port: StreamsPort, stream: string): Promise<number> {
  const open = (await port.listShards(stream)).filter(({ closed }) => !closed)
  const data = encodeControl({ kind: 'tick' })
  const ticks: PutRecord[] = open.map(({ range }) => ({ data, partitionKey: 'tick', explicitHashKey: range.from }))
  for (let at = 0; at < ticks.length; at += limits.putRecordsCount) {
    const answers = await port.putRecords(stream, ticks.slice(at, at + limits.putRecordsCount))
    const refused = answers.find(answer => answer.kind === 'refused')
    if (refused !== undefined) {
      throw new RetryBatchError(`Cannot tick stream "${stream}": Kinesis refused a record, ${refused.reason}`)
    }
  }
  return ticks.length
}
