import { readFileSync } from 'node:fs'
import { handlers, type StageHandler } from '../functions/handlers.ts'
import { orders } from '../functions/orders/pipeline.ts'
import { Deployment } from '../local/cloud/deployment.ts'
import { memoryCloud } from '../local/cloud/embedded-cloud.ts'
import { EnvironmentPool } from '../local/cloud/environment-pool.ts'
import { interceptPorts, type PortCall } from '../local/cloud/intercept-ports.ts'
import { endOfInput } from '../local/input/file-input.ts'
import { packValue } from '../shared/codecs/values.ts'
import { stageNamed } from '../shared/plan/plan.ts'
import type { PutRecord } from '../shared/ports/streams.ts'

export type WriteFigures = {
  /** DynamoDB write units per million trades: commits, pages and view rows, each item's real size in units of 1 KB begun. */
  readonly units: number
  readonly commitUnits: number
  readonly pageUnits: number
  readonly viewUnits: number
  /** Conditional appends per invocation of a logged and of a transient stage. */
  readonly perLogged: number
  readonly perTransient: number
}

/**
 * Trades as single Kinesis records, 1,000 to a source batch. `everyBatch`: every stage runs dry before the next 1,000 arrive, the most
 * commits that there can be; otherwise the source has run ahead, and each stage takes batches of up to 1,000 records.
 */
export async function writeUnits(path: string, trades: number, everyBatch: boolean): Promise<WriteFigures> {
  const cloud = memoryCloud({ now: Date.now, sleep: async () => {} })
  const meter = new Meter()
  const ports = interceptPorts(cloud.ports, (call, effect) => {
    meter.count(call)
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
  cloud.streams.put('trades', endOfInput(cloud, 'trades'))
  await settle()
  return meter.figures(trades)
}

class Meter {
  readonly invocations = { logged: 0, transient: 0 }
  steps = 0
  readonly #units = { commits: 0, pages: 0, views: 0 }
  readonly #appends = { logged: 0, transient: 0 }

  count(call: PortCall): void {
    if (call.method === 'append') {
      this.#appends[kindOf(call.args[0])]++
      this.#units.commits += unitsOf(call.args[1].body.length + attributeBytes)
    } else if (call.method === 'writePage') {
      this.#units.pages += unitsOf(call.args[1].bytes.length + attributeBytes)
    } else if (call.port === 'views' && call.method === 'put') {
      for (const row of call.args[1]) this.#units.views += unitsOf(packValue(row).length + attributeBytes)
    }
  }

  figures(trades: number): WriteFigures {
    const million = 1_000_000 / trades
    const { commits, pages, views } = this.#units
    return {
      units: Math.round((commits + pages + views) * million),
      commitUnits: Math.round(commits * million),
      pageUnits: Math.round(pages * million),
      viewUnits: Math.round(views * million),
      perLogged: this.#appends.logged / this.invocations.logged,
      perTransient: this.#appends.transient / this.invocations.transient,
    }
  }
}

/** A log is named pipeline/stage/shard. */
function kindOf(log: string): 'logged' | 'transient' {
  return stageNamed(orders.plan, log.split('/')[1]).kind
}

/** Keys and numbers of an item beside its body, about. */
const attributeBytes = 120
const unitsOf = (bytes: number): number => Math.ceil(bytes / 1024)

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
