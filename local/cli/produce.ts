import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeThrown } from '../../shared/model/errors.ts'
import { limits } from '../../shared/model/limits.ts'
import type { CloudClient } from '../cloud/operations.ts'
import { endOfInput } from '../input/file-target.ts'
import { looksBinary } from '../input/input-file.ts'
import { LineReader, longestLineBytes } from '../input/line-reader.ts'
import { type AwsOptions, addAwsReach } from './aws-options.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { keyColumn, keyOfPlace, keyText, LinesToRecords, type PartitionKey } from './lines-to-records.ts'
import { counted, wholeNumber } from './numbers.ts'
import { once } from './once.ts'
import { checkStream, withCloud } from './with-cloud.ts'

type ProduceOptions = AwsOptions & {
  readonly file?: string
  readonly rate?: string
  readonly keyColumn?: string
  readonly key?: string
  readonly aggregate?: true
  readonly end?: true
}

/** `millrace produce`: lines of a file or of standard input become records of a stream. */
export const addProduce: AddCommand = (program, terminal) => {
  const command = program
    .command('produce')
    .description('put lines of a file, or of standard input, in a stream')
    .argument('<stream>', 'the stream')
    .option('--data <folder>', 'the data folder (default: the only one in .millrace)', once('--data'))
    .option('--file <file>', 'read this file instead of standard input', once('--file'))
    .option('--rate <rate>', 'put at most so many lines a second, as in 500/s', once('--rate'))
    .option('--key <text>', 'partition key of every record (default: one of its own for each line)', once('--key'))
    .option(
      '--key-column <number>',
      'take the partition key from this column of each CSV line, 1 is the first',
      once('--key-column'),
    )
    .option('--aggregate', 'put many lines in one record, in the format of the Kinesis Producer Library')
    .option(
      '--end',
      'after the last line, tell each shard that the input has ended: windows close, later lines are late',
    )
  addAwsReach(command)
    .addHelpText('after', onAws)
    .action((stream: string, options: ProduceOptions) => produce(stream, options, terminal))
}

const onAws = `
In a data folder each line is put once. Kinesis cannot tell a repeat: a call whose answer is lost is made again, and its lines may then
be there twice. Lines of one partition key stay in order, so each waits for the one before it: --aggregate puts many in one record.`

async function produce(stream: string, options: ProduceOptions, terminal: Terminal): Promise<void> {
  const rate = rateOf(options.rate)
  const key = partitionKeyOf(options)
  await withCloud(options, async client => {
    await checkStream(client, 'put records in', stream)
    const lines = await inputOf(options.file, terminal)
    const sender = new Sender(client, stream, rate)
    const packer = new LinesToRecords(key, options.aggregate === true)
    const { signal } = await untilInterrupted(stop => {
      addAbortSignal(stop, lines)
      return sendAll(lines, packer, sender, stop, options.file)
    })
    terminal.out(`Put ${counted(sender.sent, 'record')} in stream "${stream}"\n`)
    if (signal !== undefined) {
      throw new InterruptedError(
        signal,
        `Stopped after ${counted(sender.sent, 'record')}, the rest of the input is not put`,
      )
    }
    if (options.end) await putEnd(client, stream, terminal)
    refuse(packer.refused)
  })
}

async function putEnd(client: CloudClient, stream: string, terminal: Terminal): Promise<void> {
  const ends = endOfInput(await client.shards(stream))
  const producer = randomUUID()
  for (let at = 0; at < ends.length; at += limits.putRecordsCount) {
    const call = { producer, number: 1 + at / limits.putRecordsCount }
    await client.put(stream, ends.slice(at, at + limits.putRecordsCount), call)
  }
  await client.forgetProducer(producer)
  terminal.out(`Told ${counted(ends.length, 'shard')} of stream "${stream}" that the input has ended\n`)
}

/** What is too long for a record is told once the rest is put. */
function refuse(lines: LinesToRecords['refused']): void {
  const [first] = lines
  if (first === undefined) return
  const which = lines.length === 1 ? `line ${first.line}` : `${wholeNumber(lines.length)} lines`
  throw new Error(
    `Cannot put ${which}: line ${first.line} has ${counted(first.bytes, 'byte')}, at most ${wholeNumber(longestLineBytes)} fit a record, all others are put`,
  )
}

/** Each block that arrives is put at once, so that lines typed by hand or trickling out of a pipe don't wait for others. */
async function sendAll(
  input: Readable,
  packer: LinesToRecords,
  sender: Sender,
  signal: AbortSignal,
  file: string | undefined,
): Promise<void> {
  const reader = new LineReader(packer, true)
  try {
    for await (const block of blocksOf(input)) {
      reader.block(block)
      await sender.send(packer, signal)
    }
    reader.finish()
    await sender.send(packer, signal)
  } catch (error) {
    if (!signal.aborted) throw file === undefined ? error : unreadable(file, error)
  }
  await sender.end()
}

/** The first block has at least the bytes of a byte order mark, however a pipe cuts them. */
async function* blocksOf(input: Readable): AsyncGenerator<Buffer, void, undefined> {
  let head: Buffer | undefined = Buffer.alloc(0)
  for await (const block of input) {
    if (head === undefined) {
      yield block
      continue
    }
    head = Buffer.concat([head, block])
    if (head.length < byteOrderMarkBytes && !head.includes('\n')) continue
    yield head
    head = undefined
  }
  if (head !== undefined && head.length > 0) yield head
}

const byteOrderMarkBytes = 3

/** Puts records call by call, at the rate asked for. Calls are numbered, so that a data folder can tell one that is repeated. */
class Sender {
  sent = 0
  readonly #client: CloudClient
  readonly #stream: string
  readonly #rate: number
  readonly #producer = randomUUID()
  readonly #beganMs = performance.now()
  #calls = 0

  constructor(client: CloudClient, stream: string, rate: number) {
    this.#client = client
    this.#stream = stream
    this.#rate = rate
  }

  async send(packer: LinesToRecords, signal: AbortSignal): Promise<void> {
    const mostLines = Math.max(1, Math.floor(this.#rate / callsPerSecond))
    for (;;) {
      const { records, lines } = packer.take(mostLines)
      if (records.length === 0) return
      await this.#pace(signal)
      if (signal.aborted) return
      await this.#client.put(this.#stream, records, { producer: this.#producer, number: ++this.#calls })
      this.sent += lines
    }
  }

  async end(): Promise<void> {
    if (this.#calls > 0) await this.#client.forgetProducer(this.#producer)
  }

  async #pace(signal: AbortSignal): Promise<void> {
    const dueMs = this.#beganMs + (this.sent / this.#rate) * 1000
    const waitMs = dueMs - performance.now()
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined)
  }
}

/** With a rate, lines go in this many portions a second. */
const callsPerSecond = 20

async function inputOf(file: string | undefined, terminal: Terminal): Promise<Readable> {
  if (file === undefined) {
    if (process.stdin.isTTY) terminal.err('Reading lines from the terminal, end with Ctrl-D\n')
    return process.stdin
  }
  const found = await stat(file).catch(error => {
    throw unreadable(file, error)
  })
  if (found.isDirectory()) throw new UsageError(`Cannot read file "${file}": it is a folder, expected a text file`)
  await access(file, constants.R_OK).catch(error => {
    throw unreadable(file, error)
  })
  // A pipe or a device gives each byte once: only of a file a sample can be looked at.
  if (found.isFile() && (await looksBinary(file))) {
    throw new Error(`Cannot read file "${file}": it is binary or compressed, expected lines of text`)
  }
  return createReadStream(file, { highWaterMark: 256 * 1024 })
}

function unreadable(file: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return new Error(`Cannot read file "${file}": there is none, check the path after --file`)
  if (code === 'EACCES' || code === 'EPERM') {
    return new Error(`Cannot read file "${file}": this user may not read it, change its permissions`)
  }
  return error instanceof Error ? error : new Error(`Cannot read file "${file}": ${describeThrown(error)}`)
}

function rateOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  const [, digits] = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text) ?? []
  const rate = Number(digits)
  if (rate > 0) return rate
  throw new UsageError(`Cannot use rate "${text}": it is not a number of lines a second, expected something like 500/s`)
}

function partitionKeyOf({ key, keyColumn: column }: ProduceOptions): PartitionKey {
  if (key !== undefined && column !== undefined) {
    throw new UsageError('Cannot use --key and --key-column: they exclude each other, give one of them')
  }
  if (key !== undefined) return keyText(key)
  return column === undefined ? keyOfPlace : keyColumn(column)
}
