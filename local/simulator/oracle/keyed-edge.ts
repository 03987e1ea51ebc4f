import type { AggregateNode, DistinctNode, KeyByNode, Node } from '../../../shared/plan/graph.ts'
import type { Edge, Stage } from '../../../shared/plan/plan.ts'
import { evaluateAggregate, isOrdered } from './aggregate.ts'
import { type Message, type Piece, settled } from './arrivals.ts'
import { attemptNamed, UserFailure } from './chain.ts'
import type { Evaluation } from './evaluation.ts'
import { anyCount, exactly } from './expected.ts'
import type { WrittenRecord } from './source.ts'
import { textOf } from './text.ts'
import { closesAt, sessionClosesAt, windowsAt } from './windows.ts'

/** What the operators behind a keyBy make of its messages. A message is one unit for all of them. */
export function evaluateKeyed(evaluation: Evaluation, stage: Stage, edge: Edge, keyBy: KeyByNode): void {
  const arrivals = evaluation.arrivalsOf(keyBy)
  const takers = evaluation.chain.takersOf(keyBy)
  const reason =
    arrivals.undetermined ??
    (arrivals.isStale ? `stage "${stage.name}" takes changes of rows, as many as there were commits` : undefined)
  if (reason !== undefined) {
    giveUp(evaluation, stage, takers, reason)
    return
  }
  const sound = withoutFailing(evaluation, stage, edge, takers, arrivals.pieces)
  if (sound === undefined) {
    giveUp(evaluation, stage, takers, `a function of stage "${stage.name}" throws on a record that may have expired`)
    return
  }
  const distincts = takers.filter(taker => taker.kind === 'distinct')
  const kept = distincts.reduce<Piece<Message>[] | undefined>(
    (pieces, distinct) => pieces && evaluateDistinct(evaluation, stage, distinct, pieces, takers.length === 1),
    sound,
  )
  if (kept === undefined) {
    giveUp(evaluation, stage, takers, `a function behind a distinct of stage "${stage.name}" throws`)
    return
  }
  for (const taker of takers) if (taker.kind === 'aggregate') evaluateAggregate(evaluation, stage, taker, kept)
}

function giveUp(evaluation: Evaluation, stage: Stage, takers: readonly Node[], reason: string): void {
  // Other operators say themselves what they can make of it.
  const own = takers.filter(taker => taker.kind !== 'operator')
  if (own.length === 0) return
  for (const taker of own) {
    evaluation.giveUp(taker, reason)
    if (taker.kind !== 'aggregate' || taker.windows === undefined) continue
    evaluation.operators.set(taker.name, { arrived: anyCount, expired: anyCount })
  }
  evaluation.countFailed(stage.name, anyCount)
}

/**
 * Leaves out the messages on which an aggregate's function throws, and takes from the others what the aggregates need. Undefined where
 * it is open whether one that throws would be added at all: what has expired is not.
 */
function withoutFailing(
  evaluation: Evaluation,
  stage: Stage,
  edge: Edge,
  takers: readonly Node[],
  pieces: readonly Piece<Message>[],
): Piece<Message>[] | undefined {
  const aggregates = takers.filter(taker => taker.kind === 'aggregate')
  const liftsHere = edge.ships.kind === 'value'
  const isKnown = isOrdered(evaluation, stage, pieces.flat(2))
  let isOpen = false
  const check = (message: Message): Message[] => {
    try {
      const parts = new Map(message.parts)
      for (const aggregate of aggregates) {
        const { name, takes } = aggregate
        if (takes.kind === 'part' && liftsHere)
          parts.set(
            name,
            attemptNamed(name, () => takes.lift(message.value)),
          )
        if (takes.kind !== 'value' || canAdd(aggregate, message.value)) continue
        const isAdded = isInWindow(aggregate, message, isKnown)
        if (isAdded === undefined) isOpen = true
        if (isAdded) return []
      }
      return [{ ...message, parts }]
    } catch (thrown) {
      if (thrown instanceof UserFailure) return []
      throw thrown
    }
  }
  const sound = pieces.map(piece => {
    const checked = piece.map(items => items.flatMap(check))
    const failed = piece.map((items, i) => items.length - checked[i].length)
    const [least, most] = [Math.min(...failed), Math.max(...failed)]
    if (most > 0) evaluation.countFailed(stage.name, { least, most })
    return checked
  })
  return isOpen ? undefined : sound
}

function canAdd({ aggregator }: AggregateNode, value: unknown): boolean {
  try {
    aggregator.add(aggregator.create(), structuredClone(value), 0)
    return true
  } catch {
    return false
  }
}

/** Whether a message is in a window that is still open when it comes; undefined where the input does not say. */
function isInWindow({ windows, latenessMs }: AggregateNode, message: Message, isKnown: boolean): boolean | undefined {
  const { time, watermark } = message
  if (windows === undefined || windows.kind === 'count' || time > watermark) return true
  if (!isKnown) return undefined
  // One that is too late by itself may still touch an open session.
  if (windows.kind === 'session') {
    return sessionClosesAt(windows, time + windows.gapMs, latenessMs) > watermark ? true : undefined
  }
  // The last window that could hold it begins with it.
  if (windows.kind === 'sliding') return time + windows.differenceMs + latenessMs > watermark
  return windowsAt(windows, time).some(window => closesAt(window, latenessMs) > watermark)
}

/** Answers with the messages that stand; undefined where it is open which ones do. */
function evaluateDistinct(
  evaluation: Evaluation,
  stage: Stage,
  node: DistinctNode,
  pieces: Piece<Message>[],
  isAlone: boolean,
): Piece<Message>[] | undefined {
  const nameOf = node.by === 'key' ? (message: Message) => message.keyText : positionOf
  const messages = settled(pieces, nameOf)
  if (messages === undefined) {
    evaluation.giveUp(node, `"${node.name}" takes records of which one of several is let through`)
    evaluation.countFailed(stage.name, anyCount)
    return pieces
  }
  const byName = Map.groupBy(pieces.flat(2), nameOf)
  const counts = Map.groupBy(messages, nameOf)
  for (const [name, candidates] of byName) {
    const items = candidates.map(({ value, time, watermark }) => ({
      value: node.by === 'key' ? value : (value as WrittenRecord).value,
      time,
      watermark,
      isDirect: false,
    }))
    const sound = items.filter(item => evaluation.outcomeOf(node, [item]) !== undefined)
    if (sound.length < items.length) {
      if (!isAlone) return undefined
      // The first one that throws is forgotten, and the next one is the first.
      const most = sound.length === 0 ? (counts.get(name)?.length ?? 0) : items.length - sound.length
      evaluation.countFailed(stage.name, sound.length === 0 ? exactly(most) : { least: 0, most })
    }
    if (sound.length > 0) {
      evaluation.deliver(
        node,
        sound.map(item => [item]),
      )
    }
  }
  return pieces
}

function positionOf({ value }: Message): string {
  const { writer, position } = value as WrittenRecord
  return textOf([writer, position])
}
