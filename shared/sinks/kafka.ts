import { createHash } from 'node:crypto'
import type { KafkaConfig, Message, Partitioners, Producer } from 'kafkajs'
import type { Codec } from '../codecs/codec.ts'
import { found } from '../codecs/found.ts'
import { callsWithin } from '../model/calls-within.ts'
import { type Duration, milliseconds, seconds } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import { partsOfId } from './commit-id.ts'
import { positionHeader, writerHeader } from './kafka-position.ts'
import type { Sink } from './sink.ts'

export type KafkaSinkOptions<T> = {
  /** `host:port` of some of the cluster's brokers. */
  readonly brokers: readonly string[]
  /** It must exist. */
  readonly topic: string
  /** Writes a message's value. */
  readonly codec: Codec<T>
  /** Messages of a key are in one partition, in order; Java's clients choose the same one. @default none: spread over all partitions */
  readonly key?: (value: T) => string
  /** Beside those with the position. @default {} */
  readonly headers?: (value: T) => Readonly<Record<string, string>>
  /** When it happened, in milliseconds since 1970. @default when it is written */
  readonly timestamp?: (value: T) => number
  /** @default 'none' */
  readonly compression?: 'gzip' | 'none'
  /** Most bytes of a message, as the topic's `max.message.bytes` has it. @default 1,000,000 */
  readonly mostBytes?: number
  /** @default 'millrace' */
  readonly clientId?: string
  /** As kafkajs takes them. @default none */
  readonly ssl?: KafkaConfig['ssl']
  readonly sasl?: KafkaConfig['sasl']
  /** How long a broker may take to answer. @default seconds(10) */
  readonly timeout?: Duration
  /** The connection is closed when nothing was written for so long. @default seconds(10) */
  readonly idle?: Duration
}

export type KafkaSink<T> = Sink<T> & {
  /** Closes the connection. The next write opens another one. */
  close(): Promise<void>
}

/** What a message takes beside key, value and headers, at most. */
const overheadBytes = 512
/** Most messages of a request. */
const mostMessages = 1_000

type Loaded = {
  readonly producer: Producer
  /** Partitions that messages went to since it was asked last. */
  readonly chosen: Set<number>
}

/**
 * Writes each value as a message to a topic of Kafka, by kafkajs: an idempotent producer that waits for all replicas in sync. Each message
 * has the headers `millrace-writer` and `millrace-position`. A retry writes messages again, behind those that are there: readers that drop by
 * the headers what they had, see `KafkaRepeats`, have each value once, and others at least once. Values of a key that come from one shard of
 * the stage, as all do behind `keyBy` of that key, are in order.
 *
 * The connection is made with the first write and kept by the environment. A function needs a way to the brokers: their VPC, a security group
 * that lets it in, and credentials where the cluster wants some.
 *
 * ```ts
 * const written = kafkaSink({
 *   brokers: ['broker-1:9092'],
 *   topic: 'orders',
 *   codec: json<{ readonly customer: string }>(),
 *   key: order => order.customer,
 * })
 * ```
 */
export function kafkaSink<T>(options: KafkaSinkOptions<T>): KafkaSink<T> {
  const { brokers, topic, codec, mostBytes = 1_000_000, compression } = options
  if (brokers.length === 0)
    throw new ConfigurationError('Cannot make a Kafka sink: it has no brokers, one or more would be right')
  const idleMs = milliseconds(options.idle ?? seconds(10))
  let connection: Promise<Loaded> | undefined
  let idle: NodeJS.Timeout | undefined
  let writing = 0

  const close = async (): Promise<void> => {
    clearTimeout(idle)
    const closing = connection
    connection = undefined
    await closing?.then(({ producer }) => producer.disconnect()).catch(() => undefined)
  }
  const messageOf = (value: T, writer: string, position: string): Message & { readonly value: Buffer } => ({
    key: options.key === undefined ? null : options.key(value),
    value: Buffer.from(codec.encode(value)),
    headers: { ...options.headers?.(value), [writerHeader]: writer, [positionHeader]: position },
    ...(options.timestamp !== undefined && { timestamp: String(options.timestamp(value)) }),
  })
  const writeAll = async (values: readonly T[], id: string): Promise<void> => {
    const { writer, version } = partsOfId(id)
    const messages = values.map((value, i) => messageOf(value, writer, `${version}/${i}`))
    connection ??= connect(options)
    const { producer, chosen } = await connection
    // kafkajs puts all messages of a request and a partition in one batch, which has the limit of a message.
    for (const call of callsWithin(messages, mostMessages, mostBytes, sizeOf)) {
      chosen.clear()
      const written = await producer.send({
        topic,
        acks: -1,
        compression: compression === 'gzip' ? 1 : 0,
        messages: call,
      })
      const missing = [...chosen].filter(partition => !written.some(each => each.partition === partition))
      // Where leaders move while it tries again, kafkajs forgets partitions.
      if (missing.length > 0) throw new Error(`partition ${missing.join(', ')} was not answered for`)
    }
  }
  return {
    kind: 'kafka',
    destination: `topic "${topic}" at ${brokers[0]}`,
    guarantee:
      'once for readers that drop repeats by the headers millrace-writer and millrace-position, else at least once',
    codec,
    check: value => {
      const bytes = sizeOf(messageOf(value, '', ''))
      if (bytes > mostBytes) {
        throw new RangeError(`Cannot write a Kafka message: it has ${bytes} bytes, at most ${mostBytes} would be right`)
      }
    },
    write: async (values, id) => {
      clearTimeout(idle)
      writing++
      try {
        await writeAll(values, id)
      } catch (error) {
        // Its connection, its sequence numbers: nothing of it is trusted any more.
        await close()
        throw new Error(`Cannot write to topic ${found(topic)}: ${reasonOf(error)}`, { cause: error })
      } finally {
        writing--
        if (writing === 0) idle = setTimeout(() => void (writing === 0 && close()), idleMs).unref()
      }
    },
    close,
  }
}

async function connect<T>(options: KafkaSinkOptions<T>): Promise<Loaded> {
  const { brokers, clientId = 'millrace', ssl, sasl } = options
  const timeoutMs = milliseconds(options.timeout ?? seconds(10))
  const { Kafka, Partitioners, logLevel } = await import('kafkajs')
  const retry = { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000 }
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    retry,
    // What goes wrong is told by what is thrown.
    logLevel: logLevel.NOTHING,
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
  })
  const chosen = new Set<number>()
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry,
    createPartitioner: partitionerOf(Partitioners, chosen),
  })
  try {
    await producer.connect()
  } catch (error) {
    await producer.disconnect().catch(() => undefined)
    throw error
  }
  return { producer, chosen }
}

/** That of Java's clients; a message without a key goes where its position says, so that a repeat comes to the same partition. */
function partitionerOf(partitioners: typeof Partitioners, chosen: Set<number>): typeof Partitioners.DefaultPartitioner {
  return () => {
    const byKey = partitioners.DefaultPartitioner()
    return args => {
      const { message, partitionMetadata } = args
      const partition = message.key == null ? byPosition(message, partitionMetadata.length) : byKey(args)
      chosen.add(partition)
      return partition
    }
  }
}

function byPosition({ headers = {} }: Message, partitions: number): number {
  const hash = createHash('sha256').update(`${headers[writerHeader]}/${headers[positionHeader]}`).digest()
  return hash.readUInt32BE() % partitions
}

function sizeOf({ key, value, headers = {} }: Message): number {
  let bytes = overheadBytes + Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '')
  for (const [name, header] of Object.entries(headers)) bytes += Buffer.byteLength(`${name}${header}`)
  return bytes
}

/** kafkajs says what it tried last in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message !== error.message
    ? `${error.message} (${cause.message})`
    : error.message
}
