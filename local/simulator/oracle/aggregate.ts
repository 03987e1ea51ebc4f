import type { PartialAggregateSpec } from '../../../shared/operators/distribution/partial-aggregate.ts'
import { type AggregateNode, inputsOf, type Node } from '../../../shared/plan/graph.ts'
import type { Stage } from '../../../shared/plan/plan.ts'
import type { WindowAssigner } from '../../../shared/windows/window.ts'
import { type Aggregated, aggregateOf } from './aggregate-functions.ts'
import { type Item, type Message, type Piece, settled } from './arrivals.ts'
import { composed } from './composed.ts'
import type { Evaluation } from './evaluation.ts'
import { anyCount, exactly } from './expected.ts'
import type { SpreadValue } from './operators/partial-aggregate.ts'
import { specOf } from './operators/spec.ts'
import { deliverNewest, type Panes, panesOf } from './panes.ts'
import { textOf } from './text.ts'
import { contentsOf, countWindowsOf } from './window-contents.ts'
import { isByTime, latestEventTimeMs, type OracleWindow, rowTimeOf, windowsAt, windowText } from './windows.ts'

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
    evaluation.countFailed(stage.name, anyCount)
    if (node.windows !== undefined) evaluation.operators.set(node.name, { arrived: anyCount, expired: anyCount })
    return
  }
  if (node.windows === undefined) {
    for (const own of Map.groupBy(messages, message => message.keyText).values()) putRow(evaluation, stage, node, own)
    if (node.emission.kind !== 'final') evaluation.markStale(node)
    return
  }
  if (node.windows.kind === 'count') return countWindows(evaluation, stage, node, node.windows, messages)
  const late = messages.filter(message => message.time <= message.watermark)
  const isKnown = late.length === 0 || isOrdered(evaluation, stage, messages)
  const certain = isKnown ? messages : messages.filter(message => message.time > message.watermark)
  const { windows, expired } = contentsOf(certain, node.windows, node.latenessMs, isKnown && late.length > 0)
  const hasUpdates = node.emission.kind !== 'final' || (node.latenessMs > 0 && late.length > 0)
  if (hasUpdates || !isKnown) evaluation.markStale(node)
  const opened = isKnown ? noRows : leaveOpen(evaluation, node, late)
  // A function may throw on the row of a window that is left open, or not.
  if (!isKnown) evaluation.countFailed(stage.name, anyCount)
  const panes: Panes = { windows: [], open: { ...opened, windows: new Set() } }
  if (node.emission.kind === 'panes') evaluation.panes.set(node, panes)
  for (const { window, messages: own } of windows) {
    const { keyText } = own[0]
    if (opened.keys.has(keyText) || opened.rows.has(rowNameOf(keyText, window))) continue
    const result = putRow(evaluation, stage, node, own, window)
    if (node.emission.kind === 'panes') panes.windows.push(panesOf(node, node.emission, window, own, result))
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

/** Windows of a number of records: what is in them is known where the order of the records is, and how many there are in any case. */
function countWindows(
  evaluation: Evaluation,
  stage: Stage,
  node: AggregateNode,
  windows: Extract<WindowAssigner, { kind: 'count' }>,
  messages: readonly Message[],
): void {
  evaluation.operators.set(node.name, { arrived: exactly(messages.length), expired: exactly(0) })
  const isKnown = isInOrder(evaluation, stage, node.input, messages)
  // Where the order is open, so is the event time of each row.
  if (!isKnown) evaluation.markStale(node)
  for (const own of Map.groupBy(messages, message => message.keyText).values()) {
    for (const { window, held, isLeftover } of countWindowsOf(own, windows)) {
      const last = held[held.length - 1]
      const at = isLeftover ? undefined : last
      if (isKnown || node.function === 'count') putRow(evaluation, stage, node, held, window, at)
      else openRow(evaluation, stage, node, own[0].keyText, window)
    }
  }
}

const noRows = { keys: new Set<string>(), rows: new Set<string>() }

/** Of an aggregate in two halves, what the first one was given. */
function givenTo({ input }: AggregateNode, message: Message): { readonly value: unknown; readonly part: unknown } {
  const { input: before } = input
  const isSpread = before.kind === 'operator' && before.definition.spec.kind === 'partialAggregate'
  return isSpread ? (message.value as SpreadValue) : { value: message.value, part: undefined }
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

function resultOf(node: AggregateNode, messages: readonly Message[]): Aggregated {
  if (node.spec !== undefined) {
    return composed(
      node.spec,
      messages.map(message => ({ value: givenTo(node, message).value, time: message.time })),
    )
  }
  const { input: before } = node.input
  // The second half merges what the first one makes.
  const { aggregator } =
    before.kind === 'operator' && before.definition.spec.kind === 'partialAggregate'
      ? specOf<PartialAggregateSpec>(before, 'partialAggregate')
      : node
  return aggregateOf(
    { ...node, aggregator },
    messages.map(message => partOf(node, message)),
    messages.map(({ time }) => time),
  )
}

/** What of a message's time the aggregate looks at. */
function placeOf({ windows, spec, takes }: AggregateNode, { time, watermark }: Message): unknown {
  const own = spec !== undefined || takes.kind === 'value' ? [time] : []
  if (windows === undefined) return own
  const isLate = time <= watermark
  return isByTime(windows) && !isLate ? [...own, windowsAt(windows, time).map(windowText)] : [time, isLate]
}

/**
 * Whether the order of the messages of each key is known, too. It is that of the records of a single shard, but where a record comes
 * by several ways at once: in which order it does is nobody's promise.
 */
export const isInOrder = (evaluation: Evaluation, stage: Stage, keyBy: Node, messages: readonly Message[]): boolean =>
  isOrdered(evaluation, stage, messages) && comesOneWay(keyBy)

const comesOneWay = (node: Node): boolean => {
  const inputs = inputsOf(node)
  return inputs.length < 2 && inputs.every(comesOneWay)
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
): { readonly keys: Set<string>; readonly rows: Set<string> } {
  const keys = new Set<string>()
  const rows = new Map<string, OracleWindow>()
  for (const { keyText, time } of late) {
    if (node.windows === undefined || !isByTime(node.windows)) keys.add(keyText)
    else for (const window of windowsAt(node.windows, time)) rows.set(rowNameOf(keyText, window), window)
  }
  for (const target of evaluation.chain.reach(node)) {
    const { openRows, openKeys } = evaluation.arrivalsOf(target)
    for (const key of keys) openKeys.add(key)
    for (const [name, window] of rows) openRows.set(name, window)
  }
  return { keys, rows: new Set(rows.keys()) }
}

/** Nothing is known of what a row says, nor whether a function throws on it. */
function openRow(
  evaluation: Evaluation,
  stage: Stage,
  node: AggregateNode,
  keyText: string,
  window: OracleWindow | undefined,
): void {
  evaluation.markStale(node)
  evaluation.countFailed(stage.name, anyCount)
  const name = rowNameOf(keyText, window)
  for (const target of evaluation.chain.reach(node)) evaluation.arrivalsOf(target).openRows.set(name, window)
}

/** A row goes out as a unit of its own. Of a count window it has the time of the record `at`. */
function putRow(
  evaluation: Evaluation,
  stage: Stage,
  node: AggregateNode,
  messages: readonly Message[],
  window?: OracleWindow,
  at?: Message,
): Aggregated {
  const [{ key, keyText }] = messages
  const { emission } = node
  const name = rowNameOf(keyText, window)
  const result = resultOf(node, messages)
  const isKnown = emission.kind !== 'panes' || emission.accumulation !== 'discarding'
  if ('undetermined' in result || ('value' in result && !isKnown)) {
    openRow(evaluation, stage, node, keyText, window)
    return result
  }
  const isFinal = emission.kind === 'final' && (node.latenessMs === 0 || window === undefined)
  const deliver = (item: Item): number =>
    emission.kind === 'panes' ? deliverNewest(evaluation, node, item) : evaluation.deliver(node, [[item]])
  const hasFailed = 'thrown' in result || deliver(rowOf(node, name, key, result.value, window, at)) > 0
  if (!hasFailed) return result
  if (isFinal) evaluation.countFailed(stage.name, exactly(1))
  else evaluation.giveUpStage(stage.name, `a function behind "${node.name}" throws on a row that changes`)
  return result
}

function rowOf(
  { windows }: AggregateNode,
  name: string,
  key: unknown,
  value: unknown,
  window: OracleWindow | undefined,
  at: Message | undefined,
): Item {
  const time =
    windows === undefined || window === undefined || windows.kind === 'count'
      ? latestEventTimeMs
      : rowTimeOf(windows, window.end)
  return {
    value: window === undefined ? { key, value } : { key, window, value },
    time: at?.time ?? time,
    watermark: at?.watermark ?? Number.NEGATIVE_INFINITY,
    isDirect: false,
    row: { name, key, ...(window && { window }) },
  }
}

export const rowNameOf = (keyText: string, window: OracleWindow | undefined): string =>
  window === undefined ? keyText : `${windowText(window)}/${keyText}`
