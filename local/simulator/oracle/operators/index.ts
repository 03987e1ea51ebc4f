import type { LatestSpec } from '../../../../shared/operators/tables/latest.ts'
import { isRowStep, type OperatorNode } from '../../../../shared/plan/graph.ts'
import type { Stage } from '../../../../shared/plan/plan.ts'
import { isInOrder } from '../aggregate.ts'
import { type Item, type Message, type Piece, settled } from '../arrivals.ts'
import { UserFailure } from '../chain.ts'
import type { Evaluation } from '../evaluation.ts'
import { anyCount } from '../expected.ts'
import { textOf } from '../text.ts'
import { evaluateBroadcastJoin } from './broadcast-join.ts'
import { evaluateDistinctWithin, evaluatePassThrough } from './distribution.ts'
import { evaluateCoGroup, evaluateIntervalJoin, evaluateWindowJoin } from './joins.ts'
import type { EvaluateOperator, KnownRows, OperatorItem, OperatorResult } from './operator-result.ts'
import { evaluatePartialAggregate } from './partial-aggregate.ts'
import { evaluateProcess } from './process.ts'
import { evaluateRegroup, evaluateTableAggregate, evaluateTableExtreme } from './table-groups.ts'
import {
  evaluateForeignKeyAnswers,
  evaluateForeignKeyJoin,
  evaluateForeignKeyLeft,
  evaluateForeignKeyRight,
  evaluateStreamTableJoin,
  evaluateTableTableJoin,
  evaluateVersionedJoin,
} from './table-joins.ts'
import { evaluateChanges, evaluateLatest, evaluateRetractTable } from './tables.ts'

/** By the kind of their spec. */
const evaluators: ReadonlyMap<string, EvaluateOperator> = new Map([
  ['intervalJoin', evaluateIntervalJoin],
  ['windowJoin', evaluateWindowJoin],
  ['coGroup', evaluateCoGroup],
  ['process', evaluateProcess],
  ['distinctWithin', evaluateDistinctWithin],
  ['passThrough', evaluatePassThrough],
  ['partialAggregate', evaluatePartialAggregate],
  ['latest', evaluateLatest],
  ['retractTable', evaluateRetractTable],
  ['changes', evaluateChanges],
  ['regroup', evaluateRegroup],
  ['tableAggregate', evaluateTableAggregate],
  ['tableExtreme', evaluateTableExtreme],
  ['tableTableJoin', evaluateTableTableJoin],
  ['streamTableJoin', evaluateStreamTableJoin],
  ['versionedJoin', evaluateVersionedJoin],
  ['foreignKeyLeft', evaluateForeignKeyLeft],
  ['foreignKeyRight', evaluateForeignKeyRight],
  ['foreignKeyAnswers', evaluateForeignKeyAnswers],
  ['foreignKeyJoin', evaluateForeignKeyJoin],
  ['broadcastJoin', evaluateBroadcastJoin],
])

/** What they give does not depend on how many changes of rows come to them on the way to the newest ones. */
const takesChanges: ReadonlySet<string> = new Set([
  'tableAggregate',
  'tableExtreme',
  'foreignKeyAnswers',
  'foreignKeyJoin',
])

/** They know what to do with rows of which nothing is known. */
const takesOpenRows: ReadonlySet<string> = new Set(['tableTableJoin', 'streamTableJoin', 'changes'])

/** The operators of a stage that are no aggregates, each after those whose rows it takes. */
export function evaluateOperators(evaluation: Evaluation, stage: Stage): void {
  const waiting = new Set(stage.operators.filter(node => node.kind === 'operator'))
  while (waiting.size > 0) {
    for (const node of waiting) {
      if (node.inputs.some(input => dependsOn(input, waiting))) continue
      waiting.delete(node)
      evaluateOperator(evaluation, stage, node)
    }
  }
}

function dependsOn(input: OperatorNode['inputs'][number], waiting: ReadonlySet<OperatorNode>): boolean {
  if (input.kind === 'operator') return waiting.has(input)
  return isRowStep(input) && dependsOn(input.input as OperatorNode['inputs'][number], waiting)
}

function evaluateOperator(evaluation: Evaluation, stage: Stage, node: OperatorNode): void {
  evaluation.operators.set(node.name, { arrived: anyCount, expired: anyCount })
  const giveUp = (reason: string): void => {
    evaluation.giveUp(node, reason)
    evaluation.countFailed(stage.name, anyCount)
  }
  const { kind } = node.definition.spec
  const evaluate = evaluators.get(kind)
  if (evaluate === undefined) {
    return giveUp(`"${node.name}" is an operator of kind "${kind}", which the oracle has no definition of`)
  }
  const inputs = node.inputs.map((_, input) => messagesOf(evaluation, node, input))
  const unknown = inputs.find(input => typeof input === 'string')
  if (unknown !== undefined) return giveUp(unknown)
  try {
    const known = inputs.filter(input => typeof input !== 'string')
    const comesInOrder = known.length === 1 && isInOrder(evaluation, stage, node.inputs[0], known[0])
    const rows = known.map((messages, input) => rowsOf(evaluation, node, input, messages))
    const result = evaluate(node, known, { isInOrder: comesInOrder, rows })
    if (result.kind === 'open') return giveUp(result.reason)
    mark(evaluation, node, result, rows)
    // A function may throw on a row that is left open, or not.
    if ((result.openRows?.size ?? 0) > 0) evaluation.countFailed(stage.name, anyCount)
    const pieces = [...result.items.map(item => [[item]]), ...(result.choices ?? [])]
    if (deliver(evaluation, node, pieces)) evaluation.giveUpStage(stage.name, `a function behind "${node.name}" throws`)
    for (const [name, items] of result.sides ?? []) {
      const side = evaluation.chain.sideOf(node, name)
      const own = items.map(item => [[item]])
      if (side !== undefined && deliver(evaluation, side, own)) {
        evaluation.giveUpStage(stage.name, `a function behind "${node.name}.${name}" throws`)
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof UserFailure)) throw thrown
    giveUp(`a function of "${node.name}" throws`)
  }
}

/** What came to an input; a sentence where that is not known, or not enough. */
function messagesOf(evaluation: Evaluation, node: OperatorNode, input: number): Message[] | string {
  const arrivals = evaluation.arrivalsOf(evaluation.chain.targetOf(node, input))
  if (arrivals.undetermined !== undefined) return arrivals.undetermined
  const { kind } = node.definition.spec
  if (arrivals.openKeys.size > 0 || (arrivals.openRows.size > 0 && !takesOpenRows.has(kind)))
    return `"${node.name}" takes rows that are not determined`
  if (arrivals.isStale && !isRows(node, input) && !takesChanges.has(kind) && !isOfChanges(node))
    return `"${node.name}" takes changes of rows, as many as there were commits`
  const messages = settled(arrivals.pieces, ({ keyText, value, time }) => textOf([keyText, value, time]))
  if (messages === undefined) return `"${node.name}" takes records of which one of several is let through`
  if (!takesLate(node) && messages.some(({ time, watermark }) => time <= watermark))
    return `late records come to "${node.name}"`
  return messages
}

const isRows = (node: OperatorNode, input: number): boolean =>
  node.inputs[input].kind !== 'keyBy' && node.inputs[input].kind !== 'broadcast'

/** A table of what `changes` gives, with nothing between. */
function isOfChanges({ inputs: [input], definition: { spec } }: OperatorNode): boolean {
  if (spec.kind !== 'latest' && spec.kind !== 'retractTable') return false
  return input.kind === 'keyBy' && input.input.kind === 'operator' && input.input.definition.spec.kind === 'changes'
}

/** What it gives does not depend on the watermark. */
function takesLate({ definition: { spec } }: OperatorNode): boolean {
  if (spec.kind === 'latest') {
    const { by, isDeleted } = spec as LatestSpec
    return by === 'arrival' || isDeleted === undefined
  }
  return spec.kind === 'retractTable'
}

function rowsOf(evaluation: Evaluation, node: OperatorNode, input: number, messages: readonly Message[]): KnownRows {
  const { isStale, openRows, states } = evaluation.arrivalsOf(evaluation.chain.targetOf(node, input))
  if (isStale || !isRows(node, input)) return { isStale, open: openRows, states }
  // A row that does not change is there or not yet.
  return { isStale, open: openRows, states: new Map(messages.map(row => [row.keyText, [rowValueOf(row.value)]])) }
}

const rowValueOf = (row: unknown): unknown => (row as { readonly value?: unknown }).value

/** How well what comes out of an operator is known. */
function mark(
  evaluation: Evaluation,
  node: OperatorNode,
  { isStale, openRows, states }: OperatorResult & { readonly kind: 'items' },
  inputs: readonly KnownRows[],
): void {
  const hasStale = isStale ?? inputs.some(input => input.isStale)
  if (hasStale) evaluation.markStale(node)
  for (const target of evaluation.chain.reach(node)) {
    const arrivals = evaluation.arrivalsOf(target)
    if (hasStale && node.definition.spec.kind === 'changes') arrivals.isOfChanges = true
    for (const [name, window] of openRows ?? []) arrivals.openRows.set(name, window)
    arrivals.states = states
  }
}

/** Each piece as a unit of its own. Answers whether a function behind throws. */
function deliver(
  evaluation: Evaluation,
  node: Parameters<Evaluation['deliver']>[0],
  pieces: readonly Piece<OperatorItem>[],
): boolean {
  let hasFailed = false
  for (const piece of pieces) {
    const alternatives = piece.map(items => items.map(wholeItem))
    if (evaluation.deliver(node, alternatives) > 0) hasFailed = true
  }
  return hasFailed
}

/** In time by the way it is made. */
const wholeItem = (item: OperatorItem): Item => ({ ...item, watermark: Number.NEGATIVE_INFINITY, isDirect: false })
