import type { ShardId } from './ids.ts'

/** What a producer says of its stage's shards. */
export type Lineage = {
  readonly shards: readonly LineageShard[]
  /** Of the producer's own shard, all generations: it speaks in their place. */
  readonly ancestors: readonly ShardId[]
}

export type LineageShard = { readonly id: ShardId; readonly parents: readonly ShardId[] }

/** What `shard` says of the shards that are listed, itself included. Ancestors that are no longer listed have nothing left to say. */
export function lineageOf(shard: ShardId, listed: readonly LineageShard[]): Lineage {
  const byId = new Map(listed.map(other => [other.id, other]))
  const ancestors = new Set<ShardId>()
  const climb = (id: ShardId): void => {
    for (const parent of byId.get(id)?.parents ?? []) {
      if (ancestors.has(parent)) continue
      ancestors.add(parent)
      climb(parent)
    }
  }
  climb(shard)
  return { shards: listed.map(({ id, parents }) => ({ id, parents })), ancestors: [...ancestors] }
}
