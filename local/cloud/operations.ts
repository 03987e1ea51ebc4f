import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import type { PutRecord, ShardDescription } from '../../shared/ports/streams.ts'
import type { Row } from './rows.ts'
import type { StageName, StageShard } from './stage-status.ts'

/**
 * What a command asks of where a pipeline is: of a data folder, or of AWS. Streams go by their names in the program. Arguments and answers
 * are data that v8 can serialize, since they may cross processes.
 */
export interface Operations {
  /** The pipeline that all of this belongs to; undefined when it is not known, or when there may be many. */
  pipeline(): Promise<string | undefined>

  streamNames(): Promise<readonly string[]>
  /** Every shard that is listed, closed ones included. */
  shards(stream: string): Promise<readonly ShardDescription[]>
  shardStatuses(stream: string): Promise<readonly ShardStatus[]>
  createStream(stream: string, shards: number): Promise<void>
  /** The event source mappings, called `pipeline/stage`, that have read the stream. Undefined where that is not known. */
  readersOf(stream: string): Promise<readonly string[] | undefined>
  /** With all of its records, if it is there. Throws a ConfigurationError while a pipeline that runs here reads it. */
  deleteStream(stream: string): Promise<void>
  /** Without `at`, the halves share evenly. Answers the lower shard, then the upper. */
  splitShard(stream: string, shard: ShardId, at?: bigint): Promise<readonly ShardId[]>
  mergeShards(stream: string, one: ShardId, other: ShardId): Promise<ShardId>

  /**
   * Puts all records, those of one partition key in their order, and answers the shard of each. A producer's calls are numbered from 1, in
   * order.
   */
  put(stream: string, records: readonly PutRecord[], call: ProducerCall): Promise<readonly ShardId[]>
  /** No call of the producer will be repeated. */
  forgetProducer(producer: string): Promise<void>

  /** The views of a pipeline, undefined where they are not known. */
  viewNames(pipeline: string): Promise<readonly string[] | undefined>
  viewRows(pipeline: string, view: string): Promise<readonly Row[]>

  /** By stage, shard and position. */
  letters(pipeline: string): Promise<readonly DeadLetter[]>
  /** Puts the payloads back on their streams and forgets the letters. */
  resubmit(pipeline: string, letters: readonly DeadLetter[]): Promise<void>

  /** How far each stage is in each shard of its stream. */
  stageShards(pipeline: string, stages: readonly StageName[]): Promise<readonly StageShard[]>
}

/** The same for one kind of cloud, which comes first: an operation may answer at once. */
export type OperationsOn<Cloud, Of> = {
  readonly [Name in keyof Of]: Of[Name] extends (...args: infer Args) => Promise<infer Answer>
    ? (cloud: Cloud, ...args: Args) => Answer | Promise<Answer>
    : never
}

/** How far one event source mapping is from the end of a shard. */
export type ShardLag = {
  readonly mapping: string
  /** Kinesis records that it has yet to deal with. */
  readonly records: number
  /** Time since the oldest of them arrived, 0 when there is none. */
  readonly behindMs: number
}

export type ShardStatus = ShardDescription & {
  /** Kinesis records that can still be read; undefined where nobody counts them. */
  readonly kept: number | undefined
  readonly lags: readonly ShardLag[]
}

/** Which call of which producer puts records: where a repeat can be told, it puts them once. */
export type ProducerCall = { readonly producer: string; readonly number: number }

/** Where reading a stream begins. */
export type ReadStart =
  | { readonly kind: 'beginning' }
  | { readonly kind: 'latest' }
  /** In milliseconds since 1970. */
  | { readonly kind: 'time'; readonly ms: number }

export type ShardRecord = { readonly shard: ShardId; readonly record: ReadRecord }

/** A record as its consumers read it. */
export type ReadRecord = {
  readonly sequence: SequenceNumber
  readonly partitionKey: string
  readonly data: Uint8Array
  /** Milliseconds since 1970, by the cloud's clock. */
  readonly arrivalMs: number
}

/** Reads all shards of a stream, children after their parents, and records of one shard in order. */
export interface RecordReader {
  /** The records up to what is there when it is asked; a later call goes on from there. */
  newRecords(): AsyncGenerator<ShardRecord, void, undefined>
}

/** A data folder, or AWS, as a command works on it. */
export interface CloudClient extends Operations {
  /** For sentences: `data folder ".millrace/orders"`, `AWS`. */
  readonly place: string
  /** How long a reader that follows waits between two looks, in milliseconds. */
  readonly pollMs: number
  reader(stream: string, start: ReadStart): RecordReader
  /** Lets go of what it holds. */
  close(): void
}
