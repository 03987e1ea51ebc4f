import type { KinesisStreamEvent, MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda'

/** What Lambda's event source mappings for Amazon MSK and for Kafka clusters of one's own hand over. */
export type KafkaEvent = MSKEvent | SelfManagedKafkaEvent

/** What a stage is invoked with: records of a Kinesis stream, or of a topic where the source says `from: kafka(...)`. */
export type StageEvent = KinesisStreamEvent | KafkaEvent
