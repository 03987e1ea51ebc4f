import type { SQSRecord } from 'aws-lambda'
import { feedKeyOf, feedRecord } from '../../shared/emit/feed-key.ts'
import type { OutboxRecord } from '../../shared/emit/outbox.ts'

/**
 * A message of a queue, whenever and however often it is received. Those of a FIFO queue have a sequence number, and are in order within their
 * group; those of another may have a group too, as fair queues share out by it, and no order.
 */
export function messageRecord({ messageId: id, body, attributes }: SQSRecord): OutboxRecord {
  const { SentTimestamp, SequenceNumber, MessageGroupId } = attributes
  const isOrdered = SequenceNumber !== undefined && MessageGroupId !== undefined
  return feedRecord(
    { id, atMs: Number(SentTimestamp), key: isOrdered ? MessageGroupId : feedKeyOf(id) },
    Buffer.from(body, 'utf8'),
  )
}
