import { type Duration, days } from '../model/duration.ts'
import type { TableStream } from '../plan/source.ts'
import { remembered } from './remembered.ts'

/** How the stream of a DynamoDB table is read. */
export type DynamodbOptions = {
  /**
   * How long it is kept that a change was read, so that a repeat is known as such. A table's stream keeps changes for 24 hours: that long, and
   * longer by how far the source's stage may be behind. Each change takes an item of the pipeline's table until then. Default 3 days.
   */
  readonly remember?: Duration
}

/** The stream of a table that is given when the pipeline is deployed. */
export type DynamodbOrigin = TableStream

/**
 * The stream of a DynamoDB table (DynamoDB Streams), for `from` of a source with the codec `dynamodbChanges`. Lambda's event source mapping hands
 * its records to the source's function, which puts them on the source's Kinesis stream as Kinesis Data Streams for DynamoDB would. Unlike
 * there, each change counts once and those of an item stay in their order: a repeat is told by the change's id, which the
 * stage keeps in the pipeline's table. The event time is when the item changed, unless `eventTime` says otherwise.
 *
 * Locally the source is a stream like any other: `drive`, `millrace dev` and `run` need no table.
 *
 * @example
 * const users = pipeline('users', ({ source }) => {
 *   const changes = source('users', { codec: dynamodbChanges<{ id: string }>(), from: dynamodb() })
 *   return { users: changes.keyBy('user', change => change.row.id).materialize('users') }
 * })
 */
export const dynamodb = ({ remember = days(3) }: DynamodbOptions = {}): DynamodbOrigin =>
  Object.freeze({ kind: 'dynamodb', rememberMs: remembered(remember, 'the stream of a DynamoDB table') })
