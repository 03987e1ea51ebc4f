/** Where a document of the registry is: `part` says of which kind it is, `name` which one. */
export type RegistryKey = { readonly part: RegistryPart; readonly name: string }

export type RegistryPart = 'subjects' | 'schemas' | 'ids' | 'settings'

/** A document as it was read. `version` counts its writes from 1: documents are never deleted, so a version is never had twice. */
export type RegistryDocument = { readonly name: string; readonly text: string; readonly version: number }

/** One part of a commit: the document must still have the version that was read, 0 for one that was not there. */
export type RegistryWrite = {
  readonly key: RegistryKey
  readonly expected: number
  /** The new text; without one the document is only held to its version. */
  readonly text?: string
}

/**
 * What the schema registry keeps: documents of text that are changed together or not at all. The registry decides, a store only compares
 * versions: it needs no knowledge of schemas.
 *
 * A store may throw for any reason and leave it open whether a write took effect. A commit is either seen or not in each document, but
 * reads of two documents may for a moment find it in one alone (as single reads beside a transaction of DynamoDB may).
 */
export interface RegistryStore {
  /** Reads a document as the last commit left it (strong consistency: a registrar that read something older would lose conflicts for ever). */
  get(key: RegistryKey): Promise<RegistryDocument | undefined>
  /** All documents of a part whose names begin with `prefix`, in the order of their names. Not one moment's: commits may pass meanwhile. */
  list(part: RegistryPart, prefix?: string): Promise<readonly RegistryDocument[]>
  /** Writes all or nothing. A conflict (a version that is not the expected one) is an expected outcome: read again and decide anew. */
  commit(writes: readonly RegistryWrite[]): Promise<'committed' | 'conflict'>
  /** The next number of a counter, from 1: never the same twice, also to callers at the same time. Numbers may be left out. */
  increment(counter: string): Promise<number>
  /** From now on `increment` gives numbers above `least`. */
  raise(counter: string, least: number): Promise<void>
}

/** DynamoDB TransactWriteItems: at most 100 items. */
export const mostWritesInCommit = 100
