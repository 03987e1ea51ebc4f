import type { Change } from '../../../shared/operators/table-changes.ts'
import type { Sink } from '../../../shared/plan/graph.ts'
import { isSettled, settled } from './arrivals.ts'
import type { Evaluation } from './evaluation.ts'
import type { ExpectedOutput } from './expected.ts'
import { textOf } from './text.ts'
import { windowText } from './windows.ts'

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
  if (isOfChanges) {
    const isWhole = isChanges(sink.input) && openRows.size === 0 && openKeys.size === 0
    if (!isWhole)
      return { kind: 'unchecked', reason: `sink "${sink.name}" takes changes of rows, or what is made of them` }
    return {
      kind: 'changes',
      rows: pieces.flatMap(([items]) => items.map(({ value }) => (value as Change<unknown>).row)),
    }
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

function topOf(node: Sink['input']): boolean {
  if (node.kind === 'filter') return topOf(node.input)
  return node.kind === 'top'
}
