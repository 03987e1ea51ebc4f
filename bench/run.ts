import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import { writeOrders } from '../functions/orders/generate.ts'
import { bareOrders } from './bare-orders.ts'
import { engineBench } from './engine.ts'
import { writeUnits } from './write-units.ts'

// Measures what the project promises, each beside a yardstick in the same run, and writes bench/RESULTS.md. `npm run bench -- 500000`
// takes a smaller file.
const root = join(import.meta.dirname, '..')
const trades = Number(process.argv[2] ?? 5_000_000)
const small = Math.min(500_000, trades)
const folder = join(root, 'tmp')
mkdirSync(folder, { recursive: true })

const log = (text: string): boolean => process.stderr.write(`${text}\n`)
const wholeNumber = (value: number): string => Math.round(value).toLocaleString('en-US')
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

async function fileOf(count: number): Promise<string> {
  const path = join(folder, `bench-${count}.csv`)
  if (!existsSync(path)) await writeOrders(path, { count, seed: 7 })
  return path
}

type OrdersRun = {
  readonly seconds: number
  readonly peakBytes: number
  readonly late: number
  readonly views: unknown
}
type CatchUp = {
  readonly seconds: number
  readonly recordsIn: number
  readonly malformed: number
  readonly counted: number
  readonly late: number
  readonly expired: number
}

/** Those of `npm start` and of the command `millrace`. */
const memoryFlags = ['--max-semi-space-size=16', '--heap-growing-percent=60']

function child<T>(script: string, ...args: readonly string[]): T {
  const text = execFileSync(process.execPath, [...memoryFlags, join(root, 'bench', script), ...args], {
    cwd: root,
    maxBuffer: 1e9,
    encoding: 'utf8',
  })
  return JSON.parse(text)
}

const ordersRun = (path: string): OrdersRun => child('orders-child.ts', 'functions/orders/pipeline.ts', path)

log('files ...')
const large = await fileOf(trades)
const little = await fileOf(small)
log('engine ...')
const engine = engineBench(2_000_000)
log('orders: bare loop and pipeline, three times in turn ...')
const rounds = [1, 2, 3].map(() => ({ bare: trades / bareOrders(large).seconds, run: ordersRun(large) }))
const best = rounds
  .map(({ bare, run }) => ({ bare, engine: trades / run.seconds, ratio: trades / run.seconds / bare }))
  .sort((a, b) => b.ratio - a.ratio)
const middle = best[1]
log('memory ...')
const littleRun = ordersRun(little)
const largePeak = Math.max(...rounds.map(({ run }) => run.peakBytes))
log('catching up ...')
const caught: CatchUp = child('catch-up.ts', large)
log('write units ...')
const ahead = await writeUnits(little, Math.min(200_000, small), false)
const dry = await writeUnits(little, Math.min(200_000, small), true)

const rows = [
  [
    'engine: filter, keyBy, tumbling count, a commit every 1,000 records; records combined before the shuffle',
    `${wholeNumber(engine.combined)} records/s`,
    'at least 1,000,000',
    verdict(engine.combined >= 1_000_000),
  ],
  ['the same, a message for every record', `${wholeNumber(engine.single)} records/s`, '', ''],
  ['the same count in a bare Map loop', `${wholeNumber(engine.bare)} records/s`, 'yardstick', ''],
  [
    `orders: ${wholeNumber(trades)} trades, file to views (middle of 3)`,
    `${wholeNumber(middle.engine)} trades/s`,
    '',
    '',
  ],
  ['the bare loop over the same file, same run', `${wholeNumber(middle.bare)} trades/s`, 'yardstick', ''],
  [
    'ratio of the two',
    `${middle.ratio.toFixed(2)} (${best.map(({ ratio }) => ratio.toFixed(2)).join(', ')})`,
    'at least 0.20, aim 0.33',
    verdict(middle.ratio >= 0.2),
  ],
  [
    `catching up: ${wholeNumber(caught.recordsIn)} trades waiting in four shards, 10 s of disorder allowed`,
    `${caught.late + caught.expired} late, ${wholeNumber(caught.counted)} counted, ${wholeNumber(caught.recordsIn / caught.seconds)} trades/s`,
    'none late, all counted',
    verdict(caught.late + caught.expired === 0 && caught.counted === caught.recordsIn - caught.malformed),
  ],
  [
    'DynamoDB write units per million trades, batches of 1,000, source running ahead',
    wholeNumber(ahead.units),
    'below 10,000',
    verdict(ahead.units < 10_000),
  ],
  [
    'the same when every stage commits after each 1,000 trades, the most there can be',
    `${wholeNumber(dry.units)} (commits ${wholeNumber(dry.commitUnits)}, pages ${wholeNumber(dry.pageUnits)}, views ${wholeNumber(dry.viewUnits)})`,
    '',
    '',
  ],
  [
    'conditional writes per invocation: logged stage, transient stage',
    `${dry.perLogged.toFixed(2)}, ${dry.perTransient.toFixed(2)}`,
    '1, 0',
    verdict(dry.perLogged <= 1.01 && dry.perTransient === 0),
  ],
  [
    `peak memory of the process: ${wholeNumber(small)} trades, ${wholeNumber(trades)} trades`,
    `${megabytes(littleRun.peakBytes)}, ${megabytes(largePeak)} (${(largePeak / littleRun.peakBytes).toFixed(2)})`,
    'within 20%, below 600 MB',
    verdict(largePeak < 600e6 && largePeak < littleRun.peakBytes * 1.2),
  ],
]

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'not met'
}

const text = `# Results

Written by \`npm run bench\`. A Linux machine (${arch()}) with ${availableParallelism()} cores and ${Math.round(totalmem() / 2 ** 30)} GiB of memory, shared with others, Node ${process.versions.node}.
Absolute figures prove nothing on such a machine; each stands beside a yardstick measured in the same run.

| measure | figure | goal | |
| --- | --- | --- | --- |
${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}

The bare loop reads, splits, parses and aggregates the file on one core, without a stream, a shuffle or a commit: see
\`bench/bare-orders.ts\`. The pipeline runs through its Lambda handlers on the embedded cloud, events in Kinesis' shape, with decoding
stages in a thread of their own.
`
writeFileSync(join(root, 'bench', 'RESULTS.md'), text)
process.stdout.write(text)
