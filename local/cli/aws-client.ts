import { setTimeout as sleep } from 'node:timers/promises'
import { deleteStream, listStreamNames, mergeShards, splitShard, waitingMs } from '../../shared/aws/admin.ts'
import { callService } from '../../shared/aws/calls.ts'
import {
  type AwsClients,
  type AwsHost,
  type AwsPorts,
  awsClients,
  awsPorts,
  createStream,
} from '../../shared/aws/index.ts'
import { iteratorAgeMs, metricReader } from '../../shared/aws/iterator-age.ts'
import type { SequenceNumber, ShardId } from '../../shared/model/ids.ts'
import { functionName } from '../../shared/plan/resources.ts'
import type { DeadLetter } from '../../shared/ports/results.ts'
import type { PutRecord, ShardDescription } from '../../shared/ports/streams.ts'
import type { CloudClient, ReadStart, ShardStatus } from '../cloud/operations.ts'
import { recordOf } from '../cloud/resubmission.ts'
import { type Row, rowsOfView } from '../cloud/rows.ts'
import { logStatus, type StageName, type StageShard } from '../cloud/stage-status.ts'
import { TableCheckpoints } from '../mirror/table-checkpoints.ts'
import { type AwsPlace, awsSettingsOfName, streamOnAws } from './aws-options.ts'
import { inTurns, putInOrder } from './aws-put.ts'
import { ShardsReader } from './shards-reader.ts'

const host: AwsHost = { now: Date.now, random: Math.random, sleep: async ms => void (await sleep(ms)) }

/** Works on Kinesis and DynamoDB, or on what speaks their interfaces. A call whose answer is lost may have taken effect. */
export class AwsClient implements CloudClient {
  readonly place: string
  /** Kinesis: five reads a second of a shard, and Lambda needs some of them. */
  readonly pollMs = 1_000
  readonly #place: AwsPlace
  readonly #clients: AwsClients
  readonly #portsOf = new Map<string, AwsPorts>()

  constructor(place: AwsPlace) {
    this.place = place.endpoint === undefined ? 'AWS' : `"${place.endpoint}"`
    this.#place = place
    this.#clients = awsClients(awsSettingsOfName(place, ''))
  }

  /** Any number of pipelines. */
  async pipeline(): Promise<undefined> {}

  async streamNames(): Promise<readonly string[]> {
    const { prefix } = this.#place
    const names = await listStreamNames(this.#clients, host)
    return names.filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))
  }

  shards(stream: string): Promise<readonly ShardDescription[]> {
    return this.#ports('').streams.listShards(this.#physical(stream))
  }

  async shardStatuses(stream: string): Promise<readonly ShardStatus[]> {
    const shards = await this.shards(stream)
    return shards.map(shard => ({ ...shard, kept: undefined, lags: [] }))
  }

  createStream(stream: string, shards: number): Promise<void> {
    return createStream(this.#clients, this.#physical(stream), shards)
  }

  /** Who reads a stream is for Lambda to know. */
  async readersOf(): Promise<undefined> {}

  deleteStream(stream: string): Promise<void> {
    return deleteStream(this.#clients, host, this.#physical(stream))
  }

  async splitShard(stream: string, shard: ShardId, at?: bigint): Promise<readonly ShardId[]> {
    const { from, to } = (await this.#shard(stream, shard)).range
    await splitShard(this.#clients, host, this.#physical(stream), shard, at ?? from + (to - from + 1n) / 2n)
    const children = await this.#children(stream, shard)
    return children.sort((a, b) => (a.range.from < b.range.from ? -1 : 1)).map(({ id }) => id)
  }

  async mergeShards(stream: string, one: ShardId, other: ShardId): Promise<ShardId> {
    await mergeShards(this.#clients, host, this.#physical(stream), one, other)
    const [child] = await this.#children(stream, one)
    return child.id
  }

  put(stream: string, records: readonly PutRecord[]): Promise<readonly ShardId[]> {
    return putInOrder(this.#ports('').streams, host, this.#physical(stream), records)
  }

  /** Kinesis cannot tell a repeated call. */
  async forgetProducer(): Promise<void> {}

  async viewNames(): Promise<undefined> {}

  async viewRows(pipeline: string, view: string): Promise<readonly Row[]> {
    return rowsOfView(await this.#ports(pipeline).views.scan(`${pipeline}/${view}`))
  }

  letters(pipeline: string): Promise<readonly DeadLetter[]> {
    return this.#ports(pipeline).deadLetters.list(pipeline)
  }

  /** First the records, then the letters: what ends in between has put records back whose letters are still there, and loses none. */
  async resubmit(pipeline: string, letters: readonly DeadLetter[]): Promise<void> {
    const { streams, deadLetters } = this.#ports(pipeline)
    for (const stream of new Set(letters.map(letter => letter.stream))) {
      const ofStream = letters.filter(letter => letter.stream === stream)
      await putInOrder(streams, host, this.#physical(stream), ofStream.map(recordOf))
      await deadLetters.remove(
        pipeline,
        ofStream.map(({ id }) => id),
      )
    }
  }

  async stageShards(pipeline: string, stages: readonly StageName[]): Promise<readonly StageShard[]> {
    const names = await this.streamNames()
    const there = stages.filter(({ stream }) => stream in this.#place.streams || names.includes(stream))
    const mappings = there.map(({ name }) => `${pipeline}/${name}`)
    const { table } = awsSettingsOfName(this.#place, pipeline)
    const checkpoints = await callService(host, `tell how pipeline "${pipeline}" is`, `table "${table}"`, () =>
      TableCheckpoints.read(this.#clients.dynamo, table, mappings),
    )
    const shards = await Promise.all(
      there.map(async stage => (await this.shards(stage.stream)).map(shard => ({ stage, shard }))),
    )
    const ages = new Map<string, Promise<number | undefined>>()
    const ageOf = (stage: string): Promise<number | undefined> => {
      const known = ages.get(stage) ?? this.#iteratorAge(pipeline, stage)
      ages.set(stage, known)
      return known
    }
    return inTurns(shards.flat(), sideBySide, ({ stage, shard }) => {
      const { through } = checkpoints.get(`${pipeline}/${stage.name}`, shard.id) ?? {}
      return this.#stageShard(pipeline, stage, shard, through, ageOf)
    })
  }

  reader(stream: string, start: ReadStart): ShardsReader {
    return new ShardsReader(this.#clients, host, this.#physical(stream), () => this.shards(stream), start)
  }

  close(): void {
    this.#clients.close()
  }

  /**
   * A logged stage says in its log how far it is. Of another one only Lambda knows it, and `ageOf` what that says, unless it
   * is this machine that runs the stage: then `checkpoint` is about where it is.
   */
  async #stageShard(
    pipeline: string,
    { name, kind, stream }: StageName,
    { id, closed }: ShardDescription,
    checkpoint: SequenceNumber | undefined,
    ageOf: (stage: string) => Promise<number | undefined>,
  ): Promise<StageShard> {
    const found = { stage: name, shard: id, closed, records: undefined }
    const behindMs = (after: SequenceNumber | undefined) =>
      waitingMs(this.#clients, host, this.#physical(stream), id, after)
    if (kind === 'transient') {
      if (checkpoint !== undefined) return { ...found, behindMs: await behindMs(checkpoint), log: undefined }
      return { ...found, behindMs: undefined, behindAtMostMs: closed ? undefined : await ageOf(name), log: undefined }
    }
    const log = await logStatus(this.#ports(pipeline).commits, pipeline, name, id)
    return { ...found, behindMs: log?.sealed ? 0 : await behindMs(log?.through), log }
  }

  /** Emulators have no such metric. Who may not read it is told where to look. */
  async #iteratorAge(pipeline: string, stage: string): Promise<number | undefined> {
    if (this.#place.endpoint !== undefined) return undefined
    const reader = await metricReader(awsSettingsOfName(this.#place, pipeline))
    try {
      return await iteratorAgeMs(reader, host, functionName({ name: pipeline }, { name: stage }, this.#place.prefix))
    } catch {
      return undefined
    } finally {
      reader.destroy()
    }
  }

  async #shard(stream: string, id: ShardId): Promise<ShardDescription> {
    const shard = (await this.shards(stream)).find(other => other.id === id)
    if (shard === undefined) throw new Error(`Cannot use shard "${id}": stream "${stream}" has no such shard`)
    return shard
  }

  /** A list of shards may lag behind a change of them. */
  async #children(stream: string, parent: ShardId): Promise<ShardDescription[]> {
    for (let tries = 0; tries < mostLists; tries++) {
      if (tries > 0) await host.sleep(listedPollMs)
      const children = (await this.shards(stream)).filter(shard => shard.parents.includes(parent))
      if (children.length > 0) return children
    }
    throw new Error(
      `Cannot tell the children of shard "${parent}": they are not listed yet, look with millrace streams describe`,
    )
  }

  /** On the table of a pipeline. Streams go by their names on AWS. */
  #ports(pipeline: string): AwsPorts {
    const known = this.#portsOf.get(pipeline)
    if (known !== undefined) return known
    const ports = awsPorts(awsSettingsOfName(this.#place, pipeline), this.#clients, host)
    this.#portsOf.set(pipeline, ports)
    return ports
  }

  #physical(stream: string): string {
    return streamOnAws(this.#place, stream)
  }
}

/** Shards looked at at a time. */
const sideBySide = 8
const listedPollMs = 200
const mostLists = 50
