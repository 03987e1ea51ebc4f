import { emptyOutbox } from '../emit/outbox.ts'
import type { ShardId } from '../model/ids.ts'
import { lineageOf } from '../model/lineage.ts'
import type { InvocationReport } from '../ports/host.ts'
import type { ShardDescription } from '../ports/streams.ts'
import { append, pageBefore, pageGroups } from './commit.ts'
import type { Environment } from './environment.ts'
import { listedShards, load, logName, ownedGroups } from './load.ts'
import { publish } from './publish.ts'
import { freshHead, ShardState } from './shard-state.ts'

/**
 * A shard without a log: opens it from its parents, if it has any (protocol: reshard). Each step is an append or a conditional page, so
 * several environments may do it, or one half of it and another the rest.
 *
 * 1. a parent without a log is opened first, recursively: a shard that never got a record is never invoked
 * 2. the parent's newest outbox is published, and the seal appended, which names the pages that its own slot would have lost
 * 3. the child pages its dirty key groups as of the sealed version, and begins above every parent's version
 */
export async function open(
  environment: Environment,
  shard: ShardDescription,
  report: InvocationReport,
): Promise<ShardState | 'stale'> {
  const { ringSlots } = environment.sizes
  const stream = environment.stage.input.stream
  const lineage = lineageOf(shard.id, listedShards(environment, stream))
  const log = logName(environment, shard.id)
  const owned = ownedGroups(environment, shard)
  const parents = environment.listed(stream).filter(other => shard.parents.includes(other.id))
  const isKeyed = environment.stage.input.kind === 'shuffle'
  if (parents.length === 0 || !isKeyed)
    return new ShardState(environment, shard.id, freshHead(log, 0, ringSlots), lineage, owned)

  const sealed: ShardState[] = []
  for (const parent of parents) {
    const state = await seal(environment, parent, report)
    if (state === 'stale') return 'stale'
    sealed.push(state)
  }
  const start = Math.max(...sealed.map(parent => parent.head.version)) + 1
  const child = new ShardState(environment, shard.id, freshHead(log, start, ringSlots), lineage, owned)
  for (const parent of sealed) {
    const inherited = [...parent.groups.values()].filter(info => child.groups.has(info.group))
    const dirty = inherited.filter(info => info.unpagedSince !== undefined)
    if ((await pageGroups(environment, parent, dirty, report)) === 'stale') return 'stale'
    child.adopt(parent.heads())
  }
  child.outbox.begin(start)
  const { outbox, announced } = child.outbox.finish(lineage, child.watermark, {})
  child.announced = announced
  if ((await append(environment, child, { delta: [], outbox }, report)) === 'stale') return 'stale'
  await expireParents(environment, sealed)
  return child
}

/** Ends a parent's log for good: whoever still works on it finds the seal in the slot that it wants. */
async function seal(
  environment: Environment,
  parent: ShardDescription,
  report: InvocationReport,
): Promise<ShardState | 'stale'> {
  const state = (await load(environment, parent)) ?? (await open(environment, parent, report))
  if (state === 'stale' || state.head.sealed) return state
  await publish(environment, state, report)
  if ((await pageBefore(environment, state, report)) === 'stale') return 'stale'
  if ((await append(environment, state, { delta: [], outbox: emptyOutbox, sealed: true }, report)) === 'stale')
    return 'stale'
  return state
}

/** Once every child of a parent has begun, only the parent's seal is of use, to those that were late. */
async function expireParents(environment: Environment, parents: readonly ShardState[]): Promise<void> {
  const { ports, stage } = environment
  for (const parent of parents) {
    const children = environment.listed(stage.input.stream).filter(other => other.parents.includes(parent.shard))
    if (
      await haveAllBegun(
        environment,
        children.map(child => child.id),
      )
    ) {
      await ports.commits.expire(parent.head.log, parent.head.version)
    }
  }
}

async function haveAllBegun(environment: Environment, shards: readonly ShardId[]): Promise<boolean> {
  for (const shard of shards) {
    if ((await environment.ports.commits.readRing(logName(environment, shard))).length === 0) return false
  }
  return true
}
