import type { MSKEvent, MSKRecord } from 'aws-lambda'
import { testArrivalMs } from './test-cloud.ts'

/** A record of a Kafka topic in a test: its value alone, or with what it came with. */
export type TestKafkaRecord =
  | string
  | Uint8Array
  | {
      /** Null: a tombstone, as compacted topics have them. */
      readonly value: string | Uint8Array | null
      readonly key?: string | Uint8Array
      /** @default 0 */
      readonly partition?: number
      /** @default one more than that of the record before it in the event and partition, the first one 0 */
      readonly offset?: number
      /** @default 2026-01-01T00:00:00Z */
      readonly timestamp?: string | number | Date
    }

/**
 * The event that Lambda hands to a stage for records of a Kafka topic, of one or several partitions. The same event twice is what a retry
 * looks like.
 *
 * @example
 * await clicks(kafkaEvent('web.clicks', [{ partition: 2, offset: 17, value: '{"page":"/"}' }]), lambdaContext())
 */
export function kafkaEvent(topic: string, records: readonly TestKafkaRecord[]): MSKEvent {
  const byPartition: Record<string, MSKRecord[]> = {}
  for (const record of records) {
    const whole = typeof record === 'string' || record instanceof Uint8Array ? { value: record } : record
    const { value, key = '', partition = 0, timestamp = testArrivalMs } = whole
    const name = `${topic}-${partition}`
    const own = byPartition[name] ?? []
    byPartition[name] = own
    const offset = whole.offset ?? (own.at(-1)?.offset ?? -1) + 1
    own.push({
      topic,
      partition,
      offset,
      timestamp: new Date(timestamp).getTime(),
      timestampType: 'CREATE_TIME',
      key: base64(key),
      value: value === null ? '' : base64(value),
      headers: [],
    })
  }
  return {
    eventSource: 'aws:kafka',
    eventSourceArn: 'arn:aws:kafka:eu-central-1:000000000000:cluster/test/00000000-0000-0000-0000-000000000000-1',
    bootstrapServers: 'test:9092',
    records: byPartition,
  }
}

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64')
