import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeNexmark } from '../functions/nexmark/generate.ts'
import { writeOrders } from '../functions/orders/generate.ts'
import { bareOrders } from './bare-orders.ts'
import { codecBench, type Rates } from './codecs.ts'
import { coldStarts } from './cold-start.ts'
import { engineBench } from './engine.ts'
import type { NexmarkFigures } from './nexmark-child.ts'
import { type Row, type Section, textOf, updated } from './results-file.ts'
import { writeUnits } from './write-units.ts'

// Measures what the project promises, each beside a yardstick in the same run, and writes bench/RESULTS.md. `npm run bench -- 500000`
// takes a smaller file; `npm run bench -- --only cold-start,write-units` measures these parts and leaves the others' figures as they are.
const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } })
const root = join(import.meta.dirname, '..')
const trades = Number(positionals[0] ?? 5_000_000)
const small = Math.min(500_000, trades)
const folder = join(root, 'tmp')
mkdirSync(folder, { recursive: true })

const wholeNumber = (value: number): string => Math.round(value).toLocaleString('en-US')
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
const verdict = (isMet: boolean): string => (isMet ? 'met' : 'not met')

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

/** In the order in which they are measured and written. */
const parts: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  engine: engineRows,
  orders: ordersRows,
  'catch-up': catchUpRows,
  'write-units': writeUnitRows,
  nexmark: nexmarkRows,
  'cold-start': coldStartRows,
  codecs: codecRows,
}

async function engineRows(): Promise<readonly Row[]> {
  const engine = engineBench(2_000_000)
  return [
    [
      'engine: filter, keyBy, tumbling count, a commit every 1,000 records; records combined before the shuffle',
      `${wholeNumber(engine.combined)} records/s`,
      'at least 1,000,000',
      verdict(engine.combined >= 1_000_000),
    ],
    ['the same, a message for every record', `${wholeNumber(engine.single)} records/s`, '', ''],
    ['the same count in a bare Map loop', `${wholeNumber(engine.bare)} records/s`, 'yardstick', ''],
  ]
}

/** The bare loop and the pipeline, three times in turn, and what memory they took. */
async function ordersRows(): Promise<readonly Row[]> {
  const large = await fileOf(trades)
  const rounds = [1, 2, 3].map(() => ({ bare: trades / bareOrders(large).seconds, run: ordersRun(large) }))
  const best = rounds
    .map(({ bare, run }) => ({ bare, engine: trades / run.seconds, ratio: trades / run.seconds / bare }))
    .sort((a, b) => b.ratio - a.ratio)
  const middle = best[1]
  const littlePeak = ordersRun(await fileOf(small)).peakBytes
  const largePeak = Math.max(...rounds.map(({ run }) => run.peakBytes))
  return [
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
      `peak memory of the process: ${wholeNumber(small)} trades, ${wholeNumber(trades)} trades`,
      `${megabytes(littlePeak)}, ${megabytes(largePeak)} (${(largePeak / littlePeak).toFixed(2)})`,
      'within 20%, below 600 MB',
      verdict(largePeak < 600e6 && largePeak < littlePeak * 1.2),
    ],
  ]
}

async function catchUpRows(): Promise<readonly Row[]> {
  const caught: CatchUp = child('catch-up.ts', await fileOf(trades))
  return [
    [
      `catching up: ${wholeNumber(caught.recordsIn)} trades waiting in four shards, 10 s of disorder allowed`,
      `${caught.late + caught.expired} late, ${wholeNumber(caught.counted)} counted, ${wholeNumber(caught.recordsIn / caught.seconds)} trades/s`,
      'none late, all counted',
      verdict(caught.late + caught.expired === 0 && caught.counted === caught.recordsIn - caught.malformed),
    ],
  ]
}

async function writeUnitRows(): Promise<readonly Row[]> {
  const file = await fileOf(small)
  const count = Math.min(200_000, small)
  const ahead = await writeUnits(file, count, false)
  const dry = await writeUnits(file, count, true)
  const times = (others: number, ours: number): string => `${(others / ours).toFixed(1)} times as many`
  return [
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
      'one conditional put for each trade, beside the latter',
      `1,000,000, ${times(1_000_000, dry.units)}`,
      'at least 20 times',
      verdict(1_000_000 >= 20 * dry.units),
    ],
    [
      'one update for each key that a batch changed, beside the latter and beside the former',
      `${wholeNumber(dry.dirtyKeys)}, ${times(dry.dirtyKeys, dry.units)}; ${wholeNumber(ahead.dirtyKeys)}, ${times(ahead.dirtyKeys, ahead.units)}`,
      'at least 20 times',
      verdict(dry.dirtyKeys >= 20 * dry.units && ahead.dirtyKeys >= 20 * ahead.units),
    ],
    [
      'conditional writes per invocation: logged stage, transient stage',
      `${dry.perLogged.toFixed(2)}, ${dry.perTransient.toFixed(2)}`,
      '1, 0',
      verdict(dry.perLogged <= 1.01 && dry.perTransient === 0),
    ],
  ]
}

/** Each query on one core, out of order within 4 s, with the time of the processor: others use the machine too. */
async function nexmarkRows(): Promise<readonly Row[]> {
  const events = Math.min(100_000, trades)
  const data = join(folder, `bench-nexmark-${events}`)
  if (!existsSync(data)) await writeNexmark(data, { events, seed: 7, outOfOrderMs: 4_000 })
  const figuresOf = (query: string): NexmarkFigures => child('nexmark-child.ts', query, data)
  const rate = (figures: NexmarkFigures): number => figures.events / figures.seconds
  const bare = rate(figuresOf('bare'))
  const rows = Array.from({ length: 24 }, (_, i): Row => {
    const figures = figuresOf(`q${i}`)
    const bytes = `${wholeNumber(figures.stateBytes / figures.events)} bytes of state written for each`
    const ratio = (rate(figures) / bare).toFixed(2)
    return [
      `q${i}: ${wholeNumber(figures.events)} events`,
      `${wholeNumber(rate(figures))} events/s (${ratio}), ${bytes}`,
      '',
      '',
    ]
  })
  return [
    [
      `the ${wholeNumber(events)} events read and parsed by a bare loop`,
      `${wholeNumber(bare)} events/s`,
      'yardstick',
      '',
    ],
    ...rows,
  ]
}

async function coldStartRows(): Promise<readonly Row[]> {
  const { bare, stage } = await coldStarts(folder)
  const row = (what: string, ours: number, theirs: number, text: (value: number) => string): Row => [
    what,
    `${text(ours)}, ${text(theirs)} (${(ours / theirs).toFixed(2)})`,
    'at most 1.5 times',
    verdict(ours <= theirs * 1.5),
  ]
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1e3)} kB`
  const milliseconds = (ms: number): string => `${Math.round(ms)} ms`
  return [
    row('bundle of a stage of orders, and of a bare handler', stage.bundleBytes, bare.bundleBytes, kilobytes),
    row(
      'processor time of loading its module at a cold start (medians of 21 processes each, by turns)',
      stage.loadMs,
      bare.loadMs,
      milliseconds,
    ),
    row('the same with answering the first event, clients made and used', stage.firstMs, bare.firstMs, milliseconds),
  ]
}

async function codecRows(): Promise<readonly Row[]> {
  const text = ({ ours, bare, ratio }: Rates): string =>
    `${wholeNumber(ours)} records/s, bare ${wholeNumber(bare)} (${ratio.toFixed(2)})`
  return codecBench().flatMap(({ name, library, decode, encode }): Row[] => [
    [`${name}: decode an order of ten fields, beside ${library}`, text(decode), '', ''],
    [`${name}: encode`, text(encode), '', ''],
  ])
}

const only = values.only?.split(',') ?? Object.keys(parts)
for (const name of only) {
  if (!(name in parts))
    throw new RangeError(`Cannot measure "${name}": expected one of ${Object.keys(parts).join(', ')}`)
}
const measured: Section[] = []
for (const [name, rowsOf] of Object.entries(parts)) {
  if (!only.includes(name)) continue
  process.stderr.write(`${name} ...\n`)
  measured.push({ name, rows: await rowsOf() })
}
const path = join(root, 'bench', 'RESULTS.md')
const machine = `A Linux machine (${arch()}) with ${availableParallelism()} cores and ${Math.round(totalmem() / 2 ** 30)} GiB of memory, shared with others, Node ${process.versions.node}.`
const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
const text = textOf(machine, updated(before, Object.keys(parts), measured))
writeFileSync(path, text)
process.stdout.write(text)
