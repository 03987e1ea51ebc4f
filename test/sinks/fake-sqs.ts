import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { serve } from './serve.ts'

export type Sent = {
  readonly body: string
  readonly id: string
  readonly group?: string
  readonly deduplication?: string
}

type Entry = {
  readonly Id: string
  readonly MessageBody: string
  readonly MessageAttributes: { readonly 'millrace-id': { readonly StringValue: string } }
  readonly MessageGroupId?: string
  readonly MessageDeduplicationId?: string
}

/** What becomes of an entry. A lost one is taken, and the whole call answered with an error. */
export type Fate = 'taken' | 'throttled' | 'denied' | 'lost'

/** SendMessageBatch as Amazon SQS documents it: FIFO queues drop what they have seen, an entry may fail among others. */
export async function fakeSqs(t: TestContext, fateOf: (sent: Sent) => Fate = () => 'taken') {
  const queue: Sent[] = []
  const seen = new Set<string>()
  const calls: Sent[][] = []
  const url = await serve(t, ({ headers, text }) => {
    if (headers['x-amz-target'] !== 'AmazonSQS.SendMessageBatch') return { status: 400 }
    const { QueueUrl, Entries } = JSON.parse(text) as { readonly QueueUrl: string; readonly Entries: readonly Entry[] }
    const isFifo = QueueUrl.endsWith('.fifo')
    const problem = problemOf(Entries, isFifo)
    if (problem !== undefined) {
      const error = { __type: `com.amazonaws.sqs#${problem}`, message: problem }
      return { status: 400, headers: { 'content-type': 'application/x-amz-json-1.0' }, text: JSON.stringify(error) }
    }
    const Successful: object[] = []
    const Failed: object[] = []
    let isLost = false
    calls.push(Entries.map(sentOf))
    for (const entry of Entries) {
      const sent = sentOf(entry)
      const fate = fateOf(sent)
      if (fate === 'throttled' || fate === 'denied') {
        const denied = { Id: entry.Id, SenderFault: true, Code: 'AccessDenied', Message: 'no' }
        Failed.push(fate === 'denied' ? denied : { Id: entry.Id, SenderFault: false, Code: 'InternalError' })
        continue
      }
      isLost ||= fate === 'lost'
      if (!isFifo || !seen.has(sent.deduplication ?? '')) queue.push(sent)
      seen.add(sent.deduplication ?? '')
      Successful.push({ Id: entry.Id, MessageId: String(queue.length), MD5OfMessageBody: md5(entry.MessageBody) })
    }
    if (isLost) return { status: 503 }
    const body = JSON.stringify({ Successful, ...(Failed.length > 0 && { Failed }) })
    return { headers: { 'content-type': 'application/x-amz-json-1.0' }, text: body }
  })
  const forget = (): void => seen.clear()
  return { endpoint: url, queueUrl: `${url}/123456789012/orders`, queue, calls, forget }
}

function problemOf(entries: readonly Entry[], isFifo: boolean): string | undefined {
  if (entries.length < 1 || entries.length > 10) return 'TooManyEntriesInBatchRequest'
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) return 'BatchEntryIdsNotDistinct'
  const bytes = entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody) + 100, 0)
  if (bytes > 1024 * 1024) return 'BatchRequestTooLong'
  for (const { MessageGroupId: group, MessageDeduplicationId: name, MessageBody } of entries) {
    if (MessageBody === '') return 'InvalidParameterValue'
    if (isFifo !== (group !== undefined) || isFifo !== (name !== undefined)) return 'InvalidParameterValue'
    if (isFifo && !(/^[!-~]{1,128}$/.test(group ?? '') && /^[!-~]{1,128}$/.test(name ?? '')))
      return 'InvalidParameterValue'
  }
  return undefined
}

const sentOf = ({ MessageBody, MessageAttributes, MessageGroupId, MessageDeduplicationId }: Entry): Sent => ({
  body: MessageBody,
  id: MessageAttributes['millrace-id'].StringValue,
  ...(MessageGroupId !== undefined && { group: MessageGroupId }),
  ...(MessageDeduplicationId !== undefined && { deduplication: MessageDeduplicationId }),
})

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
