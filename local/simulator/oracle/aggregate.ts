import type { AggregateNode } from '../../../shared/plan/graph.ts'
import type { Stage } from '../../../shared/plan/plan.ts'
import { type Aggregated, aggregateOf } from './aggregate-functions.ts'
import { type Item, type Message, type Piece, settled } from './arrivals.ts'
import type { Evaluation } from './evaluation.ts'
import { anyCount, exactly } from './expected.ts'
import { textOf } from './text.ts'
import { contentsOf, sessionContentsOf } from './window-contents.ts'
import { latestEventTimeMs, type OracleWindow, rowTimeOf, windowsAt, windowText } from './windows.ts'

/** The rows of an aggregate: over everything so far, or of each window. */
export function evaluateAggregate(
  evaluation: Evaluation,
  stage: Stage,
  node: AggregateNode,
  pieces: readonly Piece<Message>[],
): void {
  const messages = settled(pieces, message => textOf([message.keyText, partOf(node, message), placeOf(node, message)]))
  const side = node.lateTo === undefined ? undefined : evaluation.chain.sideOf(node, node.lateTo)
  if (messages === undefined) {
    const reason = `"${node.name}" takes records of which one of several is let through`
    evaluation.giveUp(node, reason)
    if (side !== undefined) evaluation.giveUp(side, reason)
    if (node.windows !== undefined) evaluation.operators.set(node.name, { arrived: anyCount, expired: anyCount })
    return
  }
  if (node.windows === undefined) {
    for (const own of Map.groupBy(messages, message => message.keyText).values()) putRow(evaluation, stage, node, own)
    if (node.emission.kind !== 'final') evaluation.markStale(node)
    return
  }
  const late = messages.filter(message => message.time <= message.watermark)
  const isKnown = late.length === 0 || isOrdered(evaluation, stage, messages)
  const certain = isKnown ? messages : messages.filter(message => message.time > message.watermark)
  const { windows, expired } =
    node.windows.kind === 'session'
      ? sessionContentsOf(certain, node.windows.gapMs, node.latenessMs, isKnown && late.length > 0)
      : contentsOf(certain, node.windows, node.latenessMs)
  const hasUpdates = node.emission.kind !== 'final' || (node.latenessMs > 0 && late.length > 0)
  if (hasUpdates || !isKnown) evaluation.markStale(node)
  const isOpen = isKnown ? () => false : leaveOpen(evaluation, node, late)
  // A function may throw on the row of a window that is left open, or not.
  if (!isKnown) evaluation.countFailed(stage.name, anyCount)
  for (const { window, messages: own } of windows) {
    if (!isOpen(own[0].keyText, window)) putRow(evaluation, stage, node, own, window)
  }
  // A record that fails on its way to the side output has not expired.
  let failed = 0
  if (side !== undefined) {
    if (!isKnown) evaluation.markStale(side)
    for (const { row: _row, ...message } of expired) {
      const item: Item = { ...message, isDirect: false }
      if (evaluation.deliver(side, [[item]]) === 0) continue
      failed++
      evaluation.giveUpStage(stage.name, `a function behind "${node.name}" throws`)
    }
  }
  evaluation.operators.set(node.name, {
    arrived: exactly(messages.length),
    expired: isKnown ? { least: expired.length - failed, most: expired.length } : { least: 0, most: late.length },
  })
}

const partOf = (node: AggregateNode, message: Message): unknown => {
  switch (node.takes.kind) {
    case 'nothing':
      return undefined
    case 'part':
      return message.parts.get(node.name)
    case 'value':
      return message.value
  }
}

/** What of a message's time the aggregate looks at. */
function placeOf({ windows }: AggregateNode, { time, watermark }: Message): unknown {
  if (windows === undefined) return undefined
  const isLate = time <= watermark
  return windows.kind === 'session' || isLate ? [time, isLate] : windowsAt(windows, time).map(windowText)
}

/** Whether the watermark of every message is known: that of a single shard which feeds the stage alone and directly. */
export function isOrdered(evaluation: Evaluation, stage: Stage, messages: readonly Message[]): boolean {
  if (stage.input.kind !== 'shuffle' || stage.input.inputs.length !== 1) return false
  return evaluation.singleShards.has(stage.input.inputs[0].name) && messages.every(message => message.isDirect)
}

/** Windows that a late record may have come into, or not: nothing is said of their rows. Answers which ones they are. */
function leaveOpen(
  evaluation: Evaluation,
  node: AggregateNode,
  late: readonly Message[],
): (keyText: string, window: OracleWindow) => boolean {
  const keys = new Set<string>()
  const rows = new Map<string, OracleWindow>()
  for (const { keyText, time } of late) {
    if (node.windows === undefined || node.windows.kind === 'session') keys.add(keyText)
    else for (const window of windowsAt(node.windows, time)) rows.set(rowNameOf(keyText, window), window)
  }
  for (const target of evaluation.chain.reach(node)) {
    const { openRows, openKeys } = evaluation.arrivalsOf(target)
    for (const key of keys) openKeys.add(key)
    for (const [name, window] of rows) openRows.set(name, window)
  }
  return (keyText, window) => keys.has(keyText) || rows.has(rowNameOf(keyText, window))
}

/** A row goes out as a unit of its own. */
function putRow(
  evaluation: Evaluation,
  stage: Stage,
  node: AggregateNode,
  messages: readonly Message[],
  window?: OracleWindow,
): void {
  const [{ key, keyText }] = messages
  const name = rowNameOf(keyText, window)
  const result: Aggregated = aggregateOf(
    node,
    messages.map(message => partOf(node, message)),
  )
  if ('undetermined' in result) {
    evaluation.markStale(node)
    for (const target of evaluation.chain.reach(node)) evaluation.arrivalsOf(target).openRows.set(name, window)
    return
  }
  const isFinal = node.emission.kind === 'final' && (node.latenessMs === 0 || window === undefined)
  const hasFailed = 'thrown' in result || evaluation.deliver(node, [[rowOf(node, name, key, result.value, window)]]) > 0
  if (!hasFailed) return
  if (isFinal) evaluation.countFailed(stage.name, exactly(1))
  else evaluation.giveUpStage(stage.name, `a function behind "${node.name}" throws on a row that changes`)
}

function rowOf(
  { windows }: AggregateNode,
  name: string,
  key: unknown,
  value: unknown,
  window: OracleWindow | undefined,
): Item {
  return {
    value: window === undefined ? { key, value } : { key, window, value },
    time: windows === undefined || window === undefined ? latestEventTimeMs : rowTimeOf(windows.kind, window.end),
    watermark: Number.NEGATIVE_INFINITY,
    isDirect: false,
    row: { name, key, ...(window && { window }) },
  }
}

export const rowNameOf = (keyText: string, window: OracleWindow | undefined): string =>
  window === undefined ? keyText : `${windowText(window)}/${keyText}`
