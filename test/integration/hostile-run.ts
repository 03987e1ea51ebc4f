import { setTimeout as sleep } from 'node:timers/promises'
import { MemoryFiles } from '../../local/cloud/files.ts'
import type { Row } from '../../local/cloud/rows.ts'
import { Deployment } from '../../local/functions/deployment.ts'
import { MirroredCloud } from '../../local/mirror/mirrored-cloud.ts'
import { createResources } from '../../local/mirror/resources.ts'
import { viewNames, viewRows } from '../../local/run/results.ts'
import { Random } from '../../local/simulator/random.ts'
import { mergeShards, splitShard } from '../../shared/aws/admin.ts'
import { type AwsClients, type AwsSettings, awsClients, awsPorts } from '../../shared/aws/index.ts'
import { encodeControl } from '../../shared/codecs/control.ts'
import type { Pipeline } from '../../shared/dsl/pipeline.ts'
import { endOfTime } from '../../shared/model/event-time.ts'
import { resourcesOf } from '../../shared/plan/resources.ts'
import type { Ports } from '../../shared/ports/index.ts'
import { HostileRunner } from './hostile-runner.ts'
import { lossyProxy } from './lossy-proxy.ts'
import { Strikes } from './strikes.ts'

export type HostileRunOptions = {
  readonly pipeline: Pipeline<unknown, unknown>
  /** Lines of its one source. */
  readonly lines: readonly string[]
  readonly endpoint: string
  readonly seed: number
  /** Of awaits of one kind in one invocation, how many are struck one by one. */
  readonly mostOfAKind: number
  /** Shards of each stream at first, at most. */
  readonly mostShards: number
}

export type HostileRunResult = {
  readonly views: Readonly<Record<string, readonly Row[]>>
  readonly deadLetters: number
  /** What went wrong, counted: for a person. */
  readonly told: string
}

/**
 * Runs a pipeline on an endpoint where everything goes wrong that may: handlers die at each await, answers are lost, batches come again
 * and are cut anew, the event source mapping starts over from its checkpoints, and shards are split and merged in mid-stream.
 */
export async function hostileRun(options: HostileRunOptions): Promise<HostileRunResult> {
  const run = await HostileRun.begin(options)
  try {
    return await run.play()
  } finally {
    await run.close()
  }
}

class HostileRun {
  readonly #options: HostileRunOptions
  readonly #random: Random
  readonly #settings: AwsSettings
  /** Reach the service without accidents: what is put here is the input, each record once. */
  readonly #clients: AwsClients
  readonly #ports: Ports
  readonly #proxy: Awaited<ReturnType<typeof lossyProxy>>
  readonly #strikes: Strikes
  readonly #reshards = { splits: 0, merges: 0 }
  #redeliveries = 0
  #zombies: Promise<unknown>[] = []

  private constructor(options: HostileRunOptions, random: Random, proxy: Awaited<ReturnType<typeof lossyProxy>>) {
    const prefix = `hostile-${options.seed}-${Date.now().toString(36)}-`
    const { table, streams } = resourcesOf(options.pipeline.plan, prefix)
    const byName = Object.fromEntries(streams.map(({ name, physicalName }) => [name, physicalName]))
    this.#options = options
    this.#random = random
    this.#proxy = proxy
    this.#strikes = new Strikes(options.mostOfAKind)
    this.#settings = { table, streams: byName, endpoint: options.endpoint }
    this.#clients = awsClients(this.#settings)
    this.#ports = awsPorts(this.#settings, this.#clients, host)
  }

  static async begin(options: HostileRunOptions): Promise<HostileRun> {
    const random = new Random(options.seed)
    const network = random.fork('network')
    const proxy = await lossyProxy(
      options.endpoint,
      operation => (operation === 'PutRecords' || operation === 'PutItem') && network.chance(0.03),
    )
    const run = new HostileRun(options, random, proxy)
    await createResources(run.#clients, run.#settings, options.pipeline.plan, () =>
      random.between(1, options.mostShards),
    )
    return run
  }

  async close(): Promise<void> {
    this.#clients.close()
    await this.#proxy.close()
  }

  /** The input in four parts, and between them the event source mappings start over and shards change. */
  async play(): Promise<HostileRunResult> {
    const { lines } = this.#options
    const quarter = Math.ceil(lines.length / 4)
    await this.#serve('a part', () => this.#feed(lines.slice(0, quarter)))
    await this.#serve('a part', async () => {
      await this.#reshardAll('split')
      await this.#feed(lines.slice(quarter, 2 * quarter))
    })
    await this.#serve('all', async () => {
      await this.#feed(lines.slice(2 * quarter, 3 * quarter))
      await this.#reshardAll('merge')
      await this.#feed(lines.slice(3 * quarter))
      await this.#end()
    })
    const { plan } = this.#options.pipeline
    const views = viewNames(plan).map(async name => [name, await viewRows(this.#ports, plan, name)] as const)
    return {
      views: Object.fromEntries(await Promise.all(views)),
      deadLetters: (await this.#ports.deadLetters.list(plan.name)).length,
      told: JSON.stringify({
        strikes: this.#strikes.counts,
        lost: Object.fromEntries(this.#proxy.lost),
        redeliveries: this.#redeliveries,
        zombies: this.#zombies.length,
        ...this.#reshards,
      }),
    }
  }

  /** Serves all stages while `work` goes on, then until a part of what waits, or all of it, is dealt with. */
  async #serve(until: 'a part' | 'all', work: () => Promise<void>): Promise<void> {
    const { plan } = this.#options.pipeline
    const settings = { ...this.#settings, endpoint: this.#proxy.endpoint }
    const cloud = await MirroredCloud.open(plan, { settings, files: new MemoryFiles() })
    const stop = new AbortController()
    try {
      const deployment = this.#deploy(cloud)
      const running = deployment.run(stop.signal)
      const served = async () => {
        await work()
        const deadline = until === 'all' ? Number.POSITIVE_INFINITY : Date.now() + this.#random.below(500)
        while (Date.now() < deadline && !(deployment.isIdle() && cloud.isCaughtUp)) {
          deployment.trim()
          await sleep(20)
        }
      }
      await Promise.race([served(), running])
      stop.abort()
      await running
    } finally {
      stop.abort()
      await Promise.all(this.#zombies)
      await cloud.close()
    }
  }

  #deploy(cloud: MirroredCloud): Deployment {
    const { pipeline } = this.#options
    const random = this.#random.fork(`deployment ${this.#random.next()}`)
    return new Deployment(cloud, pipeline.plan, {
      shards: () => 1,
      batchSize: () => random.between(3, 40),
      now: Date.now,
      runner: ({ name }) =>
        new HostileRunner({
          pipeline,
          stage: name,
          ports: cloud.ports,
          strikes: this.#strikes,
          random: random.fork(name),
          onRedelivery: () => this.#redeliveries++,
          onZombie: ended => this.#zombies.push(ended),
        }),
    })
  }

  async #feed(lines: readonly string[]): Promise<void> {
    for (let at = 0; at < lines.length; ) {
      const count = this.#random.between(1, 25)
      const records = lines.slice(at, at + count).map(line => ({
        data: Buffer.from(line),
        partitionKey: String(this.#random.next()),
      }))
      await this.#put(records)
      at += count
    }
  }

  async #end(): Promise<void> {
    const open = (await this.#ports.streams.listShards(this.#source)).filter(({ closed }) => !closed)
    const data = encodeControl({ kind: 'watermark', time: endOfTime })
    await this.#put(open.map(({ range }) => ({ data, partitionKey: 'end', explicitHashKey: range.from })))
  }

  async #put(records: Parameters<Ports['streams']['putRecords']>[1]): Promise<void> {
    const outcomes = await this.#ports.streams.putRecords(this.#source, records)
    for (const outcome of outcomes) if (outcome.kind === 'refused') throw new Error(outcome.reason)
  }

  /** Of each stream a shard in two, somewhere, or two neighbours in one. */
  async #reshardAll(how: 'split' | 'merge'): Promise<void> {
    for (const { input } of this.#options.pipeline.plan.stages) {
      const name = this.#settings.streams?.[input.stream] ?? input.stream
      const shards = await this.#ports.streams.listShards(input.stream)
      const open = shards.filter(({ closed }) => !closed).toSorted((a, b) => (a.range.from < b.range.from ? -1 : 1))
      if (how === 'split') {
        const { id, range } = this.#random.pick(open)
        const share = BigInt(this.#random.between(1, 9))
        await splitShard(this.#clients, host, name, id, range.from + ((range.to - range.from) * share) / 10n)
        this.#reshards.splits++
      } else if (open.length > 1) {
        const at = this.#random.below(open.length - 1)
        await mergeShards(this.#clients, host, name, open[at].id, open[at + 1].id)
        this.#reshards.merges++
      }
    }
  }

  get #source(): string {
    return this.#options.pipeline.plan.stages[0].input.stream
  }
}

const host = { now: Date.now, random: Math.random, sleep: async (ms: number) => void (await sleep(ms)) }
