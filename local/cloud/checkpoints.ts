import {
  compareSequenceNumbers,
  type SequenceNumber,
  type ShardId,
  sequenceNumber,
  shardId,
} from '../../shared/model/ids.ts'
import type { Item, Storage } from './storage.ts'
import type { Transactions } from './transactions.ts'

/** Numbers that add up, by name. */
export type Tally = Readonly<Record<string, number>>

export type Checkpoint = {
  /** The newest record dealt with; undefined before the first. */
  readonly through: SequenceNumber | undefined
  /** What the invocations that were acknowledged counted, added up. */
  readonly tally: Tally
}

/** How far each event source mapping has got in each shard, as Lambda keeps it. */
export class Checkpoints {
  readonly #storage: Storage
  readonly #transactions: Transactions

  constructor(storage: Storage, transactions: Transactions) {
    this.#storage = storage
    this.#transactions = transactions
  }

  get(mapping: string, shard: ShardId): Checkpoint | undefined {
    const item = this.#storage.items.get(partition(mapping), shard)
    return item === undefined ? undefined : checkpointFrom(item)
  }

  /** By shard. Empty when the mapping has never had a checkpoint. */
  all(mapping: string): ReadonlyMap<ShardId, Checkpoint> {
    const items = this.#storage.items.list(partition(mapping))
    return new Map(items.map(([shard, item]) => [shardId(shard), checkpointFrom(item)]))
  }

  /** Moves the checkpoint and adds the tally, both or neither. A checkpoint never goes back: two mappings would share a name. */
  advance(mapping: string, shard: ShardId, through: SequenceNumber | undefined, tally: Tally = {}): void {
    this.#transactions.run(() => {
      const after = advanced(this.get(mapping, shard), `${mapping}/${shard}`, through, tally)
      const item = { mark: after.through ?? '', text: JSON.stringify(after.tally) }
      this.#storage.items.put(partition(mapping), shard, item)
    })
  }

  /** The tallies of all shards of a mapping, added up. */
  tally(mapping: string): Tally {
    return tallyOf(this.all(mapping).values())
  }

  /** The mappings that have a checkpoint, in order. */
  mappings(): readonly string[] {
    return this.#storage.items.partitions(partition('')).map(name => name.slice(partition('').length))
  }
}

/** A checkpoint moved on, with the tally added. Throws an Error when it would go back. */
export function advanced(
  before: Checkpoint | undefined,
  name: string,
  through: SequenceNumber | undefined,
  tally: Tally,
): Checkpoint {
  const isBack =
    before?.through !== undefined && (through === undefined || compareSequenceNumbers(through, before.through) < 0)
  if (isBack) throw new Error(`Cannot move checkpoint "${name}" back to ${through}: it is at ${before.through} already`)
  return { through, tally: addTallies(before?.tally ?? {}, tally) }
}

/** The tallies of all, added up. */
export const tallyOf = (checkpoints: Iterable<Checkpoint>): Tally =>
  [...checkpoints].reduce((sum: Tally, { tally }) => addTallies(sum, tally), {})

function addTallies(one: Tally, other: Tally): Tally {
  const sum: Record<string, number> = { ...one }
  for (const [name, count] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + count
  return sum
}

const partition = (mapping: string): string => `checkpoints/${mapping}`

function checkpointFrom(item: Item): Checkpoint {
  const tally: Tally = JSON.parse(item.text)
  return { through: item.mark === '' ? undefined : sequenceNumber(item.mark), tally }
}
