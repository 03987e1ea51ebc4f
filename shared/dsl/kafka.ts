import { ConfigurationError } from '../model/errors.ts'
import type { KafkaTopic } from '../plan/source.ts'

/** Where a Kafka source reads. */
export type KafkaOptions = {
  /** @default the source's name */
  readonly topic?: string
  /**
   * How many the topic has. Each is a shard, whose watermark counts whether it has records or not. After partitions were added to the topic:
   * deploy the pipeline with the new number; until then it stops at records of a partition that it does not know, and loses none.
   */
  readonly partitions: number
}

/** Of a topic that is named yet by nothing but the source. */
export type KafkaOrigin = { readonly kind: 'kafka'; readonly topic: string | undefined; readonly partitions: number }

/** More would be none that Kafka is run with. */
const mostPartitions = 100_000

/**
 * A topic of Amazon MSK or of a Kafka cluster of one's own, for `from` of a source. Lambda's event source mapping hands over its records; a
 * partition is a shard, an offset a sequence number, the key's text the partition key, and the record's timestamp when it arrived. A
 * record without a value, as compacted topics have them, comes to the codec as no bytes.
 *
 * An event of Kafka brings records of several partitions and is retried as a whole. So the stage is logged: it commits how far it is in
 * each partition, and drops what it has had.
 *
 * Locally the source is a stream like any other: `drive`, `millrace dev` and `run` need no Kafka.
 *
 * @example
 * const clicks = pipeline('clicks', ({ source }) => {
 *   const read = source('clicks', { codec: json<{ page: string }>(), from: kafka({ topic: 'web.clicks', partitions: 12 }) })
 *   return { pages: read.keyBy('page').count('per-page') }
 * })
 */
export function kafka({ topic, partitions }: KafkaOptions): KafkaOrigin {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > mostPartitions) {
    throw new ConfigurationError(
      `Cannot read from Kafka: there are ${partitions} partitions, expected a whole number of 1 to ${mostPartitions}`,
    )
  }
  if (topic === '') throw new ConfigurationError('Cannot read from Kafka: the topic has no name')
  return Object.freeze({ kind: 'kafka', topic, partitions })
}

/** The topic of a source. */
export const topicFor = ({ topic, partitions }: KafkaOrigin, source: string): KafkaTopic =>
  Object.freeze({ kind: 'kafka', topic: topic ?? source, partitions })
