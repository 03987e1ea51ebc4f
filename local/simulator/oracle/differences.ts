import type { Change } from '../../../shared/operators/tables/table-changes.ts'
import type { Expected, ExpectedChanges, ExpectedRows, ExpectedValues, OpenRows } from './expected.ts'
import { keyText } from './keys.ts'
import { paneDifferences } from './pane-differences.ts'
import { withoutPane } from './panes.ts'
import { cannotPlace } from './placing.ts'
import { shortText, textOf } from './text.ts'
import { type OracleWindow, windowText } from './windows.ts'

/** By name: a view's rows, or the values that a sink was given, each once, in the order in which they came. */
export type Seen = { readonly [output: string]: readonly unknown[] }

/** Of each kind of difference in an output, so many are told. */
const mostTold = 5

/** What is seen that should not be, and what should be and is not: a sentence each. Nothing where all is as expected. */
export function differences(expected: Expected, seen: Seen): string[] {
  const told: string[] = []
  for (const [name, output] of expected.outputs) {
    const own = seen[name] ?? []
    if (output.kind === 'rows') told.push(...rowDifferences(output, own).map(what => `view "${name}": ${what}`))
    else if (output.kind === 'values')
      told.push(...valueDifferences(output, own).map(what => `sink "${name}": ${what}`))
    else if (output.kind === 'panes')
      told.push(...shortened(paneDifferences(output, own)).map(what => `sink "${name}": ${what}`))
    else if (output.kind === 'changes')
      told.push(...changeDifferences(output, own).map(what => `sink "${name}": ${what}`))
  }
  return told
}

function rowDifferences({ rows, open }: ExpectedRows, seen: readonly unknown[]): string[] {
  const isOpen = opennessOf(open)
  const expected = new Map(rows.filter(row => !isOpen(row)).map(row => [placeOf(row).name, row]))
  const wrong: string[] = []
  const unknown: string[] = []
  const found = new Set<string>()
  for (const row of seen) {
    if (isOpen(row)) continue
    const { name } = placeOf(row)
    const other = expected.get(name)
    if (found.has(name)) unknown.push(`row ${shortText(row)} is there twice`)
    else if (other === undefined) unknown.push(`row ${shortText(row)} is there, expected none of its key and window`)
    else if (textOf(other) !== textOf(withoutPane(row)))
      wrong.push(`row ${shortText(row)} is there, expected ${shortText(other)}`)
    found.add(name)
  }
  const missing = [...expected]
    .filter(([name]) => !found.has(name))
    .map(([, row]) => `row ${shortText(row)} is missing`)
  return [...shortened(wrong), ...shortened(unknown), ...shortened(missing)]
}

const opennessOf =
  ({ rows, windows, keys }: OpenRows) =>
  (row: unknown): boolean => {
    const { name, window, key } = placeOf(row)
    return rows.has(name) || windows.has(window) || keys.has(key)
  }

function valueDifferences(expected: ExpectedValues, seen: readonly unknown[]): string[] {
  const left = new Map<string, unknown[]>()
  for (const value of seen) {
    const text = textOf(value)
    left.set(text, [...(left.get(text) ?? []), value])
  }
  const missing: string[] = []
  for (const value of expected.values) {
    if (left.get(textOf(value))?.pop() === undefined) missing.push(`value ${shortText(value)} is missing`)
  }
  const others = [...left.values()].flat()
  const wrong = cannotPlace(expected.choices, others, expected.isWhole)
  if (expected.isLatestPerRow) wrong.push(...outdatedRows(expected.values, seen))
  return [...shortened(missing), ...shortened(wrong)]
}

/** What inserts and updates put and what deletes and the rows before updates took back, in any order, leave the rows. */
function changeDifferences({ rows, open }: ExpectedChanges, seen: readonly unknown[]): string[] {
  const isOpen = opennessOf(open)
  const left = new Map<string, { readonly row: unknown; count: number }>()
  const count = (row: unknown, by: number): void => {
    if (isOpen(row)) return
    const known = left.get(textOf(row)) ?? { row, count: 0 }
    left.set(textOf(row), known)
    known.count += by
  }
  for (const { kind, row } of seen as readonly Change<unknown>[]) {
    count(row, kind === 'insert' || kind === 'updateAfter' ? 1 : -1)
  }
  for (const row of rows) count(row, -1)
  const told = [...left.values()]
    .filter(each => each.count !== 0)
    .map(each => `row ${shortText(each.row)} is left ${each.count} times more than it is there`)
  return shortened(told)
}

/** The last value of each row is its newest state. */
function outdatedRows(values: readonly unknown[], seen: readonly unknown[]): string[] {
  const latest = new Map(seen.map(row => [placeOf(row).name, row]))
  const newest = new Map(values.map(row => [placeOf(row).name, row]))
  const told: string[] = []
  for (const [name, row] of latest) {
    const other = newest.get(name)
    if (other === undefined) told.push(`row ${shortText(row)} was put, expected none of its key and window`)
    else if (textOf(other) !== textOf(row))
      told.push(`the last state put is ${shortText(row)}, expected ${shortText(other)}`)
  }
  return told
}

/** What tells a row from others: its window, and its rank or key. */
function placeOf(row: unknown): { readonly name: string; readonly window: string; readonly key: string } {
  const { key, rank, window } = row as {
    readonly key?: unknown
    readonly rank?: number
    readonly window?: OracleWindow
  }
  const own = keyText(key)
  const within = window === undefined ? '' : windowText(window)
  if (rank !== undefined) return { name: `${within}#${rank}`, window: within, key: own }
  return { name: window === undefined ? own : `${within}/${own}`, window: within, key: own }
}

function shortened(sentences: readonly string[]): string[] {
  const more = sentences.length - mostTold
  return more > 0 ? [...sentences.slice(0, mostTold), `... and ${more} more like this`] : [...sentences]
}
