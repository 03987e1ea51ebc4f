import type { DynamoDBRecord } from 'aws-lambda'
import { feedKeyOf, feedRecord } from '../../shared/emit/feed-key.ts'
import type { OutboxRecord } from '../../shared/emit/outbox.ts'
import { limits } from '../../shared/model/limits.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'

/** A change of an item, as Kinesis Data Streams for DynamoDB writes it, which the codec `dynamodbChanges` reads. Changes of an item are in order. */
export function changeRecord(change: DynamoDBRecord): OutboxRecord {
  const { awsRegion, eventID, eventName, userIdentity = null, eventSource, dynamodb } = change
  if (eventID === undefined || dynamodb?.Keys === undefined || dynamodb.ApproximateCreationDateTime === undefined) {
    throw new TypeError(
      'Cannot read a change of a table: it has no event id, keys or time, expected those of its stream',
    )
  }
  const { ApproximateCreationDateTime: seconds, Keys, NewImage, OldImage, SizeBytes } = dynamodb
  const atMs = Math.round(seconds * 1_000)
  const written = {
    awsRegion,
    eventID,
    eventName,
    userIdentity,
    recordFormat: 'application/json',
    tableName: tableOf(change),
    dynamodb: { ApproximateCreationDateTime: atMs, Keys, NewImage, OldImage, SizeBytes },
    eventSource,
  }
  return feedRecord({ id: eventID, atMs, key: feedKeyOf(itemOf(Keys)) }, Buffer.from(JSON.stringify(written), 'utf8'))
}

type LetterPlace = { readonly stream: string; readonly pipelineVersion: string; readonly reason: string }

/** Of a change that is too large to be a record. */
export function changeLetter(
  change: DynamoDBRecord,
  { partitionKey, data }: OutboxRecord,
  { stream, pipelineVersion, reason }: LetterPlace,
): DeadLetter {
  return {
    id: `${stream}/${change.eventID}`,
    kind: 'change',
    pipelineVersion,
    stage: stream,
    stream,
    place: `${tableOf(change)} ${change.eventID}`,
    partitionKey,
    sub: 0,
    reason: `Cannot put the change on stream "${stream}": ${reason}`,
    payload: new Uint8Array(data.subarray(0, limits.deadLetterBytes)),
    payloadBytes: data.length,
  }
}

/** The item that the keys name: they may have kilobytes. */
const itemOf = (keys: object): string => JSON.stringify(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1)))

/** By the stream's ARN: `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/LABEL`. */
const tableOf = ({ eventSourceARN }: DynamoDBRecord): string | undefined => eventSourceARN?.split('/')[1]
