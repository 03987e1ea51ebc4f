import { type ShardId, shardId } from '../../shared/model/ids.ts'
import type { ShardDescription } from '../../shared/ports/streams.ts'
import type { CloudClient } from '../cloud/operations.ts'
import type { AwsOptions } from './aws-options.ts'
import { type Terminal, UsageError } from './command-line.ts'
import { print } from './streams-change.ts'
import { checkStream, withCloud } from './with-cloud.ts'

type ReshardOptions = AwsOptions & { readonly json?: true }
export type SplitOptions = ReshardOptions & { readonly at?: string }

/** Closes a shard, the widest one where none is named, and opens two. */
export async function split(
  stream: string,
  named: string | undefined,
  options: SplitOptions,
  terminal: Terminal,
): Promise<void> {
  const at = hashKeyOf(options.at)
  if (at !== undefined && named === undefined) {
    throw new UsageError('Cannot split by --at alone: a hash key is in one shard, name that shard before it')
  }
  await withCloud(options, async client => {
    const shards = await shardsOf(client, 'split', stream)
    const shard = named === undefined ? widest(shards) : shardNamed(shards, 'split', stream, named)
    checkHashKey(stream, shard, at)
    const children = await client.splitShard(stream, shard.id, at)
    const sentence = `Split ${shard.id} of stream "${stream}" into ${children.join(' and ')}`
    print(options, terminal, { stream, closed: [shard.id], opened: children }, sentence)
  })
}

/** Closes two neighbours, those with the fewest hash keys where none are named, and opens one. */
export async function merge(
  stream: string,
  one: string | undefined,
  other: string | undefined,
  options: ReshardOptions,
  terminal: Terminal,
): Promise<void> {
  if (one !== undefined && other === undefined) {
    throw new UsageError(`Cannot merge shard "${one}" alone: name the one beside it too, or none of the two`)
  }
  await withCloud(options, async client => {
    const shards = await shardsOf(client, 'merge', stream)
    const [first, second] =
      one === undefined || other === undefined
        ? narrowestPair(shards, stream)
        : [shardNamed(shards, 'merge', stream, one), shardNamed(shards, 'merge', stream, other)]
    checkNeighbours(stream, first, second, shards)
    const child = await client.mergeShards(stream, first.id, second.id)
    const sentence = `Merged ${first.id} and ${second.id} of stream "${stream}" into ${child}`
    print(options, terminal, { stream, closed: [first.id, second.id], opened: [child] }, sentence)
  })
}

function hashKeyOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,39}$/.test(text)) return BigInt(text)
  throw new UsageError(`Cannot split at "${text}": it is not a hash key, expected a whole number of up to 39 digits`)
}

function checkHashKey(stream: string, { id, range }: ShardDescription, at: bigint | undefined): void {
  const doing = `split shard "${id}" of stream "${stream}"`
  if (range.from === range.to) {
    throw new UsageError(`Cannot ${doing}: it has one hash key only, expected a shard with two or more`)
  }
  if (at === undefined || (at > range.from && at <= range.to)) return
  throw new UsageError(
    `Cannot ${doing}: hash key ${at} leaves a half empty, expected one above ${range.from} and up to ${range.to}`,
  )
}

function checkNeighbours(
  stream: string,
  one: ShardDescription,
  other: ShardDescription,
  shards: readonly ShardDescription[],
): void {
  if (areNeighbours(one, other)) return
  const doing = `merge shards "${one.id}" and "${other.id}" of stream "${stream}"`
  if (one.id === other.id) throw new UsageError(`Cannot ${doing}: they are the same, expected two that are neighbours`)
  const beside = openOnes(shards)
    .filter(shard => areNeighbours(shard, one))
    .map(({ id }) => id)
  throw new UsageError(
    `Cannot ${doing}: they are not neighbours, expected two whose hash keys adjoin, as those of ${one.id} and ${beside.join(' or ')}`,
  )
}

const areNeighbours = (one: ShardDescription, other: ShardDescription): boolean =>
  one.range.to + 1n === other.range.from || other.range.to + 1n === one.range.from

async function shardsOf(client: CloudClient, doing: string, stream: string): Promise<readonly ShardDescription[]> {
  await checkStream(client, `${doing} shards of`, stream)
  return client.shards(stream)
}

/** A shard that a user named by its id, or by its number alone. */
function shardNamed(
  shards: readonly ShardDescription[],
  doing: string,
  stream: string,
  text: string,
): ShardDescription {
  const id = shardId(/^\d+$/.test(text) ? `shardId-${text.padStart(12, '0')}` : text)
  const shard = shards.find(other => other.id === id)
  if (shard !== undefined && !shard.closed) return shard
  const open: readonly ShardId[] = openOnes(shards).map(other => other.id)
  const fault = shard === undefined ? 'there is no such shard' : 'it is closed'
  throw new UsageError(
    `Cannot ${doing} shard "${text}" of stream "${stream}": ${fault}, expected one of ${open.join(', ')}`,
  )
}

const openOnes = (shards: readonly ShardDescription[]): ShardDescription[] => shards.filter(shard => !shard.closed)

/** Of those that are as wide, the one with the lowest hash keys. */
const widest = (shards: readonly ShardDescription[]): ShardDescription =>
  byHashKey(shards).reduce((most, shard) => (width(shard) > width(most) ? shard : most))

function narrowestPair(
  shards: readonly ShardDescription[],
  stream: string,
): readonly [ShardDescription, ShardDescription] {
  const open = byHashKey(shards)
  if (open.length < 2) {
    throw new UsageError(`Cannot merge shards of stream "${stream}": it has one open shard, expected two or more`)
  }
  const together = (at: number): bigint => width(open[at]) + width(open[at + 1])
  let at = 0
  for (let i = 1; i + 1 < open.length; i++) if (together(i) < together(at)) at = i
  return [open[at], open[at + 1]]
}

const byHashKey = (shards: readonly ShardDescription[]): ShardDescription[] =>
  openOnes(shards).sort((a, b) => (a.range.from < b.range.from ? -1 : 1))

const width = ({ range }: ShardDescription): bigint => range.to - range.from
