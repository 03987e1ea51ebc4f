import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import type { PutRecord, ShardDescription } from '../../shared/ports/streams.ts'
import type { EmbeddedCloud } from './embedded-cloud.ts'
import { type Row, rowsOfView } from './rows.ts'
import type { StreamRecord } from './streams.ts'

/** How far one event source mapping is from the end of a shard. */
export type ShardLag = {
  readonly mapping: string
  /** Kinesis records that it has yet to deal with. */
  readonly records: number
  /** Time since the oldest of them arrived, 0 when there is none. */
  readonly behindMs: number
}

export type ShardStatus = ShardDescription & {
  /** Kinesis records that can still be read. */
  readonly kept: number
  readonly lags: readonly ShardLag[]
}

/** Which call of which producer puts records: a call that is repeated puts them once. */
export type ProducerCall = { readonly producer: string; readonly number: number }

/** What a command asks of a data folder. Arguments and answers are data that v8 can serialize, since they may cross processes. */
export const dataOperations = {
  /** The pipeline that the folder belongs to. */
  pipeline: (cloud: EmbeddedCloud): string | undefined => cloud.meta.get(pipelineKey),

  streamNames: (cloud: EmbeddedCloud): readonly string[] => cloud.streams.names(),

  shards: async (cloud: EmbeddedCloud, stream: string): Promise<readonly ShardStatus[]> => {
    const mappings = mappingsOf(cloud, stream)
    const statuses: ShardStatus[] = []
    for (const { id, parents, range, closed } of cloud.streams.describe(stream)) {
      const kept = (await countAfter(cloud, stream, id, undefined)).records
      const lags: ShardLag[] = []
      for (const mapping of mappings) lags.push(await lagOf(cloud, mapping, stream, id))
      statuses.push({ id, parents, range, closed, kept, lags })
    }
    return statuses
  },

  createStream: (cloud: EmbeddedCloud, stream: string, shards: number): void => {
    cloud.streams.createStream(stream, shards)
  },

  splitShard: (cloud: EmbeddedCloud, stream: string, shard: ShardId, at?: bigint): readonly ShardId[] =>
    cloud.streams.splitShard(stream, shard, at),

  mergeShards: (cloud: EmbeddedCloud, stream: string, one: ShardId, other: ShardId): ShardId =>
    cloud.streams.mergeShards(stream, one, other),

  /** Puts all records or none, and once, however often the call is repeated. A producer's calls are numbered from 1, in order. */
  put: (cloud: EmbeddedCloud, stream: string, records: readonly PutRecord[], call: ProducerCall): void =>
    cloud.transaction(() => {
      const key = producerKey(call.producer)
      if (Number(cloud.meta.get(key) ?? 0) >= call.number) return
      for (const outcome of cloud.streams.put(stream, records)) {
        if (outcome.kind === 'refused') throw new Error(`Cannot put a record in stream "${stream}": ${outcome.reason}`)
      }
      cloud.meta.set(key, String(call.number))
    }),

  /** No call of the producer will be repeated. */
  forgetProducer: (cloud: EmbeddedCloud, producer: string): void => cloud.meta.delete(producerKey(producer)),

  /** At most 1,000 records of a shard after `after`. */
  read: (
    cloud: EmbeddedCloud,
    stream: string,
    shard: ShardId,
    after: SequenceNumber | undefined,
  ): readonly StreamRecord[] => cloud.streams.read(stream, shard, after, pageRecords, pageBytes),

  describe: (cloud: EmbeddedCloud, stream: string): readonly ShardDescription[] =>
    cloud.streams.describe(stream).map(({ id, parents, range, closed }) => ({ id, parents, range, closed })),

  newest: (cloud: EmbeddedCloud, stream: string): SequenceNumber | undefined => cloud.streams.newest(stream),

  /** The views of a pipeline: those that it declares, where the folder says so, and those that have had a row. */
  viewNames: (cloud: EmbeddedCloud, pipeline: string): readonly string[] => {
    const declared: readonly string[] = JSON.parse(cloud.meta.get(viewsKey(pipeline)) ?? '[]')
    const begun = cloud.views.names().flatMap(name => {
      const prefix = `${pipeline}/`
      return name.startsWith(prefix) ? [name.slice(prefix.length)] : []
    })
    return [...new Set([...declared, ...begun])].sort()
  },

  viewRows: (cloud: EmbeddedCloud, pipeline: string, view: string): readonly Row[] =>
    rowsOfView(cloud.views.rows(`${pipeline}/${view}`)),
}

export type DataOperations = typeof dataOperations
export type DataOperation = keyof DataOperations
export type ArgumentsOf<Name extends DataOperation> = DataOperations[Name] extends (
  cloud: EmbeddedCloud,
  ...rest: infer Rest
) => unknown
  ? Rest
  : never
export type AnswerOf<Name extends DataOperation> = Awaited<ReturnType<DataOperations[Name]>>

/** Under this key a folder says whose it is, under that one what views its pipeline has. */
export const pipelineKey = 'pipeline'
export const viewsKey = (pipeline: string): string => `views/${pipeline}`

export const isDataOperation = (name: string): name is DataOperation => Object.hasOwn(dataOperations, name)

/** Runs an operation by its name. */
export async function operate<Name extends DataOperation>(
  cloud: EmbeddedCloud,
  name: Name,
  args: readonly unknown[],
): Promise<AnswerOf<Name>> {
  return Reflect.apply(dataOperations[name], undefined, [cloud, ...args])
}

const producerKey = (producer: string): string => `producer/${producer}`

const pageRecords = 1_000
const pageBytes = 4 * 1024 * 1024

function mappingsOf(cloud: EmbeddedCloud, stream: string): readonly string[] {
  const [first] = cloud.streams.describe(stream)
  return cloud.checkpoints.mappings().filter(mapping => servesStream(cloud, mapping, stream, first.id))
}

/** A mapping is called `pipeline/stage`; a stage's stream is a source of the stage's name, or `pipeline-stage`. */
function servesStream(cloud: EmbeddedCloud, mapping: string, stream: string, shard: ShardId): boolean {
  const [pipeline, stage] = mapping.split('/')
  const isOurs = stream === `${pipeline}-${stage}` || (stream === stage && !cloud.streams.has(`${pipeline}-${stage}`))
  return isOurs && cloud.checkpoints.get(mapping, shard) !== undefined
}

async function lagOf(cloud: EmbeddedCloud, mapping: string, stream: string, shard: ShardId): Promise<ShardLag> {
  const through = cloud.checkpoints.get(mapping, shard)?.through
  const { records, oldestMs } = await countAfter(cloud, stream, shard, through)
  return { mapping, records, behindMs: oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs) }
}

/** Counts page by page, and lets others have their turn: a shard may hold millions. */
async function countAfter(cloud: EmbeddedCloud, stream: string, shard: ShardId, after: SequenceNumber | undefined) {
  let records = 0
  let oldestMs: number | undefined
  let at = after
  for (;;) {
    const page = cloud.streams.read(stream, shard, at, pageRecords, pageBytes)
    if (page.length === 0) return { records, oldestMs }
    oldestMs ??= page[0].arrivalMs
    records += page.length
    at = page[page.length - 1].sequence
    await nextTurn()
  }
}
