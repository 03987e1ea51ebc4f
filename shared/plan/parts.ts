import { isFixed } from '../windows/window.ts'
import { writtenWith } from './graph.ts'
import type { Plan, Stage, StatefulNode } from './plan.ts'

/** What a bundle may leave out: see operators/parts, runtime/parts, and functions/no-kafka-events.ts and its like. */
export const parts = [
  'joins',
  'tables',
  'process',
  'broadcast-joins',
  'distribution',
  'panes',
  'moving-windows',
  'lookups',
  'preparation',
  'kafka',
  'folder',
  'feeds',
] as const

export type Part = (typeof parts)[number]

/** By the kind of an operator's spec. */
const partOfKind: ReadonlyMap<string, Part> = new Map<string, Part>([
  ['intervalJoin', 'joins'],
  ['windowJoin', 'joins'],
  ['coGroup', 'joins'],
  ['latest', 'tables'],
  ['retractTable', 'tables'],
  ['changes', 'tables'],
  ['regroup', 'tables'],
  ['tableAggregate', 'tables'],
  ['tableExtreme', 'tables'],
  ['streamTableJoin', 'tables'],
  ['tableTableJoin', 'tables'],
  ['versionedJoin', 'tables'],
  ['foreignKeyLeft', 'tables'],
  ['foreignKeyRight', 'tables'],
  ['foreignKeyAnswers', 'tables'],
  ['foreignKeyJoin', 'tables'],
  ['process', 'process'],
  ['broadcastJoin', 'broadcast-joins'],
  ['distinctWithin', 'distribution'],
  ['passThrough', 'distribution'],
  ['partialAggregate', 'distribution'],
])

/** What a program has no use for. Throws for an operator of a kind that is not listed above. */
export function unusedParts(plan: Plan): readonly Part[] {
  const used = new Set(plan.stages.flatMap(stage => [...stage.operators.map(partOf), ...partsBeside(stage)]))
  return parts.filter(part => !used.has(part))
}

function partsBeside({ input, sinks, consumers }: Stage): readonly Part[] {
  const source = input.kind === 'source' ? input.source : undefined
  const learners = [source?.codec, ...sinks.map(writtenWith)]
  return [
    ...([...consumers.keys()].some(({ kind }) => kind === 'lookup') ? ['lookups' as const] : []),
    ...(learners.some(learner => learner?.prepare !== undefined) ? ['preparation' as const] : []),
    ...(source?.from?.kind === 'kafka' ? ['kafka' as const] : []),
    ...(source?.from?.kind === 'folder' ? ['folder' as const] : []),
    ...(source?.namedBy === 'feed' ? ['feeds' as const] : []),
  ]
}

function partOf(node: StatefulNode): Part | undefined {
  if (node.kind === 'aggregate') {
    if (node.emission.kind === 'panes') return 'panes'
    return node.windows === undefined || isFixed(node.windows) ? undefined : 'moving-windows'
  }
  if (node.kind !== 'operator') return undefined
  const { kind } = node.definition.spec
  const part = partOfKind.get(kind)
  if (part === undefined) throw new Error(`Cannot tell which part of the engine makes operators of kind "${kind}"`)
  return part
}
