import type { LatestSpec } from '../../../../shared/operators/tables/latest.ts'
import type { Change } from '../../../../shared/operators/tables/table-changes.ts'
import type { KeyByNode, OperatorNode } from '../../../../shared/plan/graph.ts'
import type { Message } from '../arrivals.ts'
import { attemptNamed } from '../chain.ts'
import { keyText } from '../keys.ts'
import { textOf } from '../text.ts'
import { type EvaluateOperator, type OperatorItem, type OperatorResult, open } from './operator-result.ts'
import { specOf } from './spec.ts'

/** A value of a key by what it does to the key's row; without a row it takes the row away. */
type Told = { readonly time: number; readonly row?: readonly [value: unknown] }

/**
 * The newest value of each key. Of values of one event time the last to come counts: where they differ, and their order is not known, the
 * row is open.
 */
export const evaluateLatest: EvaluateOperator = (node, [messages], { isInOrder, rows: [{ isStale }] }) => {
  const spec = specOf<LatestSpec>(node, 'latest')
  if (isStale && (spec.by === 'eventTime' || !isByItsRow(node, messages))) {
    return open(`"${node.name}" takes changes of rows in another order than that of each row`)
  }
  const toldOf = (own: readonly Message[]): Told[] => own.flatMap(message => toldBy(node, spec, message))
  const result = table(messages, own => {
    const told = toldOf(own)
    // Of changes the newest of each row are here: several rows of one key are in no order.
    if (isInOrder && !isStale) return told.toSorted((a, b) => (spec.by === 'eventTime' ? a.time - b.time : 0)).slice(-1)
    const newest = Math.max(...told.map(({ time }) => time))
    return spec.by === 'eventTime' ? told.filter(({ time }) => time === newest) : told
  })
  if (isStale) return result
  const byKey = [...Map.groupBy(messages, message => message.keyText)]
  const states = new Map(byKey.map(([name, own]) => [name, toldOf(own).flatMap(({ row }) => row ?? [])]))
  return { ...result, states }
}

/** Of the rows of a key that were not taken back, the last to come. */
export const evaluateRetractTable: EvaluateOperator = (node, [messages], { isInOrder, rows: [{ isStale }] }) => {
  const isLeft = isStale || messages.every(({ value }) => isInserting(value as Change<unknown>))
  if (!isLeft && !isInOrder) return open(`what "${node.name}" takes back depends on the order of changes`)
  return table(messages, own => {
    const left: Told[] = []
    for (const { value, time } of own) {
      const change = value as Change<unknown>
      const same = left.findLastIndex(({ row }) => textOf(row) === textOf([change.row]))
      if (isInserting(change)) left.push({ time, row: [change.row] })
      else if (same >= 0) left.splice(same, 1)
    }
    return isInOrder && !isStale ? left.slice(-1) : left
  })
}

const isInserting = ({ kind }: Change<unknown>): boolean => kind === 'insert' || kind === 'updateAfter'

/** The changes of rows of which the newest states are known come to an insert of each. */
export const evaluateChanges: EvaluateOperator = (_node, [rows], { rows: [{ open: openRows }] }) => ({
  kind: 'items',
  items: rows.map(({ value, time }) => ({ value: { kind: 'insert', row: value }, time })),
  openRows,
})

/** `candidates`: what may have been the last that a key was told; nothing: it has no row. */
function table(messages: readonly Message[], candidates: (own: readonly Message[]) => readonly Told[]) {
  const items: OperatorItem[] = []
  const openRows = new Map<string, undefined>()
  for (const [name, own] of Map.groupBy(messages, message => message.keyText)) {
    const last = candidates(own)
    if (new Set(last.map(({ row }) => textOf(row ?? 'none'))).size > 1) {
      openRows.set(name, undefined)
      continue
    }
    const [told] = last
    if (told?.row === undefined) continue
    const [{ key }] = own
    items.push({ value: { key, value: told.row[0] }, time: told.time, row: { name, key } })
  }
  return { kind: 'items', items, openRows, isStale: true } satisfies OperatorResult
}

function toldBy(node: OperatorNode, spec: LatestSpec, { value, time }: Message): Told[] {
  return attemptNamed(node.name, () => {
    if (spec.isIgnored?.(value)) return []
    if (spec.isDeleted?.(value)) return [{ time }]
    return [{ time, row: [spec.rowOf === undefined ? value : spec.rowOf(value)] }]
  })
}

/**
 * Whether changes come under the very key of their rows, which have no windows and no ranks: then one row's changes are all that a key is told. The
 * key function is asked about changes of rows that are nothing but their key.
 */
function isByItsRow(node: OperatorNode, messages: readonly Message[]): boolean {
  const { key: keyFunction } = node.inputs[0] as KeyByNode
  return messages.every(({ value, keyText: own }) => {
    const { row } = value as Change<{ readonly key?: unknown; readonly window?: unknown; readonly rank?: unknown }>
    if (row.key === undefined || row.window !== undefined || row.rank !== undefined || keyText(row.key) !== own)
      return false
    try {
      return keyText(keyFunction({ kind: 'insert', row: { key: row.key } })) === own
    } catch {
      return false
    }
  })
}
