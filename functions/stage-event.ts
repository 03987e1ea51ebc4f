import type {
  DynamoDBStreamEvent,
  KinesisStreamEvent,
  MSKEvent,
  S3Event,
  S3NotificationEvent,
  ScheduledEvent,
  SelfManagedKafkaEvent,
  SQSEvent,
} from 'aws-lambda'

/** What Lambda's event source mappings for Amazon MSK and for Kafka clusters of one's own hand over. */
export type KafkaEvent = MSKEvent | SelfManagedKafkaEvent

/** What has a source look for new files: a schedule, or S3 telling of one, itself or by EventBridge. */
export type FolderEvent = ScheduledEvent | S3Event | S3NotificationEvent

/** What a source's function puts on the source's stream: messages of a queue, changes of a table. */
export type FeedEvent = SQSEvent | DynamoDBStreamEvent

/**
 * What a stage is invoked with: records of a Kinesis stream, or of a topic where the source says `from: kafka(...)`, or anything that is no
 * records where it says `from: files(...)`; where it says `from: sqs()` or `from: dynamodb()`, those of its feed beside those of its stream.
 */
export type StageEvent = KinesisStreamEvent | KafkaEvent | FolderEvent | FeedEvent
