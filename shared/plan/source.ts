import type { Codec } from '../codecs/codec.ts'
import type { FileFormat } from '../codecs/files/file-format.ts'
import type { Loose } from '../model/loose.ts'
import type { ErrorPolicy } from './graph.ts'

export type SourceNode = {
  readonly kind: 'source'
  readonly name: string
  readonly codec: Codec<unknown>
  readonly eventTime: Loose<[value: unknown, arrivalMs: number], number>
  readonly outOfOrderMs: number
  /** Arrival-time silence after which a shard no longer holds the watermark; Infinity: never. */
  readonly idleMs: number
  readonly onMalformed: ErrorPolicy
  readonly onError: ErrorPolicy
  readonly namedBy: NamedBy
  /** Left out: a Kinesis stream of the source's name. */
  readonly from?: SourceOrigin
}

/**
 * What tells a record from all others, and a repeat of it as such: where it stands in its stream; or its partition key, which the pipeline
 * that wrote it has given it (emit/sink-key), or the feed that put it on the stream (emit/feed-key).
 */
export type NamedBy = 'position' | 'pipeline' | 'feed'

/** Where the records of a source come from, if not from the Kinesis stream of its name alone. */
export type SourceOrigin = KafkaTopic | Folder | Feed | Rate | Socket

/** A topic whose partitions are a source's shards, its offsets their sequence numbers. */
export type KafkaTopic = { readonly kind: 'kafka'; readonly topic: string; readonly partitions: number }

/** Files of a bucket or a folder: one shard, in which a file's number and a record's number in it are the sequence number. */
export type Folder = {
  readonly kind: 'folder'
  readonly folder: string
  /** Left out: each line is a record. */
  readonly format?: FileFormat<unknown>
}

/** A source that reads files. */
export type FolderSource = SourceNode & { readonly from: Folder }

/** Rows that count, as a local session makes them. */
export type Rate = { readonly kind: 'rate'; readonly perSecond: number }

/** Lines of a TCP server, as a local session reads them. */
export type Socket = { readonly kind: 'socket'; readonly host: string; readonly port: number }

/** What has no shards to read: the source's function is handed its records and puts them on the source's own Kinesis stream. */
export type Feed = Queue | TableStream

/** A queue of SQS. */
export type Queue = { readonly kind: 'sqs'; readonly rememberMs: number }

/** The stream of a table of DynamoDB. */
export type TableStream = { readonly kind: 'dynamodb'; readonly rememberMs: number }
