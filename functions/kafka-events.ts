import type { MSKRecord } from 'aws-lambda'
import { RetryBatchError, StopDeploymentError } from '../shared/model/errors.ts'
import { wholeRange } from '../shared/model/hash-range.ts'
import { type ShardId, sequenceNumber, shardId } from '../shared/model/ids.ts'
import type { KafkaTopic } from '../shared/plan/source.ts'
import type { ShardDescription } from '../shared/ports/streams.ts'
import type { Batch, BatchResponse } from '../shared/runtime/batch.ts'
import type { KafkaEvent } from './stage-event.ts'

/**
 * Each partition's batch is dealt with as far as it can be, whatever becomes of the others. Throws where one is not at its end: then all are
 * handed over again, and what was dealt with is dropped. Throws a StopDeploymentError for records that the program does not know.
 */
export async function eachPartition(
  event: KafkaEvent,
  stream: string,
  topic: KafkaTopic,
  run: (batch: Batch) => Promise<BatchResponse>,
): Promise<void> {
  let failure: { readonly thrown: unknown } | undefined
  for (const batch of batchesOf(event, stream, topic)) {
    try {
      const [first] = (await run(batch)).batchItemFailures
      if (first === undefined) continue
      throw new RetryBatchError(
        `Cannot go on in ${batch.shard} of source "${stream}": no time is left before offset ${first.itemIdentifier}, the next attempt goes on`,
      )
    } catch (thrown) {
      failure ??= { thrown }
    }
  }
  if (failure !== undefined) throw failure.thrown
}

/**
 * The batches of an event: one for each partition of the topic that has records, in the order of the partitions. Throws a
 * StopDeploymentError for records of another topic, or of a partition beyond those that the program knows.
 */
function batchesOf({ records }: KafkaEvent, stream: string, { topic, partitions }: KafkaTopic): Batch[] {
  const shards = Array.from({ length: partitions }, (_, partition) => partitionShard(partition))
  return Object.values(records)
    .filter(({ length }) => length > 0)
    .sort(([a], [b]) => a.partition - b.partition)
    .map(own => {
      const [{ topic: found, partition }] = own
      if (found !== topic) {
        throw new StopDeploymentError(
          `Cannot read source "${stream}": records of topic "${found}" came, expected topic "${topic}"`,
        )
      }
      if (partition >= partitions) {
        throw new StopDeploymentError(
          `Cannot read source "${stream}": a record of partition ${partition} of topic "${topic}" came and the program has ${partitions} of them, expected more as in kafka({ partitions: ${partition + 1} })`,
        )
      }
      return { stream, shard: idOf(partition), shards, records: own.map(recordOf) }
    })
}

/** In the order of the partitions as texts, too: the newest of a list is its last. */
const idOf = (partition: number): ShardId => shardId(`partition-${String(partition).padStart(6, '0')}`)

const partitionShard = (partition: number): ShardDescription => ({
  id: idOf(partition),
  parents: [],
  range: wholeRange,
  closed: false,
})

/** A record without key or value has none in the event, or null. */
const recordOf = ({ offset, key, value, timestamp }: MSKRecord): Batch['records'][number] => ({
  sequence: sequenceNumber(String(offset)),
  partitionKey: Buffer.from(key ?? '', 'base64').toString('utf8'),
  data: Buffer.from(value ?? '', 'base64'),
  arrivalMs: timestamp,
  control: undefined,
})
