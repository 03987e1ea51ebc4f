import { ListShardsCommand, PutRecordsCommand, type Shard } from '@aws-sdk/client-kinesis'
import { sequenceNumber, shardId } from '../model/ids.ts'
import { checkPutCall, refusalOf } from '../ports/refusals.ts'
import type { PutOutcome, PutRecord, ShardDescription, StreamsPort } from '../ports/streams.ts'
import { type AwsHost, type CallOptions, callService } from './calls.ts'
import type { AwsClients } from './clients.ts'
import type { AwsSettings } from './settings.ts'

/** Kinesis' streams, by their names in the program. */
export class KinesisStreams implements StreamsPort {
  readonly #settings: AwsSettings
  readonly #clients: AwsClients
  readonly #host: AwsHost

  constructor(settings: AwsSettings, clients: AwsClients, host: AwsHost) {
    this.#settings = settings
    this.#clients = clients
    this.#host = host
  }

  /** A record that breaks a limit is refused here, alone: Kinesis would refuse its whole call. */
  async putRecords(stream: string, records: readonly PutRecord[]): Promise<readonly PutOutcome[]> {
    checkPutCall(stream, records)
    const refusals = records.map(refusalOf)
    const sent = records.filter((_, i) => refusals[i] === undefined)
    const answers = (sent.length === 0 ? [] : await this.#put(stream, sent)).values()
    return refusals.map(reason => {
      if (reason !== undefined) return { kind: 'refused', reason }
      return answers.next().value ?? { kind: 'refused', reason: 'Kinesis answered for fewer records than it was given' }
    })
  }

  async listShards(stream: string): Promise<readonly ShardDescription[]> {
    const shards: ShardDescription[] = []
    let next: string | undefined
    do {
      const command = new ListShardsCommand(
        next === undefined ? { StreamName: this.#nameOf(stream) } : { NextToken: next },
      )
      const { Shards = [], NextToken } = await this.#call(`list the shards of stream "${stream}"`, stream, options =>
        this.#clients.kinesis.send(command, options),
      )
      for (const shard of Shards) shards.push(describe(shard))
      next = NextToken
    } while (next !== undefined)
    return shards
  }

  async #put(stream: string, records: readonly PutRecord[]): Promise<readonly PutOutcome[]> {
    const command = new PutRecordsCommand({
      StreamName: this.#nameOf(stream),
      Records: records.map(({ data, partitionKey, explicitHashKey }) => ({
        Data: data,
        PartitionKey: partitionKey,
        ...(explicitHashKey !== undefined && { ExplicitHashKey: String(explicitHashKey) }),
      })),
    })
    const { Records = [] } = await this.#call(`put records to stream "${stream}"`, stream, options =>
      this.#clients.kinesis.send(command, options),
    )
    return Records.map(({ ShardId, SequenceNumber, ErrorCode, ErrorMessage }): PutOutcome => {
      if (ErrorCode !== undefined || ShardId === undefined || SequenceNumber === undefined) {
        return { kind: 'refused', reason: `${ErrorCode ?? 'no answer'}: ${ErrorMessage ?? 'nothing was said'}` }
      }
      return { kind: 'accepted', shard: shardId(ShardId), sequence: sequenceNumber(SequenceNumber) }
    })
  }

  #call<T>(doing: string, stream: string, send: (options: CallOptions) => Promise<T>): Promise<T> {
    return callService(this.#host, doing, `Kinesis stream "${this.#nameOf(stream)}"`, send)
  }

  #nameOf(stream: string): string {
    return this.#settings.streams?.[stream] ?? stream
  }
}

function describe({
  ShardId,
  ParentShardId,
  AdjacentParentShardId,
  HashKeyRange,
  SequenceNumberRange,
}: Shard): ShardDescription {
  if (
    ShardId === undefined ||
    HashKeyRange?.StartingHashKey === undefined ||
    HashKeyRange.EndingHashKey === undefined
  ) {
    throw new Error('Cannot read a shard: Kinesis lists it without id or hash key range')
  }
  return {
    id: shardId(ShardId),
    parents: [ParentShardId, AdjacentParentShardId].filter(id => id !== undefined).map(shardId),
    range: { from: BigInt(HashKeyRange.StartingHashKey), to: BigInt(HashKeyRange.EndingHashKey) },
    closed: SequenceNumberRange?.EndingSequenceNumber !== undefined,
  }
}
