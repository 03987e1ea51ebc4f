import type { TopNode } from '../../../shared/plan/graph.ts'
import type { Stage } from '../../../shared/plan/plan.ts'
import { windowsOf } from '../../../shared/plan/steps.ts'
import { type Item, type Message, settled } from './arrivals.ts'
import type { Evaluation } from './evaluation.ts'
import { anyCount, exactly } from './expected.ts'
import { isLowerKey } from './keys.ts'
import { textOf } from './text.ts'
import { latestEventTimeMs, type OracleWindow, rowTimeOf, windowText } from './windows.ts'

type Entry = { readonly key: unknown; readonly value: unknown }

/** Rankings of the newest states of rows: one over all, or one for each window. A ranking goes out as a unit of its own. */
export function evaluateTop(evaluation: Evaluation, stage: Stage, node: TopNode): void {
  const arrivals = evaluation.arrivalsOf(node)
  const windows = windowsOf(node)
  const rows = settled(arrivals.pieces, message => textOf([message.row?.name, message.value]))
  const openWindows = [...arrivals.openRows.values()]
  const reason =
    arrivals.undetermined ??
    (rows === undefined || arrivals.openKeys.size > 0 || openWindows.includes(undefined)
      ? `"${node.name}" ranks rows that are not determined`
      : undefined)
  if (reason !== undefined || rows === undefined) {
    evaluation.giveUp(node, reason ?? '')
    evaluation.countFailed(stage.name, anyCount)
    return
  }
  const isOpen = new Set(openWindows.map(window => (window === undefined ? '' : windowText(window))))
  if (node.emission.kind !== 'final' || (node.latenessMs > 0 && arrivals.isStale) || isOpen.size > 0) {
    evaluation.markStale(node)
  }
  // A function may throw on a ranking that is left open, or not.
  if (isOpen.size > 0) evaluation.countFailed(stage.name, anyCount)
  for (const target of evaluation.chain.reach(node)) {
    for (const window of openWindows) evaluation.arrivalsOf(target).openRows.set(boardName(window), window)
  }
  for (const [name, own] of Map.groupBy(rows, row => boardName(row.row?.window))) {
    const window = own[0].row?.window
    if (window !== undefined && isOpen.has(windowText(window))) continue
    const time = window === undefined || windows === undefined ? latestEventTimeMs : rowTimeOf(windows, window.end)
    const ranking = rankingOf(own).slice(0, node.count)
    const items = ranking.map((entry, i) => rankedItem(entry, i + 1, name, window, time))
    if (items.length === 0 || evaluation.deliver(node, [items]) === 0) continue
    if (node.emission.kind === 'final' && node.latenessMs === 0) evaluation.countFailed(stage.name, exactly(1))
    else evaluation.giveUpStage(stage.name, `a function behind "${node.name}" throws on a ranking that changes`)
  }
}

const boardName = (window: OracleWindow | undefined): string => (window === undefined ? '' : windowText(window))

/** The greater value first, then the lower key; NaN last. Rows without a value are none. */
function rankingOf(rows: readonly Message[]): Entry[] {
  const entries = rows.map(({ row, value }) => ({ key: row?.key, value: worthOf(value) }))
  return entries
    .filter(({ value }) => value !== undefined)
    .sort((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0))
}

const worthOf = (row: unknown): unknown =>
  typeof row === 'object' && row !== null && 'value' in row ? row.value : undefined

function isBefore(a: Entry, b: Entry): boolean {
  const [x, y] = [a.value as number, b.value as number]
  if (x > y || x < y) return x > y
  const [isLast, isOtherLast] = [Number.isNaN(x), Number.isNaN(y)]
  return isLast === isOtherLast ? isLowerKey(a.key, b.key) : isOtherLast
}

function rankedItem(
  { key, value }: Entry,
  rank: number,
  board: string,
  window: OracleWindow | undefined,
  time: number,
): Item {
  return {
    value: { ...(window && { window }), rank, key, value },
    time,
    watermark: Number.NEGATIVE_INFINITY,
    isDirect: false,
    row: { name: `${board}#${rank}`, key: rank, ...(window && { window }) },
  }
}
