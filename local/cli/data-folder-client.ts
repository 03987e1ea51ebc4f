import { existsSync, readdirSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { deserialize, serialize } from 'node:v8'
import { ConfigurationError } from '../../shared/model/errors.ts'
import type { ShardId } from '../../shared/model/ids.ts'
import { DataFolderError } from '../cloud/data-folder-error.ts'
import { type AnswerOf, type ArgumentsOf, type DataOperation, operate } from '../cloud/data-operations.ts'
import { type EmbeddedCloud, openCloud } from '../cloud/embedded-cloud.ts'
import { addressIn, type EndpointAddress, type EndpointAnswer, forgetAddress } from '../cloud/endpoint.ts'
import type { CloudClient, ReadStart } from '../cloud/operations.ts'
import { UsageError } from './command-line.ts'
import { StreamReader } from './stream-reader.ts'

/** How long to wait for a process that holds the folder and does not answer: it may be starting, ending or reloading. */
const patienceMs = 5_000
const retryMs = 50
/** A folder that was opened for a call is let go of when no other call follows, so that others may have it. */
const idleMs = 100
/** And after this long in any case, for a moment: a command that never rests must not keep `dev` from starting. */
const longestHoldMs = 2_000

/** What cannot be repeated without harm when it is not known whether it took effect. */
const onceOnly: ReadonlySet<DataOperation> = new Set(['splitShard', 'mergeShards'])

/**
 * Works on a data folder: through the endpoint of the process that holds it, else by opening it. Each call finds out anew, so that a
 * long command outlives restarts of `dev` beside it. A call whose connection broke is repeated: operations are made for it.
 */
export class DataFolderClient implements CloudClient {
  readonly folder: string
  readonly place: string
  readonly pollMs = 200
  #direct: { readonly cloud: EmbeddedCloud; readonly sinceMs: number } | undefined
  #timer: NodeJS.Timeout | undefined

  private constructor(folder: string) {
    this.folder = folder
    this.place = `data folder "${folder}"`
  }

  /** Throws a DataFolderError when the folder holds no data, unless it may be created. */
  static of(folder: string, whenMissing: 'refuse' | 'create' = 'refuse'): DataFolderClient {
    if (whenMissing === 'refuse' && !hasData(folder)) {
      throw new DataFolderError(
        folder,
        `Cannot open data folder "${folder}": it holds no Millrace data, start some with millrace dev PIPELINE --data ${folder}`,
      )
    }
    return new DataFolderClient(folder)
  }

  pipeline = () => this.call('pipeline')
  streamNames = () => this.call('streamNames')
  shards = (stream: string) => this.call('shards', stream)
  shardStatuses = (stream: string) => this.call('shardStatuses', stream)
  createStream = (stream: string, shards: number) => this.call('createStream', stream, shards)
  readersOf = (stream: string) => this.call('readersOf', stream)
  deleteStream = (stream: string) => this.call('deleteStream', stream)
  splitShard = (stream: string, shard: ShardId, at?: bigint) => this.call('splitShard', stream, shard, at)
  mergeShards = (stream: string, one: ShardId, other: ShardId) => this.call('mergeShards', stream, one, other)
  put = (...args: ArgumentsOf<'put'>) => this.call('put', ...args)
  forgetProducer = (producer: string) => this.call('forgetProducer', producer)
  viewNames = (pipeline: string) => this.call('viewNames', pipeline)
  viewRows = (pipeline: string, view: string) => this.call('viewRows', pipeline, view)
  letters = (pipeline: string) => this.call('letters', pipeline)
  resubmit = (...args: ArgumentsOf<'resubmit'>) => this.call('resubmit', ...args)
  stageShards = (...args: ArgumentsOf<'stageShards'>) => this.call('stageShards', ...args)
  reader = (stream: string, start: ReadStart) => new StreamReader(this, stream, start)

  async call<Name extends DataOperation>(name: Name, ...args: ArgumentsOf<Name>): Promise<AnswerOf<Name>> {
    if (this.#direct !== undefined && performance.now() - this.#direct.sinceMs > longestHoldMs) {
      this.close()
      await sleep(2 * retryMs)
    }
    const deadline = performance.now() + patienceMs
    for (;;) {
      const address = this.#direct === undefined ? addressIn(this.folder) : undefined
      const answer = address === undefined ? undefined : await ask<Name>(address, name, args)
      if (answer !== undefined) return answer.value
      const cloud = this.#open(performance.now() >= deadline)
      if (cloud !== undefined) return this.#run(cloud, name, args)
      await sleep(retryMs)
    }
  }

  /** Lets go of the folder. A later call takes it again. */
  close(): void {
    clearTimeout(this.#timer)
    this.#direct?.cloud.close()
    this.#direct = undefined
  }

  async #run<Name extends DataOperation>(
    cloud: EmbeddedCloud,
    name: Name,
    args: readonly unknown[],
  ): Promise<AnswerOf<Name>> {
    clearTimeout(this.#timer)
    try {
      return await operate(cloud, name, args)
    } finally {
      this.#timer = setTimeout(() => this.close(), idleMs)
    }
  }

  /** Undefined while another process holds the folder, an error on the last try. */
  #open(isLastTry: boolean): EmbeddedCloud | undefined {
    if (this.#direct !== undefined) return this.#direct.cloud
    try {
      const cloud = openCloud(this.folder, { now: Date.now, sleep: ms => sleep(ms) })
      // Nobody else holds the folder: what an endpoint.json says is of a process that was killed.
      forgetAddress(this.folder)
      this.#direct = { cloud, sinceMs: performance.now() }
      return cloud
    } catch (error) {
      if (isLastTry || !isHeldByAnother(error)) throw error
      return undefined
    }
  }
}

/** Whether SQLite said that another process holds the lock. */
export function isHeldByAnother(error: unknown): boolean {
  if (!(error instanceof DataFolderError) || !(error.cause instanceof Error)) return false
  const { cause } = error
  return 'errcode' in cause && typeof cause.errcode === 'number' && (cause.errcode & 0xff) === sqliteBusy
}

const sqliteBusy = 5

/** Where the data is when no --data says so. Throws a UsageError unless exactly one folder holds some. */
export function onlyFolder(): string {
  const found = existsSync(home) ? readdirSync(home).map(defaultFolder).filter(hasData) : []
  if (found.length === 1) return found[0]
  const folders = found.map(folder => `"${folder}"`).join(', ')
  throw new UsageError(
    `Cannot choose a data folder: ${found.length === 0 ? `there is none in "${home}"` : `there are ${folders}`}, name it with --data DIR`,
  )
}

const hasData = (folder: string): boolean => existsSync(join(folder, 'millrace.db'))

/** Where `dev` keeps the data of a pipeline unless it is told otherwise. */
export const defaultFolder = (pipeline: string): string => join(home, pipeline)

const home = '.millrace'

/** Undefined when nobody of ours answers. An error that the operation threw is thrown again. */
async function ask<Name extends DataOperation>(
  address: EndpointAddress,
  name: Name,
  args: readonly unknown[],
): Promise<{ readonly value: AnswerOf<Name> } | undefined> {
  const bytes = await post(address, name, serialize(args))
  if (bytes === undefined) return undefined
  const answer: EndpointAnswer = deserialize(bytes)
  if (answer.kind === 'error') throw new (answer.isConfiguration ? ConfigurationError : Error)(answer.message)
  const value: AnswerOf<Name> = deserialize(bytes).value
  return { value }
}

/** A connection for each call: one that is kept could be closed under a call, which then might have taken effect or not. */
function post({ port, token }: EndpointAddress, name: DataOperation, body: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    let isSent = false
    const lost = () => {
      if (!isSent || !onceOnly.has(name)) return resolve(undefined)
      reject(
        new Error(
          'Cannot tell whether the shards were changed: the connection broke, look with millrace streams describe',
        ),
      )
    }
    const headers = { authorization: `Bearer ${token}`, 'content-length': body.length }
    const asked = request({ host: '127.0.0.1', port, method: 'POST', path: `/${name}`, headers, agent: false })
    asked.on('error', lost)
    asked.on('socket', socket => socket.once('connect', () => (isSent = true)))
    asked.on('response', response => {
      const parts: Buffer[] = []
      response.on('data', part => parts.push(part))
      response.on('error', lost)
      response.on('end', () => resolve(response.statusCode === 200 ? Buffer.concat(parts) : undefined))
    })
    asked.end(body)
  })
}
