import type { Codec } from '../codecs/codec.ts'
import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import { limits } from '../model/limits.ts'
import type { Written } from '../operators/written-once.ts'
import { planOf } from '../plan/cut.ts'
import type { ErrorPolicy, Sink, SourceNode } from '../plan/graph.ts'
import type { Plan } from '../plan/plan.ts'
import { type KafkaOrigin, topicFor } from './kafka.ts'
import type { FromSource, FromStage, Merged, Origins } from './origin.ts'
import { SinkBuilder } from './sink.ts'
import { Results, Stream } from './stream.ts'

/** How the records of a source are read: what they are, when they happened, and what becomes of those that fail. */
export type SourceOptions<T> = {
  readonly codec: Codec<T>
  /** Where the records lie. Default: a Kinesis stream of the source's name. */
  readonly from?: KafkaOrigin
  /** Event time in epoch milliseconds, or a Date. Default: the time at which Kinesis received the record, or the timestamp of a Kafka record. */
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

/** What `pipeline` may be told beside its name and its making. */
export type PipelineOptions = {
  /** Key groups of each keyed stage: state is owned and moved by them. 1 to 1,024, default 32; fixed once there is state. */
  readonly keyGroups?: number
}

/** What the function that describes a pipeline is given. */
export type PipelineScope = {
  /** Records of a Kinesis stream, or of what `from` says; the name is the stream's, the stage's and the Lambda handler's. */
  source<Name extends string, T>(name: Name, options: SourceOptions<T>): Stream<T, FromSource<Name, T>>
  /**
   * Records of a stream that another pipeline writes with `toStream`: what it put twice is dropped, by position and without time limit,
   * in a keyed stage `NAME-once` of its own. A record that no pipeline wrote is malformed.
   */
  pipelineSource<Name extends string, T>(
    name: Name,
    options: SourceOptions<T>,
  ): Stream<T, FromSource<Name, T> & FromStage<`${Name}-once`>>
}

/** Results become views, sinks are where else data goes, under the names they are returned by. */
export type Outputs = { readonly [name: string]: Results<unknown, Origins, unknown> | SinkBuilder<Origins> }

type OriginsOf<Out> = Merged<
  { [Name in keyof Out]: Out[Name] extends { readonly origin: infer Origin } ? Origin : never }[keyof Out]
>

/** A program, checked and cut into stages. Building it does nothing else; `handlers`, `drive` and the command line run it. */
export type Pipeline<Out = Outputs, Origin = Origins> = {
  readonly name: string
  readonly plan: Plan
  /** Types only. */
  readonly types?: { readonly outputs: Out; readonly origins: Origin }
}

/**
 * Describes a pipeline. What types cannot refuse is refused here with a ConfigurationError that names the place: two operators of
 * one name, a stage that would feed itself, numbers out of range.
 *
 * @example
 * const words = pipeline('words', ({ source }) => {
 *   const lines = source('lines', { codec: utf8 })
 *   const counts = lines.flatMap(line => line.split(' ')).keyBy('word', word => word).count('words-so-far')
 *   return { counts }
 * })
 */
export function pipeline<Out extends Outputs>(
  name: string,
  describe: (scope: PipelineScope) => Out,
  options: PipelineOptions = {},
): Pipeline<Out, OriginsOf<Out>> {
  const outputs = describe({ source: sourceStream, pipelineSource: onceStream })
  const sinks = Object.entries(outputs ?? {}).map(([output, kept]) => sinkOf(name, output, kept))
  return Object.freeze({ name, plan: planOf({ name, keyGroups: options.keyGroups ?? limits.keyGroups, sinks }) })
}

function sourceStream<Name extends string, T>(name: Name, options: SourceOptions<T>): Stream<T, FromSource<Name, T>> {
  return new Stream(sourceNode(name, options, false))
}

function onceStream<Name extends string, T>(
  name: Name,
  options: SourceOptions<T>,
): Stream<T, FromSource<Name, T> & FromStage<`${Name}-once`>> {
  const once = `${name}-once`
  const key = ({ writer }: Written): string => writer
  const input = Object.freeze({ kind: 'keyBy' as const, input: sourceNode(name, options, true), name: once, key })
  return new Stream(Object.freeze({ kind: 'distinct', input, name: once, by: 'position' }))
}

function sourceNode<T>(name: string, options: SourceOptions<T>, isWrittenByPipeline: boolean): SourceNode {
  const {
    codec,
    from,
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
    isWrittenByPipeline,
    ...(from && { from: topicFor(from, name) }),
  })
  return node
}

const arrivalTime = (_value: unknown, arrivalMs: number): number => arrivalMs

function sinkOf(pipelineName: string, output: string, kept: unknown): Sink {
  if (kept instanceof SinkBuilder) return kept.named(output)
  if (kept instanceof Results) return Object.freeze({ kind: 'view', name: output, input: Results.rowsOf(kept) })
  throw new ConfigurationError(
    `Cannot build pipeline "${pipelineName}": output "${output}" is neither results nor a sink, expected an aggregate or one of toStream, toFiles, forEach`,
  )
}
