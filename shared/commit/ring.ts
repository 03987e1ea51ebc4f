import type { StoredCommit } from '../ports/commit-log.ts'

/** Where a version is kept. */
export const slotOf = (version: number, ring: number): number => version % ring

/**
 * The condition of an append, for whoever implements the port: the slot holds the version one round before, or nothing where the log
 * is not that old. It is the atomic commit, the bound on storage and the fence in one (protocol: the commit [m]).
 */
export function mayAppend(
  commit: Pick<StoredCommit, 'version' | 'start' | 'ring'>,
  held: { readonly version: number } | undefined,
): boolean {
  if (held === undefined) return commit.version < commit.start + commit.ring
  return held.version === commit.version - commit.ring
}

export type RingRead =
  | { readonly kind: 'empty' }
  /** A query is no snapshot: a version between others was not there yet when its slot was read. Or the log has ended, and expires. */
  | { readonly kind: 'torn'; readonly newest: StoredCommit }
  | { readonly kind: 'whole'; readonly commits: readonly StoredCommit[]; readonly newest: StoredCommit }

/** Checks that every version in (newest − ring, newest], not below the log's start, was read (protocol: load [m]). */
export function readOf(items: readonly StoredCommit[]): RingRead {
  if (items.length === 0) return { kind: 'empty' }
  const commits = [...items].sort((a, b) => a.version - b.version)
  const newest = commits[commits.length - 1]
  const first = Math.max(newest.start, newest.version - newest.ring + 1)
  const kept = commits.filter(commit => commit.version >= first)
  const isWhole = kept.length === newest.version - first + 1 && kept.every((commit, i) => commit.version === first + i)
  return isWhole ? { kind: 'whole', commits: kept, newest } : { kind: 'torn', newest }
}
