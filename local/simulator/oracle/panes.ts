import type { PaneEmission, PaneTrigger } from '../../../shared/operators/panes/pane-emission.ts'
import type { AggregateNode } from '../../../shared/plan/graph.ts'
import type { Aggregated } from './aggregate-functions.ts'
import type { Item, Message } from './arrivals.ts'
import type { Target } from './chain.ts'
import type { Evaluation } from './evaluation.ts'
import { type Count, exactly, type OpenRows, type PanesOfWindow } from './expected.ts'
import { textOf } from './text.ts'
import { endsOfTimeMs, latestEventTimeMs, type OracleWindow, rowTimeOf } from './windows.ts'

/** The panes of an aggregate's windows, and rows of which nothing is known. */
export type Panes = { readonly windows: PanesOfWindow[]; readonly open: OpenRows }

/** What of a window's panes does not depend on when watermarks and arrival times pass between its records. */
export function panesOf(
  node: AggregateNode,
  emission: PaneEmission,
  window: OracleWindow,
  messages: readonly Message[],
  result: Aggregated,
): PanesOfWindow {
  const { windows } = node
  const { early, late, onTime, accumulation } = emission
  const rowTime = windows === undefined ? latestEventTimeMs : rowTimeOf(windows, window.end)
  const dueAt = windows?.kind === 'global' ? endsOfTimeMs : rowTime
  const inTime = messages.filter(({ watermark }) => watermark < dueAt).length
  const afterwards = messages.length - inTime
  const isGrowing = windows?.kind === 'session'
  // Late records may extend or bring together sessions that have fired: how often each did is open.
  const isOpen = isGrowing && messages.some(({ time, watermark }) => time <= watermark)
  const upToEach: Count = { least: 0, most: messages.length }
  const isCount = node.function === 'count'
  const adds = partsOf(node)
  const earlyPanes = inTime === 0 || early === undefined ? exactly(0) : firedBy(early, inTime, isGrowing)
  const untold = early === undefined ? inTime : isGrowing ? undefined : leftOver(early, inTime)
  // With nothing new there is a pane unless nothing can be said of no records.
  const isNeeded = onTime === 'always' && (accumulation !== 'discarding' || isCount || node.function === 'sum')
  const isSure = isNeeded || (untold !== undefined && untold > 0)
  const isImpossible = inTime === 0 || (onTime === 'changed' && untold === 0)
  const lateRest = leftOver(late, afterwards)
  const lateFired = firedBy(late, afterwards, false)
  const each = isCount && !isGrowing && early !== undefined ? recordsOnly(early) : undefined
  return {
    key: messages[0].key,
    window,
    isGrowing,
    restarts: isGrowing && emission.grown === 'restart',
    accumulation,
    ...('value' in result && { all: { value: result.value } }),
    ...(adds && { adds }),
    early: isOpen ? upToEach : earlyPanes,
    onTime: isOpen ? upToEach : isImpossible ? exactly(0) : { least: isSure ? 1 : 0, most: 1 },
    late: isOpen
      ? upToEach
      : lateRest === undefined
        ? { least: afterwards > 0 ? 1 : 0, most: afterwards }
        : exactly(lateFired.least + (lateRest > 0 ? 1 : 0)),
    ...(each !== undefined && { recordsPerEarly: each }),
  }
}

/** How the values of discarding panes become that of the window. */
function partsOf({ function: fn }: AggregateNode): PanesOfWindow['adds'] {
  switch (fn) {
    case 'count':
    case 'sum':
      return 'sum'
    case 'min':
    case 'max':
      return fn
    default:
      return undefined
  }
}

/** The number of records of which a trigger that looks at nothing else makes a pane. */
const recordsOnly = ({ records, eventTimeMs, arrivalTimeMs }: PaneTrigger): number | undefined =>
  eventTimeMs === undefined && arrivalTimeMs === undefined ? records : undefined

/** How often a trigger fires over so many records. Sessions that become one bring the panes that each of them had. */
function firedBy(trigger: PaneTrigger, records: number, isGrowing: boolean): Count {
  const most = isGrowing ? records : (trigger.atMost ?? records)
  const every = recordsOnly(trigger)
  if (every !== undefined && !isGrowing) return exactly(Math.min(most, Math.floor(records / every)))
  const perPane = trigger.when === 'all' && !isGrowing ? (trigger.records ?? 1) : 1
  return { least: 0, most: Math.min(most, Math.floor(records / perPane)) }
}

/** Records that come after the last pane of a trigger; undefined where that is not known. */
function leftOver(trigger: PaneTrigger, records: number): number | undefined {
  const every = recordsOnly(trigger)
  return every === undefined ? undefined : records - every * firedBy(trigger, records, false).least
}

/**
 * The newest pane's row of a window comes to what is behind, as which pane of the window is open: what looks at that is not determined.
 * Answers whether a function throws, as `deliver` does.
 */
export function deliverNewest(evaluation: Evaluation, node: AggregateNode, item: Item): number {
  const row = item.value as object
  const outcomes = [
    { timing: 'early', index: -1 },
    { timing: 'late', index: -2 },
  ].map(pane => evaluation.outcomeOf(node, [{ ...item, value: { ...row, pane } }]))
  const [one, other] = outcomes
  if (one === undefined || other === undefined) return 1
  for (const target of new Set([...one.keys(), ...other.keys()])) {
    if (isPlain(target, node)) continue
    const arrivals = evaluation.arrivalsOf(target)
    const items = one.get(target) ?? []
    const isRow = target.kind === 'view' || target.kind === 'top'
    const messages = isRow ? items.map(message => ({ ...message, value: withoutPane(message.value) })) : items
    const others = (other.get(target) ?? []).map(({ value }) => (isRow ? withoutPane(value) : value))
    if (textOf(messages.map(({ value }) => value)) === textOf(others)) arrivals.pieces.push([messages])
    else arrivals.undetermined ??= `it shows which pane of "${node.name}" a row is`
  }
  return 0
}

/** All panes are seen there as they are. */
export const isPlain = (target: Target, node: AggregateNode): boolean =>
  target.kind !== 'view' && 'input' in target && target.input === node && isSink(target)

const isSink = ({ kind }: Target): boolean => kind === 'stream' || kind === 'files' || kind === 'forEach'

export function withoutPane(row: unknown): unknown {
  if (typeof row !== 'object' || row === null || !('pane' in row)) return row
  const { pane: _pane, ...rest } = row
  return rest
}
