import { type Duration, days } from '../model/duration.ts'
import type { TableStream } from '../plan/source.ts'
import { remembered } from './fed-once.ts'

/** How the stream of a DynamoDB table is read. */
export type DynamodbOptions = {
  /**
   * How long the id of a change is kept after it came, so that a repeat is known as such. A table's stream keeps changes for 24 hours: that
   * long, and longer by how far the source's stage may be behind. Until then each change takes half a kilobyte of memory in stage
   * `NAME-once`. Default 2 days.
   */
  readonly remember?: Duration
}

/** The stream of a table that is given when the pipeline is deployed. */
export type DynamodbOrigin = TableStream

/**
 * The stream of a DynamoDB table (DynamoDB Streams), for `from` of a source with the codec `dynamodbChanges`. Lambda's event source mapping hands
 * its records to the source's function, which puts them on the source's Kinesis stream as Kinesis Data Streams for DynamoDB would. Unlike
 * there, each change counts once and those of an item stay in their order: a repeat is told by the change's id, in a keyed stage
 * `NAME-once`. The event time is when the item changed, unless `eventTime` says otherwise.
 *
 * Locally the source is a stream like any other: `drive`, `millrace dev` and `run` need no table.
 *
 * @example
 * const users = pipeline('users', ({ source }) => {
 *   const changes = source('users', { codec: dynamodbChanges<{ id: string }>(), from: dynamodb() })
 *   return { users: changes.keyBy('user', change => change.row.id).materialize('users') }
 * })
 */
export const dynamodb = ({ remember = days(2) }: DynamodbOptions = {}): DynamodbOrigin =>
  Object.freeze({ kind: 'dynamodb', rememberMs: remembered(remember, 'the stream of a DynamoDB table') })
