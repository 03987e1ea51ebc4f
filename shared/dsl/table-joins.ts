import {
  foreignKeyAnswersDefinition,
  foreignKeyJoinDefinition,
  foreignKeyLeftDefinition,
  foreignKeyRightDefinition,
  streamTableJoinDefinition,
  tableTableJoinDefinition,
  versionedJoinDefinition,
} from '#operators/tables'
import { type Duration, days } from '../model/duration.ts'
import type { Key } from '../model/key.ts'
import {
  type Answer,
  type LeftRow,
  type RightRow,
  type Subscription,
  subscriptionsSide,
} from '../operators/tables/foreign-key.ts'
import type { TableCombine, TableJoinType } from '../operators/tables/table-join-types.ts'
import { durationText } from '../plan/describe-windows.ts'
import type { KeyByNode, Loose, Node, OperatorNode, RowNode } from '../plan/graph.ts'
import { operatorNode } from './operator-node.ts'
import { rowPerKey } from './tables.ts'

/** Of joins where the left side leads: `inner` drops left values without a right one, `left` keeps them. */
export type LookingJoin = 'inner' | 'left'

/** What a join with a table may be told. */
export type TableJoinOptions<Type> = {
  /** Default `inner`. */
  readonly type?: Type
}

/** What a join with the versions of a table may be told. */
export type VersionedJoinOptions<Type, R, LateName extends string> = TableJoinOptions<Type> & {
  /** Whether a version says that from its time on there is none. */
  readonly isDeleted?: (version: R) => boolean
  /** For how long after a delete, in event time, it is remembered, so that older versions that come late are not taken for newer ones. Default a day. */
  readonly deletesFor?: Duration
  /** How long after the watermark has passed a record's time it is still joined. Versions are kept as much longer. Default 0. */
  readonly allowedLateness?: Duration
  /** Side output for records that come later than that. */
  readonly lateTo?: LateName
}

type AnyVersionedOptions = {
  readonly type?: LookingJoin
  readonly isDeleted?: Loose<[version: unknown], boolean>
  readonly deletesFor?: Duration
  readonly allowedLateness?: Duration
  readonly lateTo?: string
}

export const streamTableNode = (
  name: string,
  stream: KeyByNode,
  table: RowNode,
  combine: TableCombine,
  { type = 'inner' }: TableJoinOptions<LookingJoin>,
): OperatorNode =>
  operatorNode(
    name,
    [stream, rowPerKey(table, `join "${name}"`)],
    streamTableJoinDefinition({ kind: 'streamTableJoin', type, combine }),
  )

export const tableTableNode = (
  name: string,
  left: RowNode,
  right: RowNode,
  combine: TableCombine,
  { type = 'inner' }: TableJoinOptions<TableJoinType>,
): OperatorNode =>
  operatorNode(
    name,
    [rowPerKey(left, `join "${name}"`), rowPerKey(right, `join "${name}"`)],
    tableTableJoinDefinition({ kind: 'tableTableJoin', type, combine }),
  )

export function versionedNode(
  name: string,
  records: KeyByNode,
  versions: KeyByNode,
  combine: TableCombine,
  options: AnyVersionedOptions,
): OperatorNode {
  const { type = 'inner', isDeleted, deletesFor = days(1), allowedLateness = 0, lateTo } = options
  const spec = {
    kind: 'versionedJoin' as const,
    type,
    combine,
    isDeleted,
    deletesForMs: deletesFor,
    latenessMs: allowedLateness,
    lateTo,
  }
  const definition = versionedJoinDefinition(spec, allowedLateness === 0 ? 'none' : durationText(allowedLateness))
  return operatorNode(name, [records, versions], definition)
}

/** Three stages: that of the left rows, `NAME-on`, keyed by what they name, and `NAME`, keyed as they are. See foreign-key.ts. */
export function foreignKeyNode(
  name: string,
  left: RowNode,
  right: RowNode,
  on: Loose<[left: unknown], Key | undefined>,
  combine: TableCombine,
  { type = 'inner' }: TableJoinOptions<LookingJoin>,
): OperatorNode {
  const what = `join "${name}"`
  const lefts = operatorNode(
    `${name}-left`,
    [rowPerKey(left, what)],
    foreignKeyLeftDefinition({ kind: 'foreignKeyLeft', on }),
  )
  const rights = operatorNode(`${name}-right`, [rowPerKey(right, what)], foreignKeyRightDefinition())
  const subscriptions = Object.freeze({ kind: 'side' as const, input: lefts, name: subscriptionsSide })
  const answers = operatorNode(
    `${name}-answers`,
    [
      keyed(`${name}-on`, subscriptions, (each: Subscription) => each.on),
      keyed(`${name}-on`, rights, (each: RightRow) => each.key),
    ],
    foreignKeyAnswersDefinition(),
  )
  return operatorNode(
    name,
    [keyed(name, lefts, (each: LeftRow) => each.left), keyed(name, answers, (each: Answer) => each.left)],
    foreignKeyJoinDefinition({ kind: 'foreignKeyJoin', type, combine }),
  )
}

const keyed = (name: string, input: Node, key: KeyByNode['key']): KeyByNode =>
  Object.freeze({ kind: 'keyBy', input, name, key })
