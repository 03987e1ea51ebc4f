import { hashSpace } from '../../shared/model/hash-range.ts'
import type { ShardStatus } from '../cloud/operations.ts'
import { alignedColumns, type Column } from './aligned-columns.ts'
import type { AwsOptions } from './aws-options.ts'
import type { Terminal } from './command-line.ts'
import { wholeNumber } from './numbers.ts'
import { checkStream, withCloud } from './with-cloud.ts'

export type PrintOptions = AwsOptions & { readonly json?: true }

/** All streams, with how many shards and records they have. */
export async function list(options: PrintOptions, terminal: Terminal): Promise<void> {
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

/** The shards of one stream. */
export async function describe(stream: string, options: PrintOptions, terminal: Terminal): Promise<void> {
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

const secondsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
/** The first 8 of 32 hexadecimal digits: enough to tell shards apart. */
const hexText = (key: bigint): string => `${key.toString(16).padStart(32, '0').slice(0, 8)}…`
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
