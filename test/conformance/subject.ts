import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  MergeShardsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { type EmbeddedCloud, memoryCloud, openCloud } from '../../local/cloud/embedded-cloud.ts'
import { DiskSourceFiles } from '../../local/cloud/source-files.ts'
import {
  type AwsClients,
  type AwsSettings,
  awsClients,
  awsPorts,
  createStream,
  createTable,
} from '../../shared/aws/index.ts'
import { type SequenceNumber, type ShardId, sequenceNumber } from '../../shared/model/ids.ts'
import type { Ports } from '../../shared/ports/index.ts'
import type { ShardDescription } from '../../shared/ports/streams.ts'
import { ManualClock, temporaryFolder } from '../cloud/clouds.ts'

/** What the conformance suites are run on: the ports, and what stands behind them as far as a test must reach it. */
export type Subject = {
  readonly ports: Ports
  /** Resolves when the stream can be used. */
  createStream(name: string, shards: number): Promise<void>
  /** Splits a shard in the middle. Resolves when the children can be used. */
  splitShard(stream: string, shard: ShardDescription): Promise<void>
  /** Merges two neighbours. Resolves when the child can be used. */
  mergeShards(stream: string, lower: ShardId, upper: ShardId): Promise<void>
  /** All records of a shard. */
  read(stream: string, shard: ShardId): Promise<readonly ReadRecord[]>
  /** A file's bytes; left out where the suite of files does not run. */
  readFile?(sink: string, name: string): Promise<Uint8Array | undefined>
  putSourceFile(folder: string, name: string, bytes: Uint8Array): Promise<void>
  removeSourceFile(folder: string, name: string): Promise<void>
  close(): Promise<void>
}

export type ReadRecord = { readonly sequence: SequenceNumber; readonly partitionKey: string; readonly data: Uint8Array }

export const memorySubject = async (): Promise<Subject> => embeddedSubject(memoryCloud(new ManualClock()))

export const sqliteSubject = async (): Promise<Subject> => {
  const root = temporaryFolder()
  const disk = new DiskSourceFiles()
  const pathOf = (folder: string, name = '.') => join(root, folder, name)
  const subject = embeddedSubject(openCloud(temporaryFolder(), new ManualClock()))
  return {
    ...subject,
    ports: {
      ...subject.ports,
      sourceFiles: {
        list: (folder, after) => disk.list(pathOf(folder), after),
        read: (folder, file, offset, most) => disk.read(pathOf(folder), file, offset, most),
      },
    },
    putSourceFile: async (folder, name, content) => {
      await mkdir(dirname(pathOf(folder, name)), { recursive: true })
      await writeFile(pathOf(folder, name), content)
    },
    removeSourceFile: (folder, name) => rm(pathOf(folder, name)),
  }
}

function embeddedSubject(cloud: EmbeddedCloud): Subject {
  const { streams } = cloud
  return {
    ports: cloud.ports,
    createStream: async (name, shards) => streams.createStream(name, shards),
    splitShard: async (stream, shard) => void streams.splitShard(stream, shard.id),
    mergeShards: async (stream, lower, upper) => void streams.mergeShards(stream, lower, upper),
    read: async (stream, shard) => streams.read(stream, shard, undefined, 10_000, 1e8),
    readFile: (sink, name) => cloud.files.read(sink, name),
    putSourceFile: async (folder, name, content) => cloud.sourceFiles.put(folder, name, content, 1),
    removeSourceFile: async (folder, name) => cloud.sourceFiles.remove(folder, name),
    close: async () => cloud.close(),
  }
}

/** The AWS ports on the services that the settings name. Table and bucket are made, and left behind: emulators are thrown away. */
export async function awsSubject(settings: AwsSettings): Promise<Subject> {
  const clients = awsClients(settings)
  await createTable(clients, settings)
  const { bucket } = settings
  const Bucket = bucket ?? 'none'
  if (bucket !== undefined) await (await clients.s3()).send(new CreateBucketCommand({ Bucket: bucket }))
  const ports = awsPorts({ ...settings, ...(bucket && { sourceBucket: bucket }) }, clients, {
    now: Date.now,
    random: Math.random,
    sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
  })
  const { kinesis } = clients
  const isActive = (stream: string) => createStream(clients, stream, 1)
  return {
    ports,
    createStream: (name, shards) => createStream(clients, name, shards),
    splitShard: async (stream, { id, range }) => {
      const middle = (range.from + range.to + 1n) / 2n
      await kinesis.send(
        new SplitShardCommand({ StreamName: stream, ShardToSplit: id, NewStartingHashKey: String(middle) }),
      )
      await isActive(stream)
    },
    mergeShards: async (stream, lower, upper) => {
      await kinesis.send(
        new MergeShardsCommand({ StreamName: stream, ShardToMerge: lower, AdjacentShardToMerge: upper }),
      )
      await isActive(stream)
    },
    read: (stream, shard) => readShard(clients, stream, shard),
    ...(bucket !== undefined && { readFile: (sink, name) => readObject(clients, bucket, `${sink}/${name}`) }),
    putSourceFile: async (folder, name, Body) => {
      await (await clients.s3()).send(new PutObjectCommand({ Bucket, Key: `${folder}/${name}`, Body }))
    },
    removeSourceFile: async (folder, name) => {
      await (await clients.s3()).send(new DeleteObjectCommand({ Bucket, Key: `${folder}/${name}` }))
    },
    close: async () => clients.close(),
  }
}

export async function readShard(
  { kinesis }: AwsClients,
  stream: string,
  shard: ShardId,
): Promise<readonly ReadRecord[]> {
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({ StreamName: stream, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' }),
  )
  const records: ReadRecord[] = []
  let next = ShardIterator
  while (next !== undefined) {
    const answer = await kinesis.send(new GetRecordsCommand({ ShardIterator: next }))
    for (const { SequenceNumber = '', PartitionKey = '', Data = new Uint8Array() } of answer.Records ?? []) {
      records.push({ sequence: sequenceNumber(SequenceNumber), partitionKey: PartitionKey, data: Data })
    }
    if (answer.Records?.length === 0 && answer.MillisBehindLatest === 0) break
    next = answer.NextShardIterator
  }
  return records
}

async function readObject({ s3 }: AwsClients, bucket: string, key: string): Promise<Uint8Array | undefined> {
  const client = await s3()
  const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key })).catch((error: unknown) => {
    if (error instanceof NoSuchKey) return undefined
    throw error
  })
  return found?.Body?.transformToByteArray()
}

let names = 0
/** Another name each time: tests of one suite share a table, and a run may meet what one before it has left. */
export const uniqueName = (name: string): string => `${name}-${process.pid}-${Date.now().toString(36)}-${++names}`
