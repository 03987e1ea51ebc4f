import { setTimeout as sleep } from 'node:timers/promises'
import type { CloudClient, ReadStart, ShardRecord } from '../cloud/operations.ts'
import { type AwsOptions, addAwsReach } from './aws-options.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { counted } from './numbers.ts'
import { once } from './once.ts'
import { jsonLine, recordsIn, textLine } from './stream-text.ts'
import { checkStream, withCloud } from './with-cloud.ts'

type ConsumeOptions = AwsOptions & {
  readonly from?: string
  readonly follow?: true
  readonly count?: string
  readonly control?: true
  readonly json?: true
}

/** `millrace consume`: the records of a stream, as the data folder or Kinesis still holds them. */
export const addConsume: AddCommand = (program, terminal) => {
  const command = program
    .command('consume')
    .description('print the records of a stream')
    .argument('<stream>', 'the stream')
    .option('--data <folder>', 'the data folder (default: the only one in .millrace)', once('--data'))
  addAwsReach(command)
    .option(
      '--from <place>',
      'beginning, latest, or a time such as 2016-03-22T20:25:28Z (default: beginning)',
      once('--from'),
    )
    .option('--follow', 'go on with what arrives, until Ctrl-C')
    .option('--count <number>', 'end after so many records', once('--count'))
    .option('--control', 'also print ticks, watermarks and chunks without messages')
    .option('--json', 'print a JSON object per line instead of the data alone')
    .action((stream: string, options: ConsumeOptions) => consume(stream, options, terminal))
}

async function consume(stream: string, options: ConsumeOptions, terminal: Terminal): Promise<void> {
  const start = startOf(options.from)
  const count = countOf(options.count)
  await withCloud(options, async client => {
    await checkStream(client, 'consume', stream)
    const printer = new Printer(options, count, terminal)
    const { signal } = await untilInterrupted(stop =>
      print(client, stream, start, options.follow === true, printer, stop),
    )
    // Following has no other end; anything else was cut short.
    if (signal === undefined || options.follow) return
    throw new InterruptedError(signal, `Stopped after ${counted(printer.printed, 'record')}, there are more`)
  })
}

async function print(
  client: CloudClient,
  stream: string,
  start: ReadStart,
  isFollowing: boolean,
  printer: Printer,
  stop: AbortSignal,
): Promise<void> {
  const reader = client.reader(stream, start)
  while (!stop.aborted) {
    for await (const record of reader.newRecords()) {
      if (printer.print(record) === 'done' || stop.aborted) return
    }
    if (!isFollowing) return
    await sleep(client.pollMs, undefined, { signal: stop }).catch(() => undefined)
  }
}

/** Prints records until there are enough. */
class Printer {
  printed = 0
  readonly #options: ConsumeOptions
  readonly #count: number
  readonly #terminal: Terminal

  constructor(options: ConsumeOptions, count: number, terminal: Terminal) {
    this.#options = options
    this.#count = count
    this.#terminal = terminal
  }

  print({ shard, record }: ShardRecord): 'done' | 'goesOn' {
    const lines: string[] = []
    for (const found of recordsIn(shard, record)) {
      const isControl = found.kind === 'control' || found.kind === 'watermark'
      if (isControl && !this.#options.control) continue
      lines.push(this.#options.json ? jsonLine(found) : textLine(found))
      if (!isControl) this.printed++
      if (this.printed >= this.#count) break
    }
    if (lines.length > 0) this.#terminal.out(lines.join(''))
    return this.printed >= this.#count ? 'done' : 'goesOn'
  }
}

function startOf(text = 'beginning'): ReadStart {
  if (text === 'beginning' || text === 'latest') return { kind: text }
  const ms = /^\d{10,}$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isFinite(ms)) return { kind: 'time', ms }
  throw new UsageError(
    `Cannot read --from "${text}": expected beginning, latest, or a time such as 2016-03-22T20:25:28Z`,
  )
}

function countOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (count > 0) return count
  throw new UsageError(`Cannot read --count "${text}": expected a whole number of 1 or more`)
}
