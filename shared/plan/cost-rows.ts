import type { Node } from './graph.ts'
import { inputsOf, isRowNode, isRowStep, latenessOf } from './graph.ts'
import type { Stage, StatefulNode } from './plan.ts'
import { windowsOf } from './steps.ts'

/** What comes to a stage, as its rows depend on it. */
export type Batches = {
  /** A second. */
  readonly invocations: number
  /** Events or messages of one. */
  readonly events: number
  /** Distinct keys. */
  readonly keys: number
  /** Values that leave the stage's steps for each that comes to them. */
  readonly selectivity: number
}

/** What a stage's operators change, keep and give. */
export type Rows = {
  /** Entries that a commit changes. */
  readonly entries: number
  /** Entries that state holds. */
  readonly kept: number
  /** Values a second that a node gives. */
  readonly rate: (node: Node) => number
  /** Rows that views hold, and rows that each second adds to views of windows, which keep them all. */
  readonly inViews: number
  readonly addedToViews: number
}

export function rowsOf(stage: Stage, batches: Batches): Rows {
  const { keys, events, invocations, selectivity } = batches
  const changed = distinct(events, keys)
  const rates = new Map<Node, number>(stage.operators.map(node => [node, rowRate(node, changed, batches)]))
  const rate = (node: Node): number => {
    const known = rates.get(node)
    if (known !== undefined) return known
    if (node.kind === 'source') return events * invocations * selectivity
    // Late records are few.
    if (node.kind === 'side' && rates.has(node.input)) return 0
    return sum(inputsOf(node).map(rate))
  }
  const shown = stage.sinks.flatMap(sink => (sink.kind === 'view' ? [operatorOf(sink.input)] : []))
  const perWindow = (node: StatefulNode): number => (node.kind === 'top' ? 1 : keys)
  return {
    entries: changed * stage.operators.length,
    kept: sum(stage.operators.map(node => keys * (spanOf(node, batches)?.open ?? 1))),
    rate,
    inViews: sum(shown.map(node => (spanOf(node, batches) === undefined ? perWindow(node) : 0))),
    addedToViews:
      events === 0 ? 0 : sum(shown.map(node => perWindow(node) / (spanOf(node, batches)?.everySeconds ?? never))),
  }
}

/** Rows a second: one for each key that a commit changes, or one for each key and window. A ranking is one row. */
function rowRate(node: StatefulNode, changed: number, batches: Batches): number {
  const { events, invocations, keys } = batches
  if (events === 0) return 0
  // Of distinct keys, all have been seen soon.
  if (node.kind === 'distinct') return node.by === 'position' ? events * invocations : 0
  // What an operator gives depends on functions and data: about a value for each that it takes; of rows, those that a commit changes.
  if (node.kind === 'operator') return (node.definition.rows === 'none' ? events : changed) * invocations
  const isRanking = node.kind === 'top'
  const span = spanOf(node, batches)
  const rows = isRanking ? 1 : keys
  const updates = Math.min(changed, isRanking ? 1 : changed) * (span?.overlapping ?? 1) * invocations
  switch (node.emission.kind) {
    case 'final':
      return rows / (span?.everySeconds ?? never)
    case 'every':
      return Math.min(updates, (rows * 1_000) / node.emission.intervalMs)
    default:
      return updates
  }
}

type Span = {
  /** Between two windows' ends. */
  readonly everySeconds: number
  /** Windows that a record is in. */
  readonly overlapping: number
  /** Slices of a key that state holds at a time. */
  readonly open: number
}

/** Undefined for results so far, and over all of a bounded input. */
function spanOf(node: StatefulNode, { events, invocations, keys }: Batches): Span | undefined {
  if (node.kind === 'distinct') return undefined
  const windows = windowsOf(node)
  if (windows === undefined || windows.kind === 'global') return undefined
  const latenessMs = latenessOf(node)
  const perKey = (events * invocations) / keys
  switch (windows.kind) {
    case 'session':
      return { everySeconds: windows.gapMs / 1_000, overlapping: 1, open: 1 + latenessMs / windows.gapMs }
    case 'sliding': {
      // Two windows for each record, each of the records of the difference.
      const held = (perKey * windows.differenceMs) / 1_000
      return {
        everySeconds: 1 / (2 * perKey),
        overlapping: 1 + 2 * held,
        open: 1 + held + (perKey * latenessMs) / 1_000,
      }
    }
    case 'count':
      return {
        everySeconds: windows.every / perKey,
        overlapping: windows.size / windows.every,
        open: 1 + windows.size / windows.every,
      }
    case 'daily':
      return { everySeconds: 86_400, overlapping: 1, open: 2 + latenessMs / 86_400_000 }
    case 'cumulating': {
      const { sizeMs, stepMs } = windows
      return {
        everySeconds: stepMs / 1_000,
        overlapping: (1 + sizeMs / stepMs) / 2,
        open: 1 + (sizeMs + latenessMs) / stepMs,
      }
    }
    default: {
      const { sizeMs, hopMs, sliceMs } = windows
      return { everySeconds: hopMs / 1_000, overlapping: sizeMs / hopMs, open: 1 + (sizeMs + latenessMs) / sliceMs }
    }
  }
}

/** The operator whose rows a view's input are. */
function operatorOf(node: Node): StatefulNode {
  if (node.kind === 'distinct' || (isRowNode(node) && !isRowStep(node))) return node
  const [input] = inputsOf(node)
  return operatorOf(input)
}

const never = Number.POSITIVE_INFINITY

/** How many different ones are among so many draws, where all kinds are equally likely. */
export function distinct(draws: number, kinds: number): number {
  return kinds <= 1 ? Math.min(draws, kinds) : Math.min(draws, kinds * (1 - (1 - 1 / kinds) ** draws))
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
