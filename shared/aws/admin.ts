import {
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  ListStreamsCommand,
  MergeShardsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { type SequenceNumber, type ShardId, sequenceNumber } from '../model/ids.ts'
import { type AwsHost, type CallOptions, callService, nameOf } from './calls.ts'
import type { AwsClients } from './clients.ts'

/*
 * What tools ask of Kinesis and functions never do: to read shards, and to change them. Streams go by their names on AWS. Failures are
 * sentences, see calls.ts.
 */

export type AdminHost = Pick<AwsHost, 'sleep' | 'remainingMs'>

export type ReadFrom =
  | { readonly kind: 'oldest' }
  /** Behind the newest. */
  | { readonly kind: 'latest' }
  | { readonly kind: 'after'; readonly sequence: SequenceNumber }
  /** The first that arrived then or later, in milliseconds since 1970. */
  | { readonly kind: 'time'; readonly ms: number }

export type ReadRecord = {
  readonly sequence: SequenceNumber
  readonly partitionKey: string
  readonly data: Uint8Array
  /** Milliseconds since 1970. */
  readonly arrivalMs: number
}

export type ReadPage = {
  readonly records: readonly ReadRecord[]
  /** Where the next page begins; undefined once all of a closed shard was read. */
  readonly next: string | undefined
  /** How far the page is behind the newest record of the shard: 0 when nothing is left. An empty page says nothing by itself. */
  readonly behindMs: number
}

/** All streams of the account in the region, in order. */
export async function listStreamNames(clients: AwsClients, host: AdminHost): Promise<readonly string[]> {
  const names: string[] = []
  for (let token: string | undefined; ; ) {
    const input = token === undefined ? {} : { ExclusiveStartStreamName: token }
    const { StreamNames = [], HasMoreStreams } = await callService(host, 'list the streams', 'Kinesis', options =>
      clients.kinesis.send(new ListStreamsCommand(input), options),
    )
    names.push(...StreamNames)
    token = StreamNames.at(-1)
    if (!HasMoreStreams || token === undefined) return names.sort()
  }
}

/** Deletes a stream with its records, if it is there. Resolves when it is gone. */
export async function deleteStream(clients: AwsClients, host: AdminHost, stream: string): Promise<void> {
  const doing = `delete stream "${stream}"`
  const gone = (error: unknown): boolean => nameOf(error) === 'ResourceNotFoundException'
  const input = { StreamName: stream, EnforceConsumerDeletion: true }
  try {
    await callService(
      host,
      doing,
      named(stream),
      options => clients.kinesis.send(new DeleteStreamCommand(input), options),
      gone,
    )
    for (;;) {
      const command = new DescribeStreamSummaryCommand({ StreamName: stream })
      await callService(host, doing, named(stream), options => clients.kinesis.send(command, options), gone)
      await host.sleep(activePollMs)
    }
  } catch (error) {
    if (!gone(error)) throw error
  }
}

/** Closes a shard and opens two, the upper one from hash key `at` on. Resolves when the stream can be used. */
export async function splitShard(
  clients: AwsClients,
  host: AdminHost,
  stream: string,
  shard: ShardId,
  at: bigint,
): Promise<void> {
  const input = { StreamName: stream, ShardToSplit: shard, NewStartingHashKey: String(at) }
  await callService(host, `split shard "${shard}"`, named(stream), options =>
    clients.kinesis.send(new SplitShardCommand(input), options),
  )
  await untilActive(clients, host, stream)
}

/** Closes two neighbouring shards and opens one. Resolves when the stream can be used. */
export async function mergeShards(
  clients: AwsClients,
  host: AdminHost,
  stream: string,
  one: ShardId,
  other: ShardId,
): Promise<void> {
  const input = { StreamName: stream, ShardToMerge: one, AdjacentShardToMerge: other }
  await callService(host, `merge shards "${one}" and "${other}"`, named(stream), options =>
    clients.kinesis.send(new MergeShardsCommand(input), options),
  )
  await untilActive(clients, host, stream)
}

/** Where reading a shard begins, for `readPage`. Good for five minutes. */
export async function shardIterator(
  clients: AwsClients,
  host: AdminHost,
  stream: string,
  shard: ShardId,
  from: ReadFrom,
): Promise<string> {
  const input = { StreamName: stream, ShardId: shard, ...iteratorInput(from) }
  const { ShardIterator } = await callService(host, `read shard "${shard}"`, named(stream), options =>
    clients.kinesis.send(new GetShardIteratorCommand(input), options),
  )
  if (ShardIterator === undefined) throw new Error(`Cannot read shard "${shard}" of stream "${stream}": no iterator`)
  return ShardIterator
}

/** At most `most` records. Undefined when the iterator has expired. */
export async function readPage(
  clients: AwsClients,
  host: AdminHost,
  iterator: string,
  most: number,
): Promise<ReadPage | undefined> {
  const input = { ShardIterator: iterator, Limit: most }
  try {
    const send = (options: CallOptions) => clients.kinesis.send(new GetRecordsCommand(input), options)
    const found = await callService(host, 'read a shard', 'Kinesis', send, isExpired)
    const { Records = [], NextShardIterator, MillisBehindLatest = 0 } = found
    const records = Records.map(({ SequenceNumber, PartitionKey = '', Data, ApproximateArrivalTimestamp }) => ({
      sequence: sequenceNumber(SequenceNumber ?? ''),
      partitionKey: PartitionKey,
      data: Data ?? new Uint8Array(),
      arrivalMs: ApproximateArrivalTimestamp?.getTime() ?? 0,
    }))
    return { records, next: NextShardIterator, behindMs: MillisBehindLatest }
  } catch (error) {
    if (isExpired(error)) return undefined
    throw error
  }
}

const isExpired = (error: unknown): boolean => nameOf(error) === 'ExpiredIteratorException'

/**
 * How long the oldest record behind `after` has waited, in milliseconds; 0 when there is none. What Lambda calls the iterator age, for a
 * reader that is there. Undefined where Kinesis did not say within a few pages.
 */
export async function waitingMs(
  clients: AwsClients,
  host: AdminHost & Pick<AwsHost, 'now'>,
  stream: string,
  shard: ShardId,
  after: SequenceNumber | undefined,
): Promise<number | undefined> {
  const from: ReadFrom = after === undefined ? { kind: 'oldest' } : { kind: 'after', sequence: after }
  let iterator: string | undefined = await shardIterator(clients, host, stream, shard, from)
  for (let pages = 0; pages < mostEmptyPages; pages++) {
    const page: ReadPage | undefined = await readPage(clients, host, iterator, 1)
    if (page === undefined) return undefined
    const [first] = page.records
    if (first !== undefined) return Math.max(0, host.now() - first.arrivalMs)
    if (page.behindMs === 0 || page.next === undefined) return 0
    iterator = page.next
  }
  return undefined
}

/** Kinesis may answer many pages without a record before it comes to one. */
const mostEmptyPages = 50

async function untilActive(clients: AwsClients, host: AdminHost, stream: string): Promise<void> {
  for (;;) {
    const command = new DescribeStreamSummaryCommand({ StreamName: stream })
    const { StreamDescriptionSummary } = await callService(host, 'wait for the change', named(stream), options =>
      clients.kinesis.send(command, options),
    )
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return
    await host.sleep(activePollMs)
  }
}

const activePollMs = 200

type IteratorPlace = Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'StartingSequenceNumber' | 'Timestamp'>

function iteratorInput(from: ReadFrom): IteratorPlace {
  switch (from.kind) {
    case 'oldest':
      return { ShardIteratorType: 'TRIM_HORIZON' }
    case 'latest':
      return { ShardIteratorType: 'LATEST' }
    case 'after':
      return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: from.sequence }
    case 'time':
      return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(from.ms) }
  }
}

const named = (stream: string): string => `Kinesis stream "${stream}"`
