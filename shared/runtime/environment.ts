import { LookupAnswers, LookupCache } from '#runtime/lookups'
import { groupsIn } from '../model/hash-range.ts'
import type { ShardId } from '../model/ids.ts'
import { limits, type Sizes } from '../model/limits.ts'
import { type Lineage, lineageOf } from '../model/lineage.ts'
import type { LookupNode } from '../plan/graph.ts'
import type { Plan, Stage } from '../plan/plan.ts'
import { fingerprintOf } from '../plan/shape.ts'
import type { Ports } from '../ports/index.ts'
import type { ShardDescription } from '../ports/streams.ts'
import type { ShardState } from './shard-state.ts'
import type { TransientChain } from './transient-chain.ts'

/**
 * What a warm Lambda environment remembers between invocations. All of it can be lost at any time, and another environment may have
 * gone further meanwhile: nothing in it is believed without a condition.
 */
export class Environment {
  readonly plan: Plan
  readonly stage: Stage
  readonly ports: Ports
  readonly sizes: Sizes
  /** Taken out by an invocation, put back only when append and publish have succeeded (protocol: the commit [m]). */
  readonly #states = new Map<ShardId, ShardState>()
  readonly #listed = new Map<string, readonly ShardDescription[]>()
  transientChain: TransientChain | undefined
  /** By shard, what every key group of each shuffle was told by this environment and acknowledged. */
  readonly told = new Map<ShardId, Map<string, number>>()
  /** Units that fitted the last commits: see the run of a logged stage. */
  unitsPerCommit = Number.POSITIVE_INFINITY

  /** What lookups were answered. */
  readonly #caches = new Map<LookupNode, LookupCache>()

  #pipelineVersion: string | undefined

  constructor(plan: Plan, stage: Stage, ports: Ports, sizes: Sizes = limits) {
    this.plan = plan
    this.stage = stage
    this.ports = ports
    this.sizes = sizes
  }

  /** Fingerprint of the plan, for dead letters. */
  get pipelineVersion(): string {
    this.#pipelineVersion ??= fingerprintOf(this.plan)
    return this.#pipelineVersion
  }

  take(shard: ShardId): ShardState | undefined {
    const state = this.#states.get(shard)
    this.#states.delete(shard)
    return state
  }

  keep(state: ShardState): void {
    this.#states.set(state.shard, state)
  }

  /** What an invocation's lookups go by: its own answers, and those that are remembered. */
  answers(): LookupAnswers {
    return new LookupAnswers(this.ports, node => {
      const cache = this.#caches.get(node) ?? new LookupCache(node.cache)
      this.#caches.set(node, cache)
      return cache
    })
  }

  /** The shard as its stream lists it, or as one of `all`; lists again when it is not known, as it may be a child of a reshard. */
  async shard(stream: string, shard: ShardId, all?: readonly ShardDescription[]): Promise<ShardDescription> {
    const find = (listed: readonly ShardDescription[]) => listed.find(other => other.id === shard)
    const known = find(this.#listed.get(stream) ?? [])
    if (known !== undefined) return known
    const listed = all ?? (await this.ports.streams.listShards(stream))
    this.#keepList(stream, listed)
    const found = find(listed)
    if (found === undefined)
      throw new Error(`Cannot find shard "${shard}": stream "${stream}" lists ${listed.length} others`)
    return found
  }

  /** Shards listed last; call `shard` first. */
  listed(stream: string): readonly ShardDescription[] {
    return this.#listed.get(stream) ?? []
  }

  /**
   * A list of before never takes the place of a newer one: it may be answered to an invocation that was frozen while others listed again,
   * and a child without its parents in the list would begin with no state. The newest shard tells lists apart, as ids ascend.
   */
  #keepList(stream: string, listed: readonly ShardDescription[]): void {
    if (newestOf(listed) >= newestOf(this.listed(stream))) this.#listed.set(stream, listed)
  }

  lineage(stream: string, shard: ShardId): Lineage {
    const key = `${stream}/${shard}`
    const listed = this.listed(stream)
    const known = this.#lineages.get(key)
    if (known !== undefined && known.listed === listed) return known.lineage
    const lineage = lineageOf(shard, listed)
    this.#lineages.set(key, { listed, lineage })
    return lineage
  }

  readonly #lineages = new Map<string, { readonly listed: readonly ShardDescription[]; readonly lineage: Lineage }>()
}

const newestOf = (shards: readonly ShardDescription[]): string =>
  shards
    .map(({ id }) => id)
    .sort()
    .at(-1) ?? ''

/** Shards that ever get a chunk: one without a key group never speaks, so nobody must wait for it. */
export const speaking = (shards: readonly ShardDescription[], groups: number): readonly ShardDescription[] =>
  shards.filter(shard => groupsIn(shard.range, groups).length > 0)
