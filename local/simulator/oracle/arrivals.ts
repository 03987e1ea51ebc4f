import type { OracleWindow } from './windows.ts'

/** A value on its way through a stage. */
export type Item = {
  readonly value: unknown
  readonly time: number
  /** Watermark of its own shard just before its record; -Infinity for what is in time by the way it is made. */
  readonly watermark: number
  /** Straight from a source, without a stage between. */
  readonly isDirect: boolean
  /** The row that the value is the newest state of. */
  readonly row?: RowName
}

export type RowName = { readonly name: string; readonly key: unknown; readonly window?: OracleWindow }

/** An item that crossed a keyBy. */
export type Message = Item & {
  readonly key: unknown
  readonly keyText: string
  /** What the aggregates that look into the value took of it, by their names. */
  readonly parts: ReadonlyMap<string, unknown>
}

/** The ways in which one thing can have turned out; exactly one of them happened. */
export type Piece<T> = readonly (readonly T[])[]

/**
 * What came to a sink or to a stage, and how well the input determines it: exactly these pieces; these and earlier states of rows; or
 * nothing that can be said.
 */
export class Arrivals {
  readonly pieces: Piece<Message>[] = []
  /** Besides the pieces, earlier states of rows came, one for each commit that changed them. */
  isStale = false
  /** What came are changes of rows: the pieces are what all of them come to, an insert of each row that is there. */
  isOfChanges = false
  undetermined: string | undefined
  /** Rows of which nothing is known, by name, with their windows. */
  readonly openRows = new Map<string, OracleWindow | undefined>()
  /** Keys of whose windows nothing is known. */
  readonly openKeys = new Set<string>()
  /** Of rows that change: every value that each may have had, by its name, and may be more. Undefined: not known. */
  states: ReadonlyMap<string, readonly unknown[]> | undefined
}

/** The items where all alternatives are the same, seen through `project`; undefined where some are not. */
export function settled<T>(pieces: readonly Piece<T>[], project: (item: T) => string): T[] | undefined {
  const items: T[] = []
  for (const piece of pieces) {
    if (!isSettled(piece, project)) return undefined
    items.push(...piece[0])
  }
  return items
}

export function isSettled<T>(piece: Piece<T>, project: (item: T) => string): boolean {
  if (piece.length === 1) return true
  const text = (items: readonly T[]): string => JSON.stringify(items.map(project).sort())
  const first = text(piece[0])
  return piece.every(items => text(items) === first)
}
