/**
 * Entries of one store that a commit puts or deletes, column by column, in the order in which they happened. A value that is
 * undefined is a delete: no store holds undefined.
 */
export type StoreDelta = {
  readonly store: string
  readonly groups: readonly number[]
  readonly ids: readonly string[]
  /** Second key of a map store; left out by others. */
  readonly subs?: readonly number[]
  readonly values: readonly unknown[]
}

/** All entries of one store in one key group, sorted, column by column. */
export type StoreEntries = {
  readonly store: string
  readonly ids: readonly string[]
  readonly subs?: readonly number[]
  readonly values: readonly unknown[]
}

/** State of one operator, by key group, in memory. What it changes is collected for the next commit. */
export interface Store {
  readonly name: string
  /** Entries changed since the last `takeDelta`, counted once each: what the next commit will hold. */
  readonly dirtyCount: number
  /** Undefined when nothing changed. */
  takeDelta(): StoreDelta | undefined
  /** Undefined when the group holds nothing. A pure function of what the group holds: pages are compared by bytes. */
  entries(group: number): StoreEntries | undefined
  /** Puts or deletes one entry as a load does it, without making it dirty. */
  restore(group: number, id: string, sub: number, value: unknown): void
}
