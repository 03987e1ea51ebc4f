import type { DynamoDBRecord, DynamoDBStreamEvent, SQSEvent, SQSRecord } from 'aws-lambda'
import type { OutboxRecord } from '../../shared/emit/outbox.ts'
import { putInOrder } from '../../shared/emit/publisher.ts'
import { StopDeploymentError } from '../../shared/model/errors.ts'
import type { Feed } from '../../shared/plan/source.ts'
import type { Host } from '../../shared/ports/host.ts'
import { refusalOf } from '../../shared/ports/refusals.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import type { Environment } from '../../shared/runtime/environment.ts'
import type { StageEvent } from '../stage-event.ts'
import { changeLetter, changeRecord } from './dynamodb.ts'
import { messageRecord } from './sqs.ts'
import { together } from './together.ts'

/**
 * Puts the records of an event on the source's own stream, those of one key one after the other. Throws where not all were put: the event
 * comes again, what was put already is put once more, and dropped by its name. So a record is on the stream before its feed lets go of it.
 *
 * What no stream takes for its size: a message goes back to its queue, whose redrive policy deals with it: the answer names it by its id. With a
 * change of a table the source's `onMalformed` is done.
 */
export async function putFeed(
  environment: Environment,
  feed: Feed,
  event: StageEvent,
  host: Host,
): Promise<readonly string[]> {
  if ('Records' in event && event.Records.length === 0) return []
  const { name } = environment.stage
  switch (feed.kind) {
    case 'sqs':
      if (isOfQueue(event)) return putMessages(environment, event.Records, host)
      throw unknownRecords(name, event, '"aws:sqs", a queue of SQS')
    case 'dynamodb':
      if (!isOfTable(event)) throw unknownRecords(name, event, '"aws:dynamodb", the stream of a table of DynamoDB')
      await putChanges(environment, event.Records)
      return []
  }
}

async function putMessages(
  { stage, ports }: Environment,
  messages: readonly SQSRecord[],
  host: Host,
): Promise<readonly string[]> {
  const { stream } = stage.input
  const records: OutboxRecord[] = []
  const failed: string[] = []
  for (const message of messages) {
    const record = messageRecord(message)
    const reason = refusalOf(record)
    if (reason === undefined) {
      records.push(record)
      continue
    }
    failed.push(message.messageId)
    host.gaveBack?.(
      `Cannot put message "${message.messageId}" on stream "${stream}": ${reason}, it goes back to its queue for the redrive policy to deal with`,
    )
  }
  await putInOrder(ports, stream, together(records))
  return failed
}

async function putChanges(environment: Environment, changes: readonly DynamoDBRecord[]): Promise<void> {
  const { plan, stage, ports, pipelineVersion } = environment
  const { stream } = stage.input
  const policy = stage.input.kind === 'source' ? stage.input.source.onMalformed : 'fail'
  const records: OutboxRecord[] = []
  const letters: DeadLetter[] = []
  for (const change of changes) {
    const record = changeRecord(change)
    const reason = refusalOf(record)
    if (reason === undefined) records.push(record)
    else if (policy === 'deadLetter') letters.push(changeLetter(change, record, { stream, pipelineVersion, reason }))
    else if (policy === 'fail') {
      throw new StopDeploymentError(`Cannot put change "${change.eventID}" on stream "${stream}": ${reason}`)
    }
  }
  await putInOrder(ports, stream, together(records))
  if (letters.length > 0) await ports.deadLetters.put(plan.name, letters)
}

const isOfQueue = (event: StageEvent): event is SQSEvent => originOf(event) === 'aws:sqs'
const isOfTable = (event: StageEvent): event is DynamoDBStreamEvent => originOf(event) === 'aws:dynamodb'

const originOf = (event: StageEvent): unknown => ('Records' in event ? event.Records[0].eventSource : undefined)

const unknownRecords = (source: string, event: StageEvent, expected: string): StopDeploymentError =>
  new StopDeploymentError(
    `Cannot feed source "${source}": records of "${originOf(event)}" came, expected those of ${expected}`,
  )
