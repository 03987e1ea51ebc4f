import { execFile } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { orders } from '../functions/orders/pipeline.ts'
import { bundling, conditionsFor } from '../infra/bundling.ts'
import { kinesisEvent } from '../local/testing/index.ts'

export type ColdStart = {
  readonly bundleBytes: number
  /** Median milliseconds of processor time for importing the module. */
  readonly loadMs: number
  /** The same for importing it and answering the first invocation, in which the clients are made and used. */
  readonly firstMs: number
}

export type ColdStarts = { readonly bare: ColdStart; readonly stage: ColdStart }

const root = join(import.meta.dirname, '..')
const run = promisify(execFile)

/**
 * Bundles the orders' handlers and a bare handler as the CDK does, then starts them by turns, each in a process of its own that answers
 * one event. The services answer at once, from this process.
 */
export async function coldStarts(folder: string, rounds = 21): Promise<ColdStarts> {
  const bare = await bundled('bench/cold-start/bare-handler.ts', join(folder, 'cold-bare.mjs'))
  const stage = await bundled('functions/orders/handlers.ts', join(folder, 'cold-orders.mjs'))
  const event = join(folder, 'cold-event.json')
  writeFileSync(event, JSON.stringify(kinesisEvent('trades', ['2016-03-22 20:25:28,1,80,EPE,710,51.00,B'])))
  const server = await services()
  const times = { bare: [] as Times[], stage: [] as Times[] }
  try {
    for (let round = 0; round <= rounds; round++) {
      const started = { bare: await start(bare, event, server), stage: await start(stage, event, server) }
      // The first round brings the files into memory.
      if (round === 0) continue
      times.bare.push(started.bare)
      times.stage.push(started.stage)
    }
  } finally {
    server.close()
  }
  return { bare: figures(bare, times.bare), stage: figures(stage, times.stage) }
}

type Times = { readonly loadMs: number; readonly firstMs: number; readonly response: { batchItemFailures: unknown[] } }

async function bundled(entry: string, outfile: string): Promise<string> {
  const { format, target, mainFields, minify, sourceMap, sourcesContent, externalModules, banner } = bundling
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format,
    target,
    mainFields: [...mainFields],
    minify,
    sourcemap: sourceMap,
    sourcesContent,
    banner: { js: banner },
    external: [...externalModules],
    conditions: conditionsFor(orders.plan).split(','),
    logLevel: 'error',
  })
  return outfile
}

async function start(bundle: string, event: string, server: Server): Promise<Times> {
  const { port } = server.address() as AddressInfo
  const { stdout } = await run(
    process.execPath,
    ['--enable-source-maps', join(root, 'bench/cold-start/start.ts'), bundle, 'trades', event],
    {
      env: {
        PATH: process.env.PATH,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        MILLRACE_TABLE: 'orders',
        MILLRACE_STREAMS: JSON.stringify(Object.fromEntries(streams.map(name => [name, name]))),
      },
    },
  )
  const times: Times = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  if (times.response.batchItemFailures.length > 0) throw new Error(`Cannot time "${bundle}": it failed its first event`)
  return times
}

const streams = [
  'trades',
  'orders-side',
  'orders-clientId',
  'orders-symbol',
  'orders-top-clients',
  'orders-top-symbols',
]

/** Kinesis, as far as a first invocation asks: one shard a stream, and every record accepted. */
async function services(): Promise<Server> {
  const shard = {
    ShardId: 'shardId-000000000000',
    HashKeyRange: { StartingHashKey: '0', EndingHashKey: String(2n ** 128n - 1n) },
    SequenceNumberRange: { StartingSequenceNumber: '1' },
  }
  const answers: Readonly<Record<string, (body: { readonly Records?: readonly unknown[] }) => unknown>> = {
    ListShards: () => ({ Shards: [shard] }),
    PutRecords: ({ Records = [] }) => ({
      FailedRecordCount: 0,
      Records: Records.map((_, i) => ({ SequenceNumber: String(i + 1), ShardId: shard.ShardId })),
    }),
  }
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? ''
    response.setHeader('content-type', 'application/x-amz-json-1.1')
    response.end(JSON.stringify(answers[operation](JSON.parse(body.toString()))))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

const figures = (bundle: string, times: readonly Times[]): ColdStart => ({
  bundleBytes: statSync(bundle).size,
  loadMs: median(times.map(({ loadMs }) => loadMs)),
  firstMs: median(times.map(({ firstMs }) => firstMs)),
})

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]

if (import.meta.main) process.stdout.write(`${JSON.stringify(await coldStarts(join(root, 'tmp')), undefined, 2)}\n`)
