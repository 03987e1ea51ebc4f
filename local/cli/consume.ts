import { setTimeout as sleep } from 'node:timers/promises'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import type { CloudClient, ReadStart, ShardRecord } from '../cloud/operations.ts'
import { type AwsOptions, addAwsReach } from './aws-options.ts'
import type { AddCommand, Terminal } from './command-line.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { counted } from './numbers.ts'
import { numberIn, once } from './once.ts'
import { readStartOf } from './read-start.ts'
import { checkValues, type RecordValues, type ValueOptions, valuesOf } from './record-values.ts'
import { streamOptions } from './registry-source.ts'
import { addSchemaOptions } from './schema-options.ts'
import { type Found, jsonLine, recordsIn, textLine, valueJsonLine } from './stream-text.ts'
import { checkStream, withCloud } from './with-cloud.ts'

type ConsumeOptions = AwsOptions &
  ValueOptions & {
    readonly from?: string
    readonly follow?: true
    readonly limit?: string
    readonly control?: true
    readonly skipMalformed?: true
    readonly json?: true
  }

/** `millrace consume`: the records of a stream, as the data folder or Kinesis still holds them. */
export const addConsume: AddCommand = (program, terminal) => {
  const command = program
    .command('consume')
    .description('print the records of a stream, one a line')
    .argument('<stream>', 'the stream')
    .option('--data <folder>', 'the data folder (default: the only one in .millrace)', once('--data'))
    .option(
      '--from <place>',
      'beginning; latest; or when records arrived: a time in ISO 8601 (UTC unless it has a zone), milliseconds since 1970, or "10m ago" with ms, s, m, h or d (default: beginning)',
      once('--from'),
    )
    .option('--follow', 'go on with what arrives, until Ctrl-C (default: end with what is there)')
    .option('--limit <number>', 'end after so many records, 1 or more (default: no limit)', once('--limit'))
    .option(
      '--codec <codec>',
      'what records hold: text, json, csv, avro or protobuf (default: they are printed as they are)',
      once('--codec'),
    )
  addSchemaOptions(command)
    .option('--skip-malformed', 'count records that the codec cannot read and go on (default: stop at the first)')
    .option('--control', 'also print ticks, watermarks and chunks without messages (default: records alone)')
    .option(
      '--json',
      'print a JSON object a line: shard, sequence number, arrival in milliseconds since 1970, partition key and value (default: the value alone)',
    )
  addAwsReach(command)
    .addHelpText('after', afterHelp)
    .action((stream: string, options: ConsumeOptions) => consume(stream, options, terminal))
}

const afterHelp = `
Records that the Kinesis Producer Library put together are taken apart. With --codec avro or protobuf, --schema is what values are read as,
and --registry has the schemas that they were written by; either will do.

Examples:
  millrace consume trades --from "10m ago" --follow
  millrace consume trades --codec avro --registry http://127.0.0.1:8081 --limit 10 --json
  millrace consume trades | millrace produce copy`

async function consume(stream: string, options: ConsumeOptions, terminal: Terminal): Promise<void> {
  const start = readStartOf(options.from ?? 'beginning', Date.now())
  const { limit: limitText } = options
  const limit = limitText === undefined ? Number.POSITIVE_INFINITY : numberIn('--limit', limitText, 1, 1e15)
  checkValues(options)
  await withCloud(streamOptions(options), async client => {
    await checkStream(client, 'consume', stream)
    const printer = new Printer(options, limit, await valuesOf(options), terminal)
    const { signal } = await untilInterrupted(stop =>
      print(client, stream, start, options.follow === true, printer, stop),
    )
    if (printer.skipped > 0) terminal.err(`Skipped ${counted(printer.skipped, 'malformed record')}\n`)
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
      if ((await printer.print(record, stop)) === 'done' || stop.aborted) return
    }
    if (!isFollowing) return
    await sleep(client.pollMs, undefined, { signal: stop }).catch(() => undefined)
  }
}

/** Prints records until there are enough. */
class Printer {
  printed = 0
  skipped = 0
  readonly #options: ConsumeOptions
  readonly #limit: number
  readonly #values: RecordValues | undefined
  readonly #terminal: Terminal

  constructor(options: ConsumeOptions, limit: number, values: RecordValues | undefined, terminal: Terminal) {
    this.#options = options
    this.#limit = limit
    this.#values = values
    this.#terminal = terminal
  }

  async print({ shard, record }: ShardRecord, stop: AbortSignal): Promise<'done' | 'goesOn'> {
    const lines: string[] = []
    const holds = this.#values === undefined ? 'anything' : 'values'
    for (const found of recordsIn(shard, record, holds)) {
      const isControl = found.kind === 'control' || found.kind === 'watermark'
      if (isControl && !this.#options.control) continue
      const line = await this.#line(found, stop).catch(error => {
        if (lines.length > 0) this.#terminal.out(lines.join(''))
        throw error
      })
      if (stop.aborted) break
      if (line === undefined) continue
      lines.push(line)
      if (!isControl) this.printed++
      if (this.printed >= this.#limit) break
    }
    if (lines.length > 0) this.#terminal.out(lines.join(''))
    // A reader that is slower than we are must not make us keep what it has not read.
    await this.#terminal.drained?.(stop)
    return this.printed >= this.#limit ? 'done' : 'goesOn'
  }

  /** Undefined for a record that is passed over. */
  async #line(found: Found, stop: AbortSignal): Promise<string | undefined> {
    if (found.kind !== 'record' || this.#values === undefined) {
      return this.#options.json ? jsonLine(found) : textLine(found)
    }
    const values = this.#values
    const learning = values.prepare(found.data, stop)
    if (learning !== undefined) {
      await learning.catch(error => {
        if (!stop.aborted) throw error
      })
      if (stop.aborted) return undefined
    }
    try {
      const value = values.valueOf(found.data)
      return this.#options.json ? valueJsonLine(found, value) : `${values.textOf(value, found.data)}\n`
    } catch (error) {
      if (!(error instanceof MalformedRecordError)) throw error
      if (this.#options.skipMalformed) {
        this.skipped++
        return undefined
      }
      const { shard, sequence, sub } = found.place
      throw new Error(
        `Cannot read record ${sequence}#${sub} of ${shard}: ${error.message.replace(/^Cannot read /, '')}; --skip-malformed passes over such records`,
        { cause: error },
      )
    }
  }
}
