import type { BroadcastJoinSpec } from '../../../../shared/operators/distribution/broadcast-join.ts'
import { attemptNamed } from '../chain.ts'
import { keyText } from '../keys.ts'
import { type EvaluateOperator, type OperatorItem, open } from './operator-result.ts'
import { specOf } from './spec.ts'
import { different, newest } from './table-joins.ts'

/** Of versions of one time of several rows, so many ways in which they can have come are looked at. */
const mostWays = 64

/** Each record with the newest version, up to its time, of the row that it names, or of all rows that it accepts. */
export const evaluateBroadcastJoin: EvaluateOperator = (node, [records, broadcast]) => {
  const spec = specOf<BroadcastJoinSpec>(node, 'broadcastJoin')
  const { type, rowKey, key, where, combine } = spec
  const call = <R>(run: () => R): R => attemptNamed(node.name, run)
  const versionsOf = Map.groupBy(broadcast, ({ value }) => call(() => keyText(rowKey(value))))
  const choices: (readonly OperatorItem[])[][] = []
  for (const record of records) {
    const { value, time } = record
    const candidates =
      key === undefined
        ? [...versionsOf.values()]
        : [versionsOf.get(call(() => keyText(key(value, record.key as never)))) ?? []]
    // Of versions of one time the last to come counts.
    const ways = combinations(candidates.map(versions => newest(versions, time)))
    if (ways === undefined) return open(`too many rows of one time come to "${node.name}"`)
    const outcome = (way: (typeof ways)[number]): OperatorItem[] =>
      call(() => {
        const rows = way.flatMap(row =>
          row === undefined || (where !== undefined && !where(value, row.value)) ? [] : [row.value],
        )
        const rights = rows.length === 0 && type === 'left' ? [undefined] : rows
        return rights.map(right => ({ value: combine(value, right), time }))
      })
    choices.push(different(ways.map(outcome)))
  }
  return { kind: 'items', items: [], choices }
}

/** One of each; undefined where there are too many ways. */
function combinations<T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] | undefined {
  const count = lists.reduce((product, list) => product * list.length, 1)
  if (count > mostWays) return undefined
  return lists.reduce<readonly (readonly T[])[]>(
    (ways, list) => ways.flatMap(way => list.map(one => [...way, one])),
    [[]],
  )
}
