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
      const before = this.get(mapping, shard)
      if (
        before?.through !== undefined &&
        (through === undefined || compareSequenceNumbers(through, before.through) < 0)
      ) {
        throw new Error(
          `Cannot move checkpoint "${mapping}/${shard}" back to ${through}: it is at ${before.through} already`,
        )
      }
      const item = { mark: through ?? '', text: JSON.stringify(addTallies(before?.tally ?? {}, tally)) }
      this.#storage.items.put(partition(mapping), shard, item)
    })
  }

  /** The tallies of all shards of a mapping, added up. */
  tally(mapping: string): Tally {
    return [...this.all(mapping).values()].reduce((sum: Tally, { tally }) => addTallies(sum, tally), {})
  }

  /** The mappings that have a checkpoint, in order. */
  mappings(): readonly string[] {
    return this.#storage.items.partitions(partition('')).map(name => name.slice(partition('').length))
  }
}

export function addTallies(one: Tally, other: Tally): Tally {
  const sum: Record<string, number> = { ...one }
  for (const [name, count] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + count
  return sum
}

const partition = (mapping: string): string => `checkpoints/${mapping}`

function checkpointFrom(item: Item): Checkpoint {
  const tally: Tally = JSON.parse(item.text)
  return { through: item.mark === '' ? undefined : sequenceNumber(item.mark), tally }
}
