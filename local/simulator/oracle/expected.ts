import type { Accumulation } from '../../../shared/operators/panes/pane-emission.ts'
import type { OracleWindow } from './windows.ts'

/** A user record: of an aggregate of the Kinesis Producer Library, each one by itself. */
export type OracleRecord = {
  readonly data: Uint8Array
  readonly partitionKey: string
  /** The shard that it was put to. */
  readonly shard: string
  /** Epoch milliseconds. */
  readonly arrivalMs: number
}

/** The source said that no record at or before this event time is to come on the shard. */
export type OracleAdvance = { readonly shard: string; readonly watermark: number }

export type SourceInput = {
  /** In the order of each shard; of a parent and its children in the order of the lineage. */
  readonly events: readonly (OracleRecord | OracleAdvance)[]
  /** How many shards the stream ever had: one that is silent holds the watermark too. */
  readonly shards: number
  /** Of shards that were opened by a reshard: their records are late behind what their parents passed, too. @default none */
  readonly parents?: ReadonlyMap<string, readonly string[]>
}

/** By name of the source. One that is missing had no records. Every input is taken to end: all windows close. */
export type OracleInput = { readonly [source: string]: SourceInput }

/** What a run over the whole input must come to. */
export type Expected = {
  /** Set when a record meets policy `fail`: the pipeline stops there, and how far it came before depends on the run. */
  readonly stops?: string
  readonly outputs: ReadonlyMap<string, ExpectedOutput>
  readonly sources: ReadonlyMap<string, SourceCounts>
  readonly stages: ReadonlyMap<string, StageCounts>
  /** Windowed aggregates, by name. */
  readonly operators: ReadonlyMap<string, OperatorCounts>
}

export type ExpectedOutput = ExpectedRows | ExpectedValues | ExpectedChanges | ExpectedPanes | Unchecked

/** A view. Rows that are panes are compared without saying which. */
export type ExpectedRows = { readonly kind: 'rows'; readonly rows: readonly unknown[]; readonly open: OpenRows }

/** Rows of a view that may be there or not, with any value, by `rowName`, by window and by the text of their key. */
export type OpenRows = {
  readonly rows: ReadonlySet<string>
  readonly windows: ReadonlySet<string>
  readonly keys: ReadonlySet<string>
}

/** What went to a sink that is no view, in no order. */
export type ExpectedValues = {
  readonly kind: 'values'
  /** Each of these is there. */
  readonly values: readonly unknown[]
  /** Of each of these, the values of one alternative are there: `distinct` lets one value of a key through, and who comes first is open. */
  readonly choices: readonly (readonly (readonly unknown[])[])[]
  /** False where more may be there: earlier states of rows that change, as many as there were commits. */
  readonly isWhole: boolean
  /** The values are rows, and the last one seen of each row is its newest state. */
  readonly isLatestPerRow: boolean
}

/** Changes of rows that went to a sink, in no order: as many as the run makes of it. All of them together leave these rows. */
export type ExpectedChanges = { readonly kind: 'changes'; readonly rows: readonly unknown[]; readonly open: OpenRows }

/** All panes of a windowed aggregate went to a sink as they are. */
export type ExpectedPanes = {
  readonly kind: 'panes'
  readonly windows: readonly PanesOfWindow[]
  readonly open: OpenRows
}

export type PanesOfWindow = {
  readonly key: unknown
  readonly window: OracleWindow
  /** Of a session: panes may have been said of parts of it. */
  readonly isGrowing: boolean
  /** A session that grew counts its panes anew. */
  readonly restarts: boolean
  readonly accumulation: Accumulation
  /** What is to be said of all records of the window, where that is determined. */
  readonly all?: { readonly value: unknown }
  /** What makes `all` of the values of discarding panes. */
  readonly adds?: 'sum' | 'min' | 'max'
  readonly early: Count
  readonly onTime: Count
  readonly late: Count
  /** The panes count records: so many are in each early one. */
  readonly recordsPerEarly?: number
}

/** Not determined by the input, and why. */
export type Unchecked = { readonly kind: 'unchecked'; readonly reason: string }

/** A number that the input does not determine lies between `least` and `most`. */
export type Count = { readonly least: number; readonly most: number }

export type SourceCounts = {
  /** Records, malformed ones included. */
  readonly read: number
  readonly malformed: number
  /** Behind the watermark of their own shard or of its parents, or of a source whose shards may be idle: no others may ever be late. */
  readonly late: number
}

/** Records, messages and timers of a stage whose function threw. */
export type StageCounts = { readonly failed: Count }

export type OperatorCounts = {
  /** Records that came to it; those that are in one of its windows and those that expired. */
  readonly arrived: Count
  /** Dropped, or gone to `lateTo`. */
  readonly expired: Count
}

export const exactly = (count: number): Count => ({ least: count, most: count })
export const anyCount: Count = { least: 0, most: Number.POSITIVE_INFINITY }
export const added = (a: Count, b: Count): Count => ({ least: a.least + b.least, most: a.most + b.most })
