/** The table's part that holds state and progress: a ring of commits per shard, two page slots per key group. */
export interface CommitLogPort {
  /**
   * Puts the commit into ring slot `version mod ring`, on condition that the slot holds version `version - ring`, or is empty
   * when `version < start + ring`. Atomic and linearizable on that one slot: this is the commit, the bound and the fence.
   * A rejection says nothing: the append may have taken effect.
   */
  append(log: string, commit: StoredCommit): Promise<'committed' | 'stale'>

  /** All commits in the ring, in any order: consistent reads, but no snapshot across slots. */
  readRing(log: string): Promise<readonly StoredCommit[]>

  /**
   * Puts one part of a page on condition that what is there is of an older version, or nothing. Otherwise answers what is
   * there and changes nothing. Linearizable per part.
   */
  writePage(page: PageName, part: StoredPage): Promise<WritePageOutcome>

  /** All parts in a page slot, in any order: consistent reads, but no snapshot across parts. */
  readPage(page: PageName): Promise<readonly StoredPage[]>

  /** Lets every commit of a log but version `keep` expire, days from now. Idempotent; may be dropped without harm. */
  expire(log: string, keep: number): Promise<void>
}

export type StoredCommit = {
  readonly version: number
  /** The log's first version. */
  readonly start: number
  /** Number of slots, fixed within a log. */
  readonly ring: number
  /** Compressed; see commit/body. */
  readonly body: Uint8Array
}

export type PageName = {
  /** `pipeline/stage`: pages belong to key groups, not to shards, so that a child can name its parent's. */
  readonly stage: string
  readonly group: number
  readonly slot: 0 | 1
}

export type StoredPage = {
  readonly version: number
  readonly part: number
  readonly parts: number
  readonly bytes: Uint8Array
}

export type WritePageOutcome = { readonly kind: 'written' } | { readonly kind: 'refused'; readonly held: StoredPage }
