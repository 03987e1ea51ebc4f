import { readFileSync } from 'node:fs'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { handlers, type StageHandler } from '../functions/handlers.ts'
import { orders } from '../functions/orders/pipeline.ts'
import { memoryCloud } from '../local/cloud/embedded-cloud.ts'
import { interceptPorts, type PortCall } from '../local/cloud/intercept-ports.ts'
import { Deployment } from '../local/functions/deployment.ts'
import { EnvironmentPool } from '../local/functions/environment-pool.ts'
import { endOfInput } from '../local/input/file-target.ts'
import { awsClients, awsPorts } from '../shared/aws/index.ts'
import { decodeBody } from '../shared/commit/commit-body.ts'
import { limits } from '../shared/model/limits.ts'
import { stageNamed } from '../shared/plan/plan.ts'
import type { Ports } from '../shared/ports/index.ts'
import type { PutRecord } from '../shared/ports/streams.ts'

export type WriteFigures = {
  /** DynamoDB write units per million trades, all parts: each item that shared/aws would put, with its names, in units of 1 KB begun. */
  readonly units: number
  readonly commitUnits: number
  readonly pageUnits: number
  readonly viewUnits: number
  /**
   * State entries that the commits changed, per million trades: what one update for each dirty key would write in the same batches,
   * each a unit where no entry is above 1 KB.
   */
  readonly dirtyKeys: number
  /** Conditional appends per invocation of a logged and of a transient stage. */
  readonly perLogged: number
  readonly perTransient: number
  readonly sizes: WriteSizes
}

/** What the cost model takes from here: see shared/plan/cost. */
export type WriteSizes = {
  /** Mean bytes of a commit's item, by stage. */
  readonly commitBytes: Readonly<Record<string, number>>
  /** Mean bytes of a chunk as put, and chunks for each batch that made some, by stream. */
  readonly chunks: Readonly<Record<string, { readonly bytes: number; readonly perPut: number }>>
}

/**
 * Trades as single Kinesis records, 1,000 to a source batch. `everyBatch`: every stage runs dry before the next 1,000 arrive, the most
 * commits that there can be; otherwise the source has run ahead, and each stage takes batches of up to 1,000 records.
 */
export async function writeUnits(path: string, trades: number, everyBatch: boolean): Promise<WriteFigures> {
  const cloud = memoryCloud({ now: Date.now, sleep: async () => {} })
  const meter = new Meter()
  const ports = interceptPorts(cloud.ports, async (call, effect) => {
    await meter.count(call)
    return effect()
  })
  const byStage: Readonly<Record<string, StageHandler>> = handlers(orders)
  const deployment = new Deployment(cloud, orders.plan, {
    shards: () => 1,
    batchSize: () => 1_000,
    now: Date.now,
    runner: stage => {
      const pool = new EnvironmentPool(stage.name, () => byStage[stage.name], ports, Date.now)
      return {
        invoke: (event, options) => {
          meter.invocations[stage.kind]++
          return pool.invoke(event, options)
        },
      }
    },
  })
  const settle = async () => {
    for (const mapping of deployment.mappings.values()) while (await mapping.pollOnce()) meter.steps++
    deployment.trim()
  }
  const source = deployment.mappings.get('trades')
  const lines = linesOf(path, trades)
  for (let at = 0; at < lines.length; at += 1_000) {
    for (let part = at; part < Math.min(at + 1_000, lines.length); part += 500) {
      cloud.streams.put('trades', lines.slice(part, part + 500))
    }
    if (everyBatch) await settle()
    else while (await source?.pollOnce()) meter.steps++
  }
  cloud.streams.put('trades', endOfInput(cloud.streams.describe('trades')))
  await settle()
  return meter.figures(trades)
}

class Meter {
  readonly invocations = { logged: 0, transient: 0 }
  steps = 0
  readonly #units = { log: 0, page: 0, view: 0 }
  readonly #appends = { logged: 0, transient: 0 }
  readonly #commits = new Map<string, { count: number; bytes: number }>()
  readonly #chunks = new Map<string, { puts: number; count: number; bytes: number }>()
  readonly #table = tableOfSizes((partition, bytes) => this.#put(partition, bytes))
  #dirtyKeys = 0

  async count(call: PortCall): Promise<void> {
    if (call.method === 'append') {
      const [log, commit] = call.args
      this.#appends[kindOf(log)]++
      for (const { store, ids } of decodeBody(commit.body).delta)
        if (!store.startsWith('$')) this.#dirtyKeys += ids.length
      await this.#table.commits.append(log, commit)
    } else if (call.method === 'writePage') {
      await this.#table.commits.writePage(...call.args)
    } else if (call.port === 'views' && call.method === 'put') {
      await this.#table.views.put(...call.args)
    } else if (call.method === 'putRecords') {
      const [stream, records] = call.args
      const known = this.#chunks.get(stream) ?? { puts: 0, count: 0, bytes: 0 }
      this.#chunks.set(stream, known)
      known.puts++
      known.count += records.length
      for (const { data } of records) known.bytes += data.length
    }
  }

  #put(partition: string, bytes: number): void {
    const [part, , stage] = partition.split('/')
    if (part === 'log') {
      const known = this.#commits.get(stage) ?? { count: 0, bytes: 0 }
      this.#commits.set(stage, { count: known.count + 1, bytes: known.bytes + bytes })
    }
    if (part === 'log' || part === 'page' || part === 'view')
      this.#units[part] += Math.ceil(bytes / limits.writeUnitBytes)
  }

  figures(trades: number): WriteFigures {
    const million = 1_000_000 / trades
    const { log, page, view } = this.#units
    return {
      units: Math.round((log + page + view) * million),
      commitUnits: Math.round(log * million),
      pageUnits: Math.round(page * million),
      viewUnits: Math.round(view * million),
      dirtyKeys: Math.round(this.#dirtyKeys * million),
      perLogged: this.#appends.logged / this.invocations.logged,
      perTransient: this.#appends.transient / this.invocations.transient,
      sizes: {
        commitBytes: Object.fromEntries(
          [...this.#commits].map(([stage, { count, bytes }]) => [stage, Math.round(bytes / count)]),
        ),
        chunks: Object.fromEntries(
          [...this.#chunks].map(([stream, { puts, count, bytes }]) => [
            stream,
            { bytes: Math.round(bytes / count), perPut: Math.round((10 * count) / puts) / 10 },
          ]),
        ),
      },
    }
  }
}

/** The ports of shared/aws, with a table that keeps nothing of an item but tells its size. */
function tableOfSizes(put: (partition: string, bytes: number) => void): Ports {
  const settings = { table: 'orders', endpoint: 'http://127.0.0.1:9' }
  const clients = awsClients(settings, {})
  clients.dynamo.middlewareStack.add(
    () =>
      async ({ input }) => {
        if ('Item' in input && input.Item !== undefined) put(input.Item.pk.S ?? '', bytesOf(input.Item))
        return { output: { $metadata: {} }, response: {} }
      },
    { step: 'initialize' },
  )
  return awsPorts(settings, clients, { now: () => 0, random: () => 0, sleep: async () => {} })
}

/** As DynamoDB counts an item: names and values in UTF-8; a number half a byte a digit, and one (developer guide, item sizes). */
function bytesOf(item: Readonly<Record<string, AttributeValue>>): number {
  let bytes = 0
  for (const [name, { S, N, B }] of Object.entries(item)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(S ?? '') + (B?.length ?? 0)
    if (N !== undefined) bytes += Math.ceil(N.replace(/[-.]/g, '').length / 2) + 1
  }
  return bytes
}

/** A log is named pipeline/stage/shard. */
function kindOf(log: string): 'logged' | 'transient' {
  return stageNamed(orders.plan, log.split('/')[1]).kind
}

function linesOf(path: string, most: number): PutRecord[] {
  const bytes = readFileSync(path)
  const records: PutRecord[] = []
  for (let start = 0; start < bytes.length && records.length < most; ) {
    const end = bytes.indexOf(0x0a, start)
    const stop = end < 0 ? bytes.length : end
    records.push({ data: bytes.subarray(start, stop), partitionKey: String(records.length) })
    start = stop + 1
  }
  return records
}

// On its own: node bench/write-units.ts FILE TRADES
if (import.meta.main) {
  const [file, trades] = process.argv.slice(2)
  for (const everyBatch of [false, true]) {
    process.stdout.write(`${JSON.stringify(await writeUnits(file, Number(trades), everyBatch), undefined, 2)}\n`)
  }
}
