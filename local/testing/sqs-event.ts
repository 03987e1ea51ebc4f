import { createHash } from 'node:crypto'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { testArrivalMs } from './test-cloud.ts'

/** A message of a queue in a test: its body alone, or with what it came with. */
export type TestSqsMessage =
  | string
  | {
      readonly body: string
      /** @default another one for each message */
      readonly messageId?: string
      /** Of a FIFO queue, in which messages are in order. @default `group` */
      readonly group?: string
      /** @default 2026-01-01T00:00:00Z */
      readonly sent?: string | number | Date
    }

let messages = 0

/**
 * The event that Lambda hands to a source's function for messages of a queue, of a FIFO queue where its name ends in `.fifo`. The same event
 * twice is what a retry looks like. The function puts them on the source's stream.
 *
 * @example
 * await orders(sqsEvent('incoming.fifo', [{ body: '{"article":"pen"}', group: 'customer-7' }]), lambdaContext())
 * await testCloud(shop).deliver('orders')
 */
export function sqsEvent(queue: string, list: readonly TestSqsMessage[]): SQSEvent {
  return { Records: list.map(message => recordOf(queue, typeof message === 'string' ? { body: message } : message)) }
}

function recordOf(queue: string, message: Exclude<TestSqsMessage, string>): SQSRecord {
  const number = ++messages
  const { body, messageId = `message-${number}`, group = 'group', sent = testArrivalMs } = message
  const sentMs = String(new Date(sent).getTime())
  const ordered = { SequenceNumber: String(number).padStart(20, '0'), MessageGroupId: group }
  return {
    messageId,
    receiptHandle: `receipt of ${messageId}`,
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: sentMs,
      SenderId: 'test',
      ApproximateFirstReceiveTimestamp: sentMs,
      ...(queue.endsWith('.fifo') && ordered),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:eu-central-1:000000000000:${queue}`,
    awsRegion: 'eu-central-1',
  }
}
