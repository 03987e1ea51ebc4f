import type { AttributeValue, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda'
import { attributes } from '../../shared/codecs/dynamodb-value.ts'
import { testArrivalMs } from './test-cloud.ts'

/** A change of an item in a test: attributes as plain values. */
export type TestItemChange = {
  /** The item's key attributes. */
  readonly keys: object
  /** The item as it is now. @default none: it was deleted */
  readonly now?: object
  /** The item as it was. @default none: it was not there, or the stream does not say */
  readonly before?: object
  /** When it changed. @default 2026-01-01T00:00:00Z */
  readonly at?: string | number | Date
  /** @default another one for each change */
  readonly eventId?: string
}

let records = 0

/**
 * The event that Lambda hands to a source's function for changes of a DynamoDB table. The same event twice is what a retry looks like. The
 * function puts them on the source's stream.
 *
 * @example
 * await users(dynamodbEvent('users', [{ keys: { id: 'u1' }, now: { id: 'u1', name: 'Ada' } }]), lambdaContext())
 * await testCloud(directory).deliver('users')
 */
export const dynamodbEvent = (table: string, changes: readonly TestItemChange[]): DynamoDBStreamEvent => ({
  Records: changes.map(change => recordOf(table, change)),
})

function recordOf(table: string, { keys, now, before, at = testArrivalMs, eventId }: TestItemChange): DynamoDBRecord {
  const number = ++records
  const place = `arn:aws:dynamodb:eu-central-1:000000000000:table/${table}/stream/2026-01-01T00:00:00.000`
  return {
    eventID: eventId ?? `change-${number}`,
    eventName: now === undefined ? 'REMOVE' : before === undefined ? 'INSERT' : 'MODIFY',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'eu-central-1',
    eventSourceARN: place,
    dynamodb: {
      ApproximateCreationDateTime: new Date(at).getTime() / 1_000,
      Keys: imageOf(keys),
      ...(now !== undefined && { NewImage: imageOf(now) }),
      ...(before !== undefined && { OldImage: imageOf(before) }),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  }
}

const imageOf = (item: object): Record<string, AttributeValue> => attributes(item) as Record<string, AttributeValue>
