import { createHash } from 'node:crypto'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { Codec } from '../codecs/codec.ts'
import { found } from '../codecs/found.ts'
import { readUtf8 } from '../codecs/text.ts'
import { callsWithin } from '../model/calls-within.ts'
import { ConfigurationError } from '../model/errors.ts'
import { partsOfId } from './commit-id.ts'
import { type Patience, triesOf } from './patience.ts'
import { type EntryOutcome, sendEntries } from './send-entries.ts'
import { clientConfig, once, type ServicePlace } from './service-client.ts'
import type { Sink } from './sink.ts'

export type SqsSinkOptions<T> = Patience &
  ServicePlace & {
    /** `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`; a name that ends with `.fifo` is a FIFO queue's. */
    readonly queueUrl: string
    readonly codec: Codec<T>
    /**
     * Of a FIFO queue: the values of a group come in order. 1 to 128 letters, digits and marks.
     * @default one group for each shard of the stage
     */
    readonly groupBy?: (value: T) => string
    /** How bytes become a message's body. @default 'utf8': the codec must write text */
    readonly body?: 'utf8' | 'base64'
  }

/** SQS: a message, and all of a call, are at most 1 MiB, attributes included. */
const mostBytes = 1024 * 1024
/** What the attribute with the id takes at most. */
const attributeBytes = 256
/** SQS: entries of SendMessageBatch. */
const mostEntries = 10

type Message = {
  readonly id: string
  readonly body: string
  readonly group: string | undefined
  readonly bytes: number
}

/**
 * Sends each value as a message to a queue of Amazon SQS. Each message has the attribute `millrace-id`, a name that a repeat has too.
 *
 * A FIFO queue has each value once, and those of a group in order: the name is the deduplication id. SQS remembers it for 5 minutes: what is
 * retried later, e.g. after a long outage, is there twice. A standard queue has each value at least once, in no order. Entries that SQS
 * refuses are tried again alone; in a FIFO queue those of a group go one call after the other, so a group of its own for each key is fast.
 *
 * The function needs `sqs:SendMessage` on the queue. Throws a ConfigurationError for a group of a standard queue.
 *
 * ```ts
 * const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/123456789012/alerts.fifo'
 * const sent = sqsSink({ queueUrl, codec: json<{ readonly customer: string }>(), groupBy: alert => alert.customer })
 * ```
 */
export function sqsSink<T>(options: SqsSinkOptions<T>): Sink<T> {
  const { queueUrl, codec, groupBy, body = 'utf8' } = options
  const isFifo = queueUrl.endsWith('.fifo')
  if (!isFifo && groupBy !== undefined) {
    const right = 'the URL of a FIFO queue, which ends with ".fifo", would be right'
    throw new ConfigurationError(
      `Cannot make an SQS sink: groupBy is given and the queue is ${found(queueUrl)}, ${right}`,
    )
  }
  const tries = triesOf('an SQS sink', options)
  const region = options.region ?? regionOf(queueUrl)
  const client = once(async () => {
    const { SQSClient } = await import('@aws-sdk/client-sqs')
    return new SQSClient(clientConfig({ ...options, ...(region !== undefined && { region }) }))
  })
  const textOf = (value: T): string => bodyOf(codec.encode(value), body)
  return {
    kind: 'sqs',
    destination: `queue "${queueUrl.split('/').at(-1)}"`,
    guarantee: isFifo
      ? 'once where a retry comes within 5 minutes: the deduplication id names the value'
      : 'at least once: the attribute millrace-id names the value, a repeat has the same',
    codec,
    check: value => {
      checkSize(textOf(value))
      if (groupBy !== undefined) checkGroup(groupBy(value))
    },
    write: async (values, id) => {
      const group = isFifo ? (groupBy ?? (() => shortName(partsOfId(id).writer))) : undefined
      const messages = values.map((value, i): Message => {
        const text = textOf(value)
        return { id: `${id}/${i}`, body: text, group: group?.(value), bytes: Buffer.byteLength(text) + attributeBytes }
      })
      const sqs = await client()
      for (const round of roundsOf(messages)) {
        const calls = callsWithin(round, mostEntries, mostBytes, message => message.bytes)
        await sendEntries(`send to queue ${found(queueUrl)}`, calls, tries, call => send(sqs, queueUrl, call))
      }
    },
  }
}

async function send(sqs: SQSClient, queueUrl: string, messages: readonly Message[]): Promise<EntryOutcome[]> {
  const { SendMessageBatchCommand } = await import('@aws-sdk/client-sqs')
  const entries = messages.map(({ id, body, group }, i) => ({
    Id: String(i),
    MessageBody: body,
    MessageAttributes: { 'millrace-id': { DataType: 'String', StringValue: id } },
    ...(group !== undefined && { MessageGroupId: group, MessageDeduplicationId: shortName(id) }),
  }))
  const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }))
  const failed = new Map(Failed.map(entry => [entry.Id, entry]))
  return messages.map((_, i) => {
    const entry = failed.get(String(i))
    if (entry === undefined) return { kind: 'taken' }
    const reason = entry.Message === undefined ? `${entry.Code}` : `${entry.Code}: ${entry.Message}`
    // A sender's fault may be throttling, too: those of other kinds do not go away.
    return { kind: 'refused', reason, isFinal: entry.SenderFault === true && !/throttl|limit/i.test(reason) }
  })
}

/** The n-th messages of all groups: SQS may refuse one entry and take the next, so two of a group are never in flight. */
function roundsOf(messages: readonly Message[]): Message[][] {
  const rounds: Message[][] = []
  const seen = new Map<string, number>()
  for (const message of messages) {
    const round = message.group === undefined ? 0 : (seen.get(message.group) ?? 0)
    if (message.group !== undefined) seen.set(message.group, round + 1)
    rounds[round] ??= []
    rounds[round].push(message)
  }
  return rounds
}

function bodyOf(bytes: Uint8Array, body: 'utf8' | 'base64'): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (body === 'base64') return buffer.toString('base64')
  const text = readUtf8(buffer, 0, buffer.length)
  // Of the characters of XML 1.0, which SQS goes by.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what SQS refuses
  const isWrong = text === undefined || /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)
  if (isWrong) throw new RangeError(`Cannot write an SQS message: its body is no text, body: 'base64' would be right`)
  return text
}

function checkSize(text: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > 0 && bytes + attributeBytes <= mostBytes) return
  const right = `1 to ${mostBytes - attributeBytes} would be right`
  throw new RangeError(`Cannot write an SQS message: its body has ${bytes} bytes, ${right}`)
}

function checkGroup(group: string): void {
  if (/^[!-~]{1,128}$/.test(group)) return
  const right = '1 to 128 letters, digits and marks would be right'
  throw new RangeError(`Cannot write an SQS message: its group is ${found(`${group}`)}, ${right}`)
}

/** SQS: ids of groups and for deduplication are 1 to 128 letters, digits and marks. */
const shortName = (name: string): string =>
  /^[!-~]{1,128}$/.test(name) ? name : createHash('sha256').update(name).digest('hex')

const regionOf = (queueUrl: string): string | undefined =>
  /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\./.exec(queueUrl)?.[1]
