import { decodeBody, decodeDelta } from '../commit/commit-body.ts'
import { readPage } from '../commit/paging.ts'
import { readOf } from '../commit/ring.ts'
import { RetryBatchError, StopDeploymentError } from '../model/errors.ts'
import { groupsIn } from '../model/hash-range.ts'
import type { ShardId } from '../model/ids.ts'
import { lineageOf } from '../model/lineage.ts'
import { misreading, shapeOf } from '../plan/shape.ts'
import type { StoredCommit } from '../ports/commit-log.ts'
import type { ShardDescription } from '../ports/streams.ts'
import type { StoreDelta } from '../state/store.ts'
import { type Environment, speaking } from './environment.ts'
import { type GroupInfo, ShardState } from './shard-state.ts'

/** Reads of a ring before the invocation gives up; each is torn only while another writer is at work. */
const mostReads = 20
const pauseMs = 10

export const logName = (environment: Environment, shard: ShardId): string =>
  `${environment.plan.name}/${environment.stage.name}/${shard}`

export const pagesOf = (environment: Environment): string => `${environment.plan.name}/${environment.stage.name}`

/**
 * The shard as its log says it is; undefined when it has none yet. Its newest outbox is still to be published: an append implies that
 * everything before it was, so only that one (protocol [m]). With `alone` the seal of a log is enough, as nothing else is left of it a
 * while after its children have begun: how far it went, without its key groups.
 */
export async function load(
  environment: Environment,
  shard: ShardDescription,
  sealed: 'whole' | 'alone' = 'whole',
): Promise<ShardState | undefined> {
  const log = logName(environment, shard.id)
  for (let attempt = 0; attempt < mostReads; attempt++) {
    if (attempt > 0) await environment.ports.clock.sleep(pauseMs)
    const read = readOf(await environment.ports.commits.readRing(log))
    if (read.kind === 'empty') return undefined
    if (read.kind === 'whole') return stateOf(environment, shard, log, read.commits)
    if (sealed === 'alone' && decodeBody(read.newest.body).sealed)
      return stateOf(environment, shard, log, [read.newest])
  }
  throw new RetryBatchError(`Cannot load log "${log}": ${mostReads} reads were torn by another writer`)
}

function stateOf(
  environment: Environment,
  shard: ShardDescription,
  log: string,
  commits: readonly StoredCommit[],
): ShardState {
  const { stage } = environment
  const newest = commits[commits.length - 1]
  const body = decodeBody(newest.body)
  const problem = misreading(body.shape, shapeOf(stage))
  if (problem !== undefined) {
    throw new StopDeploymentError(
      `Cannot go on with stage "${stage.name}" of pipeline "${environment.plan.name}": ${problem}, expected the old one or another operator name`,
    )
  }
  const { version, start, ring } = newest
  const head = { log, start, ring, version, through: body.through, sealed: body.sealed }
  const state = new ShardState(
    environment,
    shard.id,
    head,
    lineageOf(shard.id, body.shards),
    ownedGroups(environment, shard),
  )
  state.adopt(body.groups)
  state.announced = body.announced
  state.tallies = body.tallies
  state.sourceWatermark = body.sourceWatermark
  state.unpublished = body.outbox
  for (const commit of commits) {
    const delta = commit === newest ? body.delta : decodeDelta(commit.body)
    state.noteDelta(commit.version, delta)
    state.noteStored(commit.version, commit.body.length)
    for (const each of delta) keepPending(state, commit.version, each)
  }
  return state
}

/** Key groups of the shard's hash range; a source's shard keeps what it has in none. */
export function ownedGroups(environment: Environment, shard: ShardDescription): number[] {
  const { input } = environment.stage
  return input.kind === 'shuffle' ? groupsIn(shard.range, input.groups) : []
}

/** A stage's shard that has no log and no parents: as of before its first record. */
export function listedShards(environment: Environment, stream: string): readonly ShardDescription[] {
  const { input } = environment.stage
  const listed = environment.listed(stream)
  return input.kind === 'shuffle' ? speaking(listed, input.groups) : listed
}

/** Brings key groups into memory: their page, then the deltas that no page holds. `stale`: another writer is ahead. */
export async function loadGroups(
  environment: Environment,
  state: ShardState,
  groups: Iterable<number>,
): Promise<'loaded' | 'stale'> {
  const missing = [...groups].flatMap(group => {
    const info = state.groups.get(group)
    return info === undefined || info.isLoaded ? [] : [info]
  })
  const loaded = await Promise.all(missing.map(info => loadGroup(environment, state, info)))
  return loaded.every(isLoaded => isLoaded) ? 'loaded' : 'stale'
}

async function loadGroup(environment: Environment, state: ShardState, info: GroupInfo): Promise<boolean> {
  const stores = new Map(state.stores.map(store => [store.name, store]))
  const { group, page } = info
  if (page !== undefined) {
    const held = await readPage(environment.ports.commits, { stage: pagesOf(environment), group }, page)
    if (held === undefined) return false
    info.pageBytes = held.bytes
    for (const { store, ids, subs, values } of held.entries) {
      const into = stores.get(store)
      for (let i = 0; i < ids.length; i++) into?.restore(group, ids[i], subs?.[i] ?? 0, values[i])
    }
  }
  for (const { store, groups, ids, subs, values } of info.pending) {
    const into = stores.get(store)
    for (let i = 0; i < ids.length; i++) {
      if (groups[i] === group) into?.restore(group, ids[i], subs?.[i] ?? 0, values[i])
    }
  }
  info.pending = []
  info.isLoaded = true
  return true
}

function keepPending(state: ShardState, version: number, delta: StoreDelta): void {
  for (const group of new Set(delta.groups)) {
    const info = state.groups.get(group)
    if (info === undefined || (info.page !== undefined && version <= info.page.version)) continue
    info.pending.push(delta)
  }
}
