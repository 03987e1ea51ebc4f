import type { Codec } from '../codecs/codec.ts'
import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { Written } from '../operators/written-once.ts'
import type { ErrorPolicy } from '../plan/graph.ts'
import type { NamedBy, SourceNode, SourceOrigin } from '../plan/source.ts'
import type { DynamodbOrigin } from './dynamodb.ts'
import { type FolderOrigin, type FormattedFolderOrigin, folderFor } from './files.ts'
import { type KafkaOrigin, topicFor } from './kafka.ts'
import type { RateOrigin, SocketOrigin } from './local-sources.ts'
import type { FromSource, FromStage } from './origin.ts'
import type { SqsOrigin } from './sqs.ts'
import { Stream } from './stream.ts'

/** How the records of a source are read: what they are, when they happened, and what becomes of those that fail. */
export type SourceOptions<T> = {
  readonly codec: Codec<T>
  /** Where the records lie. Default: a Kinesis stream of the source's name. */
  readonly from?: KafkaOrigin | SqsOrigin | DynamodbOrigin | FolderOrigin | SocketOrigin
  /**
   * Event time in epoch milliseconds, or a Date. Default: the time at which Kinesis received the record, the timestamp of a Kafka record; when
   * a message of SQS was sent, an item of DynamoDB changed, or a file was written.
   */
  readonly eventTime?: (value: T) => number | Date
  /** How far behind the latest record of its shard a record may be and still be in time. Default 0. */
  readonly outOfOrder?: Duration
  /**
   * A shard that was silent for this long, by the arrival times of the others' records, no longer holds the watermark: the longest
   * outage that is survived without late data. Default: a silent shard holds it for ever, as does a source that never had a record.
   */
  readonly idleAfter?: Duration
  /**
   * Bytes that the codec cannot read: keep them as a dead letter, skip and count them, or fail the batch until someone acts. A record
   * without a usable event time is malformed too. Default `deadLetter`.
   */
  readonly onMalformed?: ErrorPolicy
  /** The same, for records on which a function throws, in this stage and those behind it. Default `deadLetter`. */
  readonly onError?: ErrorPolicy
}

/** The same for what has values already, files of a format or a rate. Without `codec` records are kept as Millrace keeps values, in local runs and tests too. */
export type ValueSourceOptions<T> = Omit<SourceOptions<T>, 'codec' | 'from'> & {
  readonly codec?: Codec<T>
  readonly from: FormattedFolderOrigin<T> | RateOrigin<T>
}

type AnySourceOptions<T> = SourceOptions<T> | ValueSourceOptions<T>

export function sourceStream<Name extends string, T>(
  name: Name,
  options: ValueSourceOptions<T>,
): Stream<T, FromSource<Name, T>>
export function sourceStream<Name extends string, T>(
  name: Name,
  options: SourceOptions<T>,
): Stream<T, FromSource<Name, T>>
export function sourceStream<Name extends string, T>(
  name: Name,
  options: AnySourceOptions<T>,
): Stream<T, FromSource<Name, T>> {
  const kind = options.from?.kind
  return new Stream(sourceNode(name, options, kind === 'sqs' || kind === 'dynamodb' ? 'feed' : 'position'))
}

export function onceStream<Name extends string, T>(
  name: Name,
  options: SourceOptions<T>,
): Stream<T, FromSource<Name, T> & FromStage<`${Name}-once`>> {
  const once = `${name}-once`
  const key = ({ writer }: Written): string => writer
  const input = Object.freeze({ kind: 'keyBy' as const, input: sourceNode(name, options, 'pipeline'), name: once, key })
  return new Stream(Object.freeze({ kind: 'distinct', input, name: once, by: 'position' }))
}

function sourceNode<T>(name: string, options: AnySourceOptions<T>, namedBy: NamedBy): SourceNode {
  const {
    from,
    codec = from !== undefined && 'values' in from ? from.values : undefined,
    eventTime,
    outOfOrder = 0,
    idleAfter,
    onMalformed = 'deadLetter',
    onError = 'deadLetter',
  } = options
  if (codec === undefined)
    throw new ConfigurationError(`Cannot read source "${name}": it has no codec, as in { codec: json() }`)
  const node: SourceNode = Object.freeze({
    kind: 'source',
    name,
    codec,
    eventTime: eventTime === undefined ? arrivalTime : (value: T) => Number(eventTime(value)),
    outOfOrderMs: outOfOrder,
    idleMs: idleAfter ?? Number.POSITIVE_INFINITY,
    onMalformed,
    onError,
    namedBy,
    ...(from && { from: originOf(from, name) }),
  })
  return node
}

function originOf<T>(from: NonNullable<AnySourceOptions<T>['from']>, name: string): SourceOrigin {
  switch (from.kind) {
    case 'kafka':
      return topicFor(from, name)
    case 'folder':
      return folderFor(from)
    case 'rate':
      return Object.freeze({ kind: 'rate', perSecond: from.perSecond })
    default:
      return from
  }
}

const arrivalTime = (_value: unknown, arrivalMs: number): number => arrivalMs
