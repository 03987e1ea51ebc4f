import type { Answer, LeftRow, RightRow, Subscription } from '../../../../shared/operators/tables/foreign-key.ts'
import type { ForeignKeyJoinSpec } from '../../../../shared/operators/tables/foreign-key-joined.ts'
import type { ForeignKeyLeftSpec } from '../../../../shared/operators/tables/foreign-key-left.ts'
import type { StreamTableJoinSpec } from '../../../../shared/operators/tables/stream-table-join.ts'
import type { TableTableJoinSpec } from '../../../../shared/operators/tables/table-table-join.ts'
import type { VersionedJoinSpec } from '../../../../shared/operators/tables/versioned-join.ts'
import type { Message } from '../arrivals.ts'
import { attemptNamed } from '../chain.ts'
import { keyText } from '../keys.ts'
import { textOf } from '../text.ts'
import { type EvaluateOperator, type OperatorItem, open } from './operator-result.ts'
import { specOf } from './spec.ts'

/** More pairs of a value with a state of its row are not looked at. */
const mostPairs = 20_000

/** The newest rows of equal keys (SQL: join of two tables by their keys). */
export const evaluateTableTableJoin: EvaluateOperator = (node, [lefts, rights], { rows }) => {
  const { type, combine } = specOf<TableTableJoinSpec>(node, 'tableTableJoin')
  const [leftOf, rightOf] = [byRow(lefts), byRow(rights)]
  const openRows = new Map([...rows[0].open, ...rows[1].open])
  const items: OperatorItem[] = []
  for (const name of new Set([...leftOf.keys(), ...rightOf.keys()])) {
    const [left, right] = [leftOf.get(name), rightOf.get(name)]
    const row = left ?? right
    const isJoined = (left && right) || type === 'full' || (type === 'left' && left)
    if (row === undefined || !isJoined || openRows.has(name)) continue
    const value = attemptNamed(node.name, () =>
      combine(left && rowValueOf(left.value), right && rowValueOf(right.value)),
    )
    const time = Math.max(left?.time ?? row.time, right?.time ?? row.time)
    items.push({ value: { key: row.key, value }, time, row: { name, key: row.key } })
  }
  return { kind: 'items', items, openRows, isStale: true }
}

/** Which state the row has when a value is processed is open: it is any that it had, or there was none yet. */
export const evaluateStreamTableJoin: EvaluateOperator = (node, [messages], { rows: [, { states }] }) => {
  const { type, combine } = specOf<StreamTableJoinSpec>(node, 'streamTableJoin')
  if (states === undefined) return open(`what "${node.name}" gives depends on when its table changed`)
  const statesOf = (message: Message): readonly unknown[] => states.get(message.keyText) ?? []
  if (messages.reduce((sum, message) => sum + statesOf(message).length, 0) > mostPairs) {
    return open(`too many states of rows may have been there when "${node.name}" looked`)
  }
  const choices = messages.map(message => {
    const { value, time } = message
    const joined = (right: unknown): OperatorItem[] => [
      { value: attemptNamed(node.name, () => combine(value, right)), time },
    ]
    return different([type === 'left' ? joined(undefined) : [], ...statesOf(message).map(joined)])
  })
  return { kind: 'items', items: [], choices, isStale: false }
}

/** Each record with the newest version of its key that is not later (SQL: for system_time as of). */
export const evaluateVersionedJoin: EvaluateOperator = (node, [records, versions]) => {
  const { type, combine, isDeleted } = specOf<VersionedJoinSpec>(node, 'versionedJoin')
  const byKey = Map.groupBy(versions, version => version.keyText)
  const choices = records.map(({ keyText: key, value, time }) => {
    // Of versions of one time the last to come counts.
    return different(
      newest(byKey.get(key) ?? [], time).map(version =>
        attemptNamed(node.name, () => {
          const right = version === undefined || isDeleted?.(version.value) ? undefined : version
          return right === undefined && type === 'inner' ? [] : [{ value: combine(value, right?.value), time }]
        }),
      ),
    )
  })
  return { kind: 'items', items: [], choices }
}

/** Those that may be the newest up to a time: several of one time, or undefined where there is none. */
export function newest(versions: readonly Message[], time: number): readonly (Message | undefined)[] {
  const until = versions.filter(version => version.time <= time)
  const at = Math.max(...until.map(version => version.time))
  return until.length === 0 ? [undefined] : until.filter(version => version.time === at)
}

/** Each left row goes to where it is put together, and asks for the row that it names. Which number it has does not matter here. */
export const evaluateForeignKeyLeft: EvaluateOperator = (node, [rows]) => {
  const { on } = specOf<ForeignKeyLeftSpec>(node, 'foreignKeyLeft')
  const lefts: OperatorItem[] = []
  const subscriptions: OperatorItem[] = []
  for (const { key, value: row, time } of rows) {
    const value = rowValueOf(row)
    const named = attemptNamed(node.name, () => on(value)) ?? undefined
    const left: LeftRow = { left: key as LeftRow['left'], number: 1, row: [value], isAlone: named === undefined }
    lefts.push({ value: left, time })
    if (named === undefined) continue
    const subscription: Subscription = { on: named, left: left.left, number: 1, isEnd: false }
    subscriptions.push({ value: subscription, time })
  }
  return { kind: 'items', items: lefts, sides: new Map([['subscriptions', subscriptions]]), isStale: true }
}

export const evaluateForeignKeyRight: EvaluateOperator = (_node, [rows]) => ({
  kind: 'items',
  items: rows.map(({ key, value, time }) => {
    const right: RightRow = { key: key as RightRow['key'], row: [rowValueOf(value)] }
    return { value: right, time }
  }),
  isStale: true,
})

/** Each left row is answered with the row that it names. */
export const evaluateForeignKeyAnswers: EvaluateOperator = (_node, [subscriptions, rows]) => {
  const rightOf = new Map(rows.map(({ keyText: name, value }) => [name, (value as RightRow).row]))
  const items = subscriptions.map(({ keyText: name, value, time }) => {
    const row = rightOf.get(name)
    const answer: Answer = { left: (value as Subscription).left, number: 1, ...(row && { row }) }
    return { value: answer, time }
  })
  return { kind: 'items', items, isStale: true }
}

/** SQL: join on left.named = right.key. */
export const evaluateForeignKeyJoin: EvaluateOperator = (node, [lefts, answers]) => {
  const { type, combine } = specOf<ForeignKeyJoinSpec>(node, 'foreignKeyJoin')
  const answerOf = new Map(answers.map(({ value }) => [keyText((value as Answer).left), (value as Answer).row]))
  const items = lefts.flatMap(({ key, keyText: name, value, time }): OperatorItem[] => {
    const right = answerOf.get(name)
    if (right === undefined && type === 'inner') return []
    const joined = attemptNamed(node.name, () => combine((value as LeftRow).row?.[0], right?.[0]))
    return [{ value: { key, value: joined }, time, row: { name, key } }]
  })
  return { kind: 'items', items, isStale: true }
}

const byRow = (rows: readonly Message[]): Map<string, Message> => new Map(rows.map(row => [row.keyText, row]))

const rowValueOf = (row: unknown): unknown => (row as { readonly value?: unknown }).value

/** Each once. */
export const different = (alternatives: readonly (readonly OperatorItem[])[]): (readonly OperatorItem[])[] => [
  ...new Map(alternatives.map(items => [textOf(items.map(({ value, time }) => [value, time])), items])).values(),
]
