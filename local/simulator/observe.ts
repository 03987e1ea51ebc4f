import type { StoredCommit } from '../../shared/ports/commit-log.ts'
import type { Item } from '../cloud/storage.ts'
import type { HeldPage, Observation } from './observation.ts'
import type { World } from './world.ts'

/** What checkers may see of a world. Items of the table are read as they are stored, without a port between. */
export function observe(world: World): Observation {
  const { items } = world.storage
  return {
    seed: world.seed,
    get plan() {
      return world.plan
    },
    cloud: world.cloud,
    get step() {
      return world.step
    },
    get nowMs() {
      return world.nowMs
    },
    get isHealed() {
      return world.isHealed
    },
    fallsSilent: world.workload.fallsSilent === true,
    ringSlots: world.climate.sizes.ringSlots,
    pushed: world.pushed,
    calls: world.calls,
    logs: () => items.partitions(commits).map(name => name.slice(commits.length)),
    ring: log =>
      items
        .list(`${commits}${log}`)
        .map(([, item]) => commitFrom(item))
        .sort((a, b) => a.version - b.version),
    pages: stage =>
      items.partitions(`pages/${stage}/`).flatMap(name => {
        const [group, slot] = name.slice(`pages/${stage}/`.length).split('/').map(Number)
        return items.list(name).map(([, item]) => pageFrom(item, group, slot === 0 ? 0 : 1))
      }),
    records: (stream, shard) => world.records(stream, shard),
    shards: stream => world.cloud.streams.describe(stream),
  }
}

const commits = 'commits/'

function commitFrom({ mark, text, bytes }: Item): StoredCommit {
  const { start, ring }: { start: number; ring: number } = JSON.parse(text)
  return { version: Number(mark), start, ring, body: bytes ?? new Uint8Array() }
}

function pageFrom({ mark, text, bytes }: Item, group: number, slot: 0 | 1): HeldPage {
  const { part, parts }: { part: number; parts: number } = JSON.parse(text)
  return { group, slot, part: { version: Number(mark), part, parts, bytes: bytes ?? new Uint8Array() } }
}
