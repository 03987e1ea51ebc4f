import type { Change } from '../../../shared/operators/tables/table-changes.ts'
import { isRowStep, type Sink } from '../../../shared/plan/graph.ts'
import { isSettled, settled } from './arrivals.ts'
import type { Evaluation } from './evaluation.ts'
import type { ExpectedOutput, PanesOfWindow } from './expected.ts'
import { textOf } from './text.ts'
import { windowText } from './windows.ts'
import { writtenAndRead } from './written.ts'

/** What came to a sink, as a reader of it sees it. */
export function outputOf(evaluation: Evaluation, sink: Sink, stops: string | undefined): ExpectedOutput {
  const { pieces, undetermined, isStale, isOfChanges, openRows, openKeys } = evaluation.arrivalsOf(sink)
  const reason = stops ?? undetermined
  if (reason !== undefined) return { kind: 'unchecked', reason }
  if (sink.kind === 'view') {
    const rows = settled(pieces, message => textOf([message.row?.name, message.value]))
    if (rows === undefined) return { kind: 'unchecked', reason: `rows of view "${sink.name}" are not determined` }
    // A ranking with an open row is open as a whole: see top.
    const isTop = topOf(sink.input)
    return {
      kind: 'rows',
      rows: rows.map(message => message.value),
      open: {
        rows: new Set(isTop ? [] : openRows.keys()),
        windows: new Set(isTop ? [...openRows.values()].flatMap(window => (window ? [windowText(window)] : [])) : []),
        keys: openKeys,
      },
    }
  }
  const panes = sink.input.kind === 'aggregate' ? evaluation.panes.get(sink.input) : undefined
  if (panes !== undefined) {
    return { kind: 'panes', windows: panes.windows.map(window => keptWindow(sink, window)), open: panes.open }
  }
  if (isOfChanges) {
    if (!isChanges(sink.input))
      return { kind: 'unchecked', reason: `sink "${sink.name}" takes what is made of changes` }
    const rows = pieces.flatMap(([items]) => items.map(({ value }) => (value as Change<unknown>).row))
    return { kind: 'changes', rows, open: { rows: new Set(openRows.keys()), windows: new Set(), keys: openKeys } }
  }
  const byValue = (message: { readonly value: unknown }): string => textOf(message.value)
  const isRow = sink.input.kind === 'aggregate' && sink.kind !== 'files'
  return {
    kind: 'values',
    values: pieces.filter(piece => isSettled(piece, byValue)).flatMap(piece => piece[0].map(({ value }) => value)),
    choices: pieces
      .filter(piece => !isSettled(piece, byValue))
      .map(piece => piece.map(items => items.map(({ value }) => value))),
    isWhole: !isStale,
    isLatestPerRow: isStale && isRow && openRows.size === 0 && openKeys.size === 0,
  }
}

const isChanges = (node: Sink['input']): boolean => node.kind === 'operator' && node.definition.spec.kind === 'changes'

/** Its key and value as the sink's codec writes and reads them. */
function keptWindow(sink: Sink, { all, ...expected }: PanesOfWindow): PanesOfWindow {
  if (sink.kind === 'view' || sink.kind === 'forEach') return { ...expected, ...(all && { all }) }
  const read = writtenAndRead(sink, { key: expected.key, value: all?.value })
  const { key, value } = read as { readonly key: unknown; readonly value: unknown }
  return { ...expected, key, ...(all && { all: { value } }) }
}

function topOf(node: Sink['input']): boolean {
  if (isRowStep(node)) return topOf(node.input)
  return node.kind === 'top'
}
