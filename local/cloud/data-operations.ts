import { setImmediate as nextTurn } from 'node:timers/promises'
import { ConfigurationError } from '../../shared/model/errors.ts'
import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import type { PutRecord } from '../../shared/ports/streams.ts'
import type { EmbeddedCloud } from './embedded-cloud.ts'
import type { Operations, OperationsOn, ShardLag, ShardStatus } from './operations.ts'
import { recordOf } from './resubmission.ts'
import { rowsOfView } from './rows.ts'
import { logStatus, type StageShard } from './stage-status.ts'
import type { StreamRecord } from './streams.ts'

/** Of a data folder more is asked than of AWS, to read its streams in the order in which they were written. */
interface FolderOperations extends Operations {
  /** At most 1,000 records of a shard after `after`. */
  read(stream: string, shard: ShardId, after: SequenceNumber | undefined): Promise<readonly StreamRecord[]>
  /** Sequence number of the newest record of all shards. */
  newest(stream: string): Promise<SequenceNumber | undefined>
}

/** The operations on a data folder. Each takes effect as a whole or not at all. */
const dataOperations = {
  pipeline: cloud => cloud.meta.get(pipelineKey),

  streamNames: cloud => cloud.streams.names(),

  shards: (cloud, stream) =>
    cloud.streams.describe(stream).map(({ id, parents, range, closed }) => ({ id, parents, range, closed })),

  shardStatuses: async (cloud, stream) => {
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

  createStream: (cloud, stream, shards) => cloud.streams.createStream(stream, shards),

  readersOf: (cloud, stream) => (cloud.streams.has(stream) ? mappingsOf(cloud, stream) : []),

  deleteStream: (cloud, stream) => {
    if (cloud.streams.isListenedTo(stream)) {
      throw new ConfigurationError(
        `Cannot delete stream "${stream}": a pipeline is reading it, end the millrace dev that runs it first`,
      )
    }
    cloud.streams.deleteStream(stream)
  },

  splitShard: (cloud, stream, shard, at) => cloud.streams.splitShard(stream, shard, at),

  mergeShards: (cloud, stream, one, other) => cloud.streams.mergeShards(stream, one, other),

  /** Once, however often the call is repeated. */
  put: (cloud, stream, records, call) =>
    cloud.transaction(() => {
      const key = producerKey(call.producer)
      const before = cloud.meta.get(key)
      const answered = before === undefined ? undefined : answeredCall(before)
      if (answered?.number === call.number) return answered.shards
      if (answered !== undefined && answered.number > call.number) {
        throw new Error(`Cannot put records in stream "${stream}": call ${call.number} comes after a later one`)
      }
      const shards = putAll(cloud, stream, records)
      cloud.meta.set(key, callText(call.number, shards))
      return shards
    }),

  forgetProducer: (cloud, producer) => cloud.meta.delete(producerKey(producer)),

  read: (cloud, stream, shard, after) => cloud.streams.read(stream, shard, after, pageRecords, pageBytes),

  newest: (cloud, stream) => cloud.streams.newest(stream),

  /** Those that the pipeline declares, where the folder says so, and those that have had a row. */
  viewNames: (cloud, pipeline) => {
    const declared: readonly string[] = JSON.parse(cloud.meta.get(viewsKey(pipeline)) ?? '[]')
    const begun = cloud.views.names().flatMap(name => {
      const prefix = `${pipeline}/`
      return name.startsWith(prefix) ? [name.slice(prefix.length)] : []
    })
    return [...new Set([...declared, ...begun])].sort()
  },

  viewRows: (cloud, pipeline, view) => rowsOfView(cloud.views.rows(`${pipeline}/${view}`)),

  letters: (cloud, pipeline) => cloud.deadLetters.letters(pipeline),

  /** Letters that are gone were put back before: a call that is repeated puts them back once. */
  resubmit: (cloud, pipeline, letters) =>
    cloud.transaction(() => {
      for (const letter of letters) {
        if (cloud.deadLetters.forget(pipeline, [letter.id]) > 0) putAll(cloud, letter.stream, [recordOf(letter)])
      }
    }),

  stageShards: async (cloud, pipeline, stages) => {
    const found: StageShard[] = []
    for (const { name, stream } of stages) {
      if (!cloud.streams.has(stream)) continue
      for (const { id, closed } of cloud.streams.describe(stream)) {
        const { records, behindMs } = await lagOf(cloud, `${pipeline}/${name}`, stream, id)
        const log = await logStatus(cloud.commits, pipeline, name, id)
        found.push({ stage: name, shard: id, closed, records, behindMs, log })
      }
    }
    return found
  },
} satisfies OperationsOn<EmbeddedCloud, FolderOperations>

export type DataOperation = keyof FolderOperations
export type ArgumentsOf<Name extends DataOperation> = Parameters<FolderOperations[Name]>
export type AnswerOf<Name extends DataOperation> = Awaited<ReturnType<FolderOperations[Name]>>

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

function putAll(cloud: EmbeddedCloud, stream: string, records: readonly PutRecord[]): readonly ShardId[] {
  return cloud.streams.put(stream, records).map(outcome => {
    if (outcome.kind === 'accepted') return outcome.shard
    throw new Error(`Cannot put a record in stream "${stream}": ${outcome.reason}`)
  })
}

/** What a producer's newest call answered, so that a repeat of it is answered alike. Shards are few, and their ids long. */
function callText(number: number, shards: readonly ShardId[]): string {
  const ids = [...new Set(shards)]
  return JSON.stringify({ number, ids, at: shards.map(id => ids.indexOf(id)) })
}

function answeredCall(text: string): { readonly number: number; readonly shards: readonly ShardId[] } {
  const { number, ids, at }: { number: number; ids: ShardId[]; at: number[] } = JSON.parse(text)
  return { number, shards: at.map(index => ids[index]) }
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
