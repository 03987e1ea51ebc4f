import { changesDefinition, latestDefinition, retractTableDefinition } from '#operators/tables'
import { type Duration, days } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { OperatorDefinition } from '../operators/definition.ts'
import type { RowsTaken } from '../operators/tables/kept-rows.ts'
import type { LatestSpec } from '../operators/tables/latest.ts'
import type { Change } from '../operators/tables/table-changes.ts'
import { durationText } from '../plan/describe-windows.ts'
import {
  hasUpdates,
  isRowNode,
  isRowStep,
  type KeyByNode,
  latenessOf,
  type Node,
  type OperatorNode,
  type RowNode,
} from '../plan/graph.ts'
import { windowsOf } from '../plan/steps.ts'
import { operatorNode } from './operator-node.ts'

/** How a table of a stream tells which value is the newest, and which one takes a row away. */
export type LatestOptions<V> = {
  /**
   * What newest means: `eventTime` (default), the value with the greatest event time, of equal ones the last to arrive; or `arrival`, the
   * last to arrive.
   */
  readonly by?: 'eventTime' | 'arrival'
  /** Whether a value says that its key's row is gone. */
  readonly isDeleted?: (value: V) => boolean
  /**
   * By event time: for how long after a delete, in event time, it is remembered, so that older values that come after it do not bring
   * the row back. Default a day.
   */
  readonly deletesFor?: Duration
}

export function latestNode<V>(name: string, input: KeyByNode, options: LatestOptions<V>): OperatorNode {
  const { by = 'eventTime', isDeleted, deletesFor = days(1) } = options
  return operatorNode(
    name,
    [input],
    latestOf({ by, isDeleted, rowOf: undefined, isIgnored: undefined, deletesForMs: deletesFor }),
  )
}

/** How changes become a table again. */
export type MaterializeOptions = {
  /**
   * What a change does to the row of its key:
   *
   * - `upsert` (default): what is inserted or updated is the row, a delete takes it away; the row before an update says nothing
   * - `retract`: deletes and rows before an update take back the very row that they name, as is needed where the key is not the rows' own
   */
  readonly mode?: 'upsert' | 'retract'
  /** Of `upsert`: as in `latest`. Default `arrival`: a changelog comes in order. */
  readonly by?: 'eventTime' | 'arrival'
  /** Of `upsert` by event time: as in `latest`. Default a day. */
  readonly deletesFor?: Duration
}

export function materializeNode(name: string, input: KeyByNode, options: MaterializeOptions): OperatorNode {
  const { mode = 'upsert', by = 'arrival', deletesFor = days(1) } = options
  if (mode === 'retract') return operatorNode(name, [input], retractTableDefinition())
  return operatorNode(
    name,
    [input],
    latestOf({
      by,
      isDeleted: (change: Change<unknown>) => change.kind === 'delete',
      rowOf: (change: Change<unknown>) => change.row,
      isIgnored: (change: Change<unknown>) => change.kind === 'updateBefore',
      deletesForMs: deletesFor,
    }),
  )
}

const latestOf = (spec: Omit<LatestSpec, 'kind'>): OperatorDefinition =>
  latestDefinition({ kind: 'latest', ...spec }, durationText(spec.deletesForMs))

export const changesNode = (name: string, rows: RowNode): OperatorNode =>
  operatorNode(name, [rows], changesDefinition({ kind: 'changes', rows: rowsTaken(rows) }))

export function rowsTaken(rows: RowNode): RowsTaken {
  const windows = windowsOf(rows)
  return Object.freeze({ updates: hasUpdates(rows), ...(windows && { windows }), latenessMs: latenessOf(rows) })
}

/** The operator whose rows a node gives, behind filters and the like. */
export function rowsNameOf(rows: RowNode): string {
  if (!isRowStep(rows)) return rows.name
  return isRowNode(rows.input) ? rowsNameOf(rows.input) : rows.label
}

/** Rows of windows are several per key, and those of a ranking have their rank for a key: what goes by the key cannot take them. */
export function rowPerKey(rows: RowNode, what: string): RowNode {
  const rowsHave =
    windowsOf(rows) !== undefined ? 'a row per key and window' : isRanking(rows) ? 'a row per rank' : undefined
  if (rowsHave === undefined) return rows
  throw new ConfigurationError(
    `Cannot ${what}: "${rowsNameOf(rows)}" has ${rowsHave}, expected a table with one row per key`,
  )
}

const isRanking = (rows: Node): boolean => rows.kind === 'top' || (isRowStep(rows) && isRanking(rows.input))
