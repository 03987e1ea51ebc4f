import type { Codec } from './codec.ts'
import { attributes, plainItem } from './dynamodb-value.ts'
import { Fields, jsonObject, type RowChange, rowOf } from './row-change.ts'

const what = 'DynamoDB change'
const kinds: Readonly<Record<string, RowChange<unknown>['kind']>> = {
  INSERT: 'insert',
  MODIFY: 'updateAfter',
  REMOVE: 'delete',
}

/**
 * Changes of a DynamoDB table, as Kinesis Data Streams for DynamoDB writes them: items as plain objects, by
 * `ApproximateCreationDateTime`. Of a delete the row is the old image, or the keys where there is none. Without `validate` the row's type
 * is taken on trust; with it, the row is what `validate` returns.
 *
 * The stream may hold a change twice, and changes of an item out of order: `materialize` them by event time. A source with `from: dynamodb()`
 * reads the table's own stream in place of it, each change once and in order.
 *
 * ```ts
 * export const table = pipeline('table', ({ source }) => {
 *   const users = source('users', { codec: dynamodbChanges<{ id: string }>(), eventTime: change => change.time })
 *     .keyBy('user', change => change.row.id)
 *     .materialize('users', { by: 'eventTime' })
 *   return { users }
 * })
 * ```
 */
export function dynamodbChanges<Row>(validate?: (row: unknown) => Row): Codec<RowChange<Row>> {
  return {
    name: 'dynamodb changes',
    decode: (bytes, start, end) => decode(new Fields(what, jsonObject(what, bytes, start, end)), validate),
    encode: change => Buffer.from(JSON.stringify(recordOf(change)), 'utf8'),
  }
}

function decode<Row>(record: Fields, validate: ((row: unknown) => Row) | undefined): RowChange<Row> {
  const name = record.value('eventName')
  const kind = typeof name === 'string' ? kinds[name] : undefined
  if (kind === undefined) return record.refuse('eventName', 'INSERT, MODIFY or REMOVE')
  const change = record.object('dynamodb')
  const image = (field: string) => rowOf(what, plainItem(change.record(field)), validate)
  const before = change.has('OldImage') ? image('OldImage') : undefined
  const row = kind === 'delete' ? (before ?? image('Keys')) : image('NewImage')
  const isMicros = change.value('ApproximateCreationDateTimePrecision') === 'MICROSECOND'
  const stamp = change.number('ApproximateCreationDateTime')
  const time = isMicros ? Math.floor(stamp / 1_000) : stamp
  return { kind, row, ...(before !== undefined && { before }), time }
}

function recordOf<Row>({ kind, row, before, time }: RowChange<Row>): unknown {
  const old = kind === 'delete' ? (before ?? row) : before
  const eventName = Object.entries(kinds).find(([, each]) => each === kind)?.[0]
  const dynamodb = {
    ApproximateCreationDateTime: time,
    ...(kind !== 'delete' && { NewImage: attributes(Object(row)) }),
    ...(old !== undefined && { OldImage: attributes(Object(old)) }),
  }
  return { eventName, eventSource: 'aws:dynamodb', recordFormat: 'application/json', dynamodb }
}
