import { addAbortSignal, type Readable } from 'node:stream'
import { longestLineBytes } from '../../shared/codecs/files/line-reader.ts'
import type { CloudClient } from '../cloud/operations.ts'
import { Pace } from '../input/pace.ts'
import { addAwsReach } from './aws-options.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { InterruptedError } from './errors.ts'
import { untilInterrupted } from './interrupt.ts'
import { blocksOf, inputOf, unreadable } from './line-input.ts'
import { LinesToRecords } from './lines-to-records.ts'
import { counted, wholeNumber } from './numbers.ts'
import { once } from './once.ts'
import { monotonicClock, rateOf } from './pace.ts'
import { checkFormat, formatOf, type ProduceOptions, readerOf } from './produce-format.ts'
import { producedJson, producedText } from './produce-report.ts'
import { putEnd, RecordSender } from './record-sender.ts'
import { streamOptions } from './registry-source.ts'
import { addSchemaOptions } from './schema-options.ts'
import { socketInput } from './socket-input.ts'
import { checkStream, withCloud } from './with-cloud.ts'

/** `millrace produce`: lines of a file or of standard input become records of a stream. */
export const addProduce: AddCommand = (program, terminal) => {
  const command = program
    .command('produce')
    .description('put lines of a file, of standard input or of a socket in a stream')
    .argument('<stream>', 'the stream')
    .option('--data <folder>', 'the data folder (default: the only one in .millrace)', once('--data'))
    .option('--file <file>', 'read this file (default: standard input)', once('--file'))
    .option(
      '--connect <place>',
      'read what a TCP server at HOST:PORT sends, until it ends (default: --file)',
      once('--connect'),
    )
    .option(
      '--codec <codec>',
      'what records hold: text, the lines as they are; json; csv; avro or protobuf, by --schema (default: text)',
      once('--codec'),
    )
    .option(
      '--from <format>',
      'what lines hold: text, csv, whose rows may have line breaks within quotes, or json (default: text with --codec text and no --key, else by the end of the file name or as --codec needs it)',
      once('--from'),
    )
    .option(
      '--header',
      'the first line, or row of CSV, has the names of the columns, and is no record (default: it is one)',
    )
    .option(
      '--delimiter <character>',
      'what stands between columns, one ASCII character or the word tab (default: a comma, in .tsv files a tab)',
      once('--delimiter'),
    )
  addSchemaOptions(command)
    .option(
      '--subject <name>',
      'under which the schema is registered (default: STREAM-value, in Glue STREAM)',
      once('--subject'),
    )
    .option('--skip-malformed', 'count lines or rows that cannot be read and go on (default: stop at the first)')
    .option(
      '--rate <rate>',
      'put at most so many lines a second, minute or hour, as in 500/s or 30/m (default: no limit)',
      once('--rate'),
    )
    .option(
      '--key <field>',
      'take the partition key from this field or column, by name or by number (default: one for each line)',
      once('--key'),
    )
    .option(
      '--key-column <number>',
      'take it from this column of lines that are put as text, 1 is the first',
      once('--key-column'),
    )
    .option('--key-text <text>', 'give all records this one, 1 to 256 characters', once('--key-text'))
    .option('--aggregate', 'put many lines in one record, in the format of the Kinesis Producer Library (default: one)')
    .option('--end', 'then tell each shard that the input has ended: windows close, later lines are late')
    .option('--json', 'print what was put as one line of JSON (default: as sentences)')
  addAwsReach(command)
    .addHelpText('after', afterHelp)
    .action((stream: string, options: ProduceOptions) => produce(stream, options, terminal))
}

const afterHelp = `
In a data folder each line is put once. Kinesis cannot tell a repeat: a call whose answer is lost is made again, and its lines may then
be there twice. Lines of one partition key stay in order, so each waits for the one before it: --aggregate puts many in one record.

Examples:
  millrace produce trades --file trades.csv --header --key symbol --rate 500/s
  millrace produce trades --file trades.csv --header --codec avro --schema trade.avsc
  millrace produce orders --file orders.jsonl --codec protobuf --schema order.proto --registry glue:my-registry --aws
  millrace consume trades | millrace produce copy`

async function produce(stream: string, options: ProduceOptions, terminal: Terminal): Promise<void> {
  const pace = new Pace(rateOf(options.rate), monotonicClock)
  checkFormat(options)
  await withCloud(streamOptions(options), async client => {
    await checkStream(client, 'put records in', stream)
    const lines = await linesOf(options, terminal)
    const format = await formatOf(options, stream)
    const sender = new RecordSender(client, stream, pace)
    const { aggregate: isAggregating = false, skipMalformed: skipsMalformed = false } = options
    const packer = new LinesToRecords(format, { isAggregating, skipsMalformed })
    const { signal } = await untilInterrupted(stop => {
      addAbortSignal(stop, lines)
      return sendAll(lines, readerOf(options, packer), packer, sender, stop, options.file)
    })
    const isWhole = signal === undefined && packer.fault === undefined
    await report(client, stream, options, sender, packer, isWhole, terminal)
    if (signal !== undefined) {
      throw new InterruptedError(
        signal,
        `Stopped after ${counted(sender.sent, 'record')}, the rest of the input is not put`,
      )
    }
    refuse(packer, options)
  })
}

function linesOf({ file, connect }: ProduceOptions, terminal: Terminal): Promise<Readable> {
  if (connect === undefined) return inputOf(file, terminal)
  if (file === undefined) return socketInput(connect)
  throw new UsageError('Cannot use --file and --connect: they exclude each other, give one of them')
}

async function report(
  client: CloudClient,
  stream: string,
  options: ProduceOptions,
  { sent, byShard }: RecordSender,
  { skipped }: LinesToRecords,
  isWhole: boolean,
  terminal: Terminal,
): Promise<void> {
  const ended = options.end && isWhole ? await putEnd(client, stream) : undefined
  const produced = { stream, sent, byShard, skipped, ended }
  terminal.out(options.json ? producedJson(produced) : producedText(produced))
}

/** What was not put is told once the rest is. */
function refuse({ fault, refused }: LinesToRecords, { file }: ProduceOptions): void {
  if (fault !== undefined) {
    const place = file === undefined ? '' : ` of "${file}"`
    throw new Error(
      `Cannot put line ${fault.line}${place}: ${fault.reason}; the lines before it are put, --skip-malformed passes over such lines`,
    )
  }
  const [first] = refused
  if (first === undefined) return
  const which = refused.length === 1 ? `line ${first.line}` : `${wholeNumber(refused.length)} lines`
  throw new Error(
    `Cannot put ${which}: line ${first.line} has ${counted(first.bytes, 'byte')}, at most ${wholeNumber(longestLineBytes)} fit a record, all others are put`,
  )
}

/** Each block that arrives is put at once, so that lines typed by hand or trickling out of a pipe don't wait for others. */
async function sendAll(
  input: Readable,
  reader: ReturnType<typeof readerOf>,
  packer: LinesToRecords,
  sender: RecordSender,
  signal: AbortSignal,
  file: string | undefined,
): Promise<void> {
  for await (const block of readable(blocksOf(input), signal, file)) {
    reader.block(block)
    await sender.send(packer, signal)
    if (packer.fault !== undefined) break
  }
  if (!signal.aborted) {
    reader.finish()
    await sender.send(packer, signal)
  }
  await sender.end()
}

/** The input ends quietly when it is interrupted. Its own errors name the file. */
async function* readable(
  blocks: AsyncGenerator<Buffer, void, undefined>,
  signal: AbortSignal,
  file: string | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  for (;;) {
    try {
      const next = await blocks.next()
      if (next.done) return
      yield next.value
    } catch (error) {
      if (signal.aborted) return
      throw file === undefined ? error : unreadable(file, error)
    }
  }
}
