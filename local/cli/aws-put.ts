import type { ShardId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import { refusalOf } from '../../shared/ports/refusals.ts'
import type { PutRecord, StreamsPort } from '../../shared/ports/streams.ts'

/**
 * Puts all records in the order given within each partition key: PutRecords keeps none, so a call takes one record of each key, and the next
 * one begins when all of them are in. Those that Kinesis refuses are put again, for as long as it takes some. Answers the shard of each record.
 */
export async function putInOrder(
  streams: StreamsPort,
  host: { sleep(ms: number): Promise<void> },
  stream: string,
  records: readonly PutRecord[],
): Promise<readonly ShardId[]> {
  for (const record of records) {
    const reason = refusalOf(record)
    if (reason !== undefined) throw new Error(`Cannot put a record in stream "${stream}": ${reason}`)
  }
  const shardOf = new Map<PutRecord, ShardId>()
  for (const call of callsOf(records)) {
    let left = call
    for (let failures = 0; left.length > 0; ) {
      const outcomes = await streams.putRecords(stream, left)
      const refused: PutRecord[] = []
      for (const [i, record] of left.entries()) {
        const outcome = outcomes[i]
        if (outcome?.kind === 'accepted') shardOf.set(record, outcome.shard)
        else refused.push(record)
      }
      failures = refused.length < left.length ? 0 : failures + 1
      if (failures === mostFailures) {
        const first = outcomes.find(outcome => outcome.kind === 'refused')
        const reason = first?.kind === 'refused' ? first.reason : 'without a reason'
        throw new Error(`Cannot put records in stream "${stream}": all are refused again and again, ${reason}`)
      }
      left = refused
      if (left.length > 0) await host.sleep(Math.min(longestPauseMs, firstPauseMs * 2 ** failures))
    }
  }
  return records.flatMap(record => shardOf.get(record) ?? [])
}

/** In a row; with the pauses between them it is half a minute. */
const mostFailures = 20
const firstPauseMs = 50
const longestPauseMs = 2_000

function callsOf(records: readonly PutRecord[]): PutRecord[][] {
  const calls: PutRecord[][] = []
  let keys = new Set<string>()
  let bytes = 0
  for (const record of records) {
    const { data, partitionKey } = record
    const size = data.length + Buffer.byteLength(partitionKey)
    const call = calls.at(-1)
    const isFull = call?.length === limits.putRecordsCount || bytes + size > limits.putRecordsBytes
    if (call === undefined || isFull || keys.has(partitionKey)) {
      calls.push([record])
      keys = new Set([partitionKey])
      bytes = size
    } else {
      call.push(record)
      keys.add(partitionKey)
      bytes += size
    }
  }
  return calls
}

/** Works on all things, at most `most` at a time. Answers in their order. */
export async function inTurns<T, R>(things: readonly T[], most: number, work: (thing: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    while (next < things.length) {
      const at = next++
      results[at] = await work(things[at])
    }
  }
  await Promise.all(Array.from({ length: Math.min(most, things.length) }, worker))
  return results
}
