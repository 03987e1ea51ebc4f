export type { Crash, CrashOptions } from './awaits.ts'
export type { SinkBatch } from './call-log.ts'
export { drive } from './drive.ts'
export type { DriveOptions } from './drive-options.ts'
export type { DriverControls } from './driver-controls.ts'
export type { Driver, DriverOf } from './driver-types.ts'
export { dynamodbEvent, type TestItemChange } from './dynamodb-event.ts'
export type { Await, CrashPoint, Fault, Operation } from './faults.ts'
export { filesEvent } from './files-event.ts'
export { kafkaEvent, type TestKafkaRecord } from './kafka-event.ts'
export { type KinesisEventOptions, kinesisEvent, type TestRecord } from './kinesis-event.ts'
export { type LambdaContextOptions, lambdaContext } from './lambda-context.ts'
export type { PipelineCloud } from './pipeline-cloud.ts'
export type {
  CallsReader,
  DriverDeadLetter,
  FilesReader,
  SinkFile,
  StreamReader,
  StreamSinkRecord,
  ViewReader,
} from './readers.ts'
export type { SampleRandom, SampleRecords, Samples } from './samples.ts'
export type { PushOptions, SourceDriver } from './source-driver.ts'
export { sqsEvent, type TestSqsMessage } from './sqs-event.ts'
export { resetTestCloud, TestCloud, testCloud } from './test-cloud.ts'
