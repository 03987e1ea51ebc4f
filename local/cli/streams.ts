import type { Command } from 'commander'
import { hashSpace } from '../../shared/model/hash-range.ts'
import { type ShardId, shardId } from '../../shared/model/ids.ts'
import type { CloudClient, ShardStatus } from '../cloud/operations.ts'
import { alignedColumns, type Column } from './aligned-columns.ts'
import { type AwsOptions, addAwsReach } from './aws-options.ts'
import { type AddCommand, type Terminal, UsageError } from './command-line.ts'
import { counted, wholeNumber } from './numbers.ts'
import { once } from './once.ts'
import { checkStream, withCloud } from './with-cloud.ts'

type PrintOptions = AwsOptions & { readonly json?: true }
type CreateOptions = AwsOptions & { readonly shards?: string }
type SplitOptions = AwsOptions & { readonly at?: string }

/** `millrace streams`: streams, and their shards. */
export const addStreams: AddCommand = (program, terminal) => {
  const streams = program.command('streams').description('list, describe, create, split and merge streams')
  const place = (command: Command): Command =>
    addAwsReach(
      command.option('--data <folder>', 'the data folder (default: the only one in .millrace)', once('--data')),
    )
  place(streams.command('list'))
    .description('all streams, with what they hold')
    .option('--json', 'print one JSON document')
    .action((options: PrintOptions) => list(options, terminal))
  place(streams.command('describe'))
    .description("a stream's shards, with how far each stage is behind")
    .argument('<stream>', 'the stream')
    .option('--json', 'print one JSON document')
    .action((stream: string, options: PrintOptions) => describe(stream, options, terminal))
  place(streams.command('create'))
    .description('make a stream')
    .argument('<stream>', 'its name')
    .option('--shards <count>', 'how many shards it begins with (default: 1)', once('--shards'))
    .action((stream: string, options: CreateOptions) => create(stream, options, terminal))
  place(streams.command('split'))
    .description('close a shard and open two in its place')
    .argument('<stream>', 'the stream')
    .argument('<shard>', 'an open shard, by its id or its number')
    .option('--at <hash-key>', 'first hash key of the upper one (default: the middle)', once('--at'))
    .action((stream: string, shard: string, options: SplitOptions) => split(stream, shard, options, terminal))
  place(streams.command('merge'))
    .description('close two neighbouring shards and open one in their place')
    .argument('<stream>', 'the stream')
    .argument('<shard>', 'an open shard, by its id or its number')
    .argument('<other>', 'the one beside it')
    .action((stream: string, one: string, other: string, options: AwsOptions) =>
      merge(stream, one, other, options, terminal),
    )
}

async function list(options: PrintOptions, terminal: Terminal): Promise<void> {
  const streams = await withCloud(options, async client => {
    const names = await client.streamNames()
    const found = []
    for (const name of names) found.push(summaryOf(name, await client.shardStatuses(name)))
    return found
  })
  if (options.json) return terminal.out(`${JSON.stringify({ streams }, undefined, 2)}\n`)
  const columns: Column[] = [
    { title: 'stream' },
    { title: 'open shards', align: 'right' },
    { title: 'closed', align: 'right' },
    { title: 'records kept', align: 'right' },
    { title: 'to do', align: 'right' },
    { title: 'behind', align: 'right' },
  ]
  const rows = streams.map(({ stream, open, closed, kept, lag, behindMs }) => [
    stream,
    wholeNumber(open),
    wholeNumber(closed),
    kept === undefined ? '-' : wholeNumber(kept),
    lag === undefined ? '-' : wholeNumber(lag),
    behindMs === undefined ? '-' : secondsText(behindMs),
  ])
  terminal.out(alignedColumns(columns, rows))
}

function summaryOf(stream: string, shards: readonly ShardStatus[]) {
  const lags = shards.flatMap(shard => shard.lags)
  const kept = shards.flatMap(shard => shard.kept ?? [])
  return {
    stream,
    open: shards.filter(shard => !shard.closed).length,
    closed: shards.filter(shard => shard.closed).length,
    kept: kept.length < shards.length ? undefined : sum(kept),
    lag: lags.length === 0 ? undefined : sum(lags.map(lag => lag.records)),
    behindMs: lags.length === 0 ? undefined : Math.max(...lags.map(lag => lag.behindMs)),
  }
}

async function describe(stream: string, options: PrintOptions, terminal: Terminal): Promise<void> {
  const shards = await withCloud(options, async client => {
    await checkStream(client, 'describe', stream)
    return client.shardStatuses(stream)
  })
  if (options.json) return terminal.out(`${JSON.stringify({ stream, shards: shards.map(asJson) }, undefined, 2)}\n`)
  const mappings = [...new Set(shards.flatMap(shard => shard.lags.map(lag => lag.mapping)))]
  const columns: Column[] = [
    { title: 'shard' },
    { title: 'state' },
    { title: 'parents' },
    { title: 'hash keys' },
    { title: 'share', align: 'right' },
    { title: 'records kept', align: 'right' },
    ...mappings.flatMap((mapping): Column[] => [
      { title: `${mapping} to do`, align: 'right' },
      { title: 'behind', align: 'right' },
    ]),
  ]
  terminal.out(
    alignedColumns(
      columns,
      shards.map(shard => rowOf(shard, mappings)),
    ),
  )
}

function rowOf({ id, closed, parents, range, kept, lags }: ShardStatus, mappings: readonly string[]): string[] {
  return [
    id,
    closed ? 'closed' : 'open',
    parents.length === 0 ? '-' : parents.map(parent => Number(parent.split('-').at(-1))).join(', '),
    `${hexText(range.from)}-${hexText(range.to)}`,
    `${((100 * Number(range.to - range.from + 1n)) / Number(hashSpace)).toFixed(1)}%`,
    kept === undefined ? '-' : wholeNumber(kept),
    ...mappings.flatMap(mapping => {
      const lag = lags.find(other => other.mapping === mapping)
      return lag === undefined ? ['-', '-'] : [wholeNumber(lag.records), secondsText(lag.behindMs)]
    }),
  ]
}

/** Hash keys as decimal text: JSON numbers would lose their last digits. */
const asJson = ({ id, closed, parents, range, kept, lags }: ShardStatus) => ({
  shard: id,
  closed,
  parents,
  from: String(range.from),
  to: String(range.to),
  kept,
  lags,
})

async function create(stream: string, options: CreateOptions, terminal: Terminal): Promise<void> {
  const { shards = '1' } = options
  const count = Number(shards)
  if (!namePattern.test(stream)) {
    throw new UsageError(
      `Cannot create stream "${stream}": its name is not one of Kinesis, expected 1 to 128 letters, digits, "_", "." or "-"`,
    )
  }
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new UsageError(`Cannot create stream "${stream}": "${shards}" is not a number of shards, expected 1 or more`)
  }
  await withCloud(
    options,
    async client => {
      if ((await client.streamNames()).includes(stream)) {
        throw new UsageError(
          `Cannot create stream "${stream}": it is there already, change its shards by split or merge`,
        )
      }
      await client.createStream(stream, count)
    },
    { whenMissing: 'create' },
  )
  terminal.out(`Created stream "${stream}" with ${counted(count, 'shard')}\n`)
}

/** Kinesis CreateStream: `[a-zA-Z0-9_.-]+`, 1 to 128 characters. */
const namePattern = /^[a-zA-Z0-9_.-]{1,128}$/

async function split(stream: string, shard: string, options: SplitOptions, terminal: Terminal): Promise<void> {
  const { at } = options
  if (at !== undefined && !/^\d{1,39}$/.test(at)) {
    throw new UsageError(`Cannot split at "${at}": it is not a hash key, expected a whole number of up to 39 digits`)
  }
  await withCloud(options, async client => {
    const id = await shardOf(client, 'split', stream, shard)
    const children = await client.splitShard(stream, id, at === undefined ? undefined : BigInt(at))
    terminal.out(`Split ${id} of stream "${stream}" into ${children.join(' and ')}\n`)
  })
}

async function merge(
  stream: string,
  one: string,
  other: string,
  options: AwsOptions,
  terminal: Terminal,
): Promise<void> {
  await withCloud(options, async client => {
    const first = await shardOf(client, 'merge', stream, one)
    const second = await shardOf(client, 'merge', stream, other)
    const child = await client.mergeShards(stream, first, second)
    terminal.out(`Merged ${first} and ${second} of stream "${stream}" into ${child}\n`)
  })
}

/** A shard that a user named by its id, or by its number alone. */
async function shardOf(client: CloudClient, doing: string, stream: string, text: string): Promise<ShardId> {
  await checkStream(client, `${doing} shards of`, stream)
  const shards = await client.shards(stream)
  const id = shardId(/^\d+$/.test(text) ? `shardId-${text.padStart(12, '0')}` : text)
  if (shards.some(shard => shard.id === id && !shard.closed)) return id
  const open = shards.filter(shard => !shard.closed).map(shard => shard.id)
  const fault = shards.some(shard => shard.id === id) ? 'it is closed' : 'there is no such shard'
  throw new UsageError(
    `Cannot ${doing} shard "${text}" of stream "${stream}": ${fault}, expected one of ${open.join(', ')}`,
  )
}

const secondsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
/** The first 8 of 32 hexadecimal digits: enough to tell shards apart. */
const hexText = (key: bigint): string => `${key.toString(16).padStart(32, '0').slice(0, 8)}…`
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
