import type { OperatorNode } from '../../../../shared/plan/graph.ts'
import type { Stage } from '../../../../shared/plan/plan.ts'
import { isOrdered } from '../aggregate.ts'
import { type Item, type Message, settled } from '../arrivals.ts'
import { UserFailure } from '../chain.ts'
import type { Evaluation } from '../evaluation.ts'
import { anyCount } from '../expected.ts'
import { textOf } from '../text.ts'
import { evaluateDistinctWithin, evaluatePassThrough } from './distribution.ts'
import { evaluateCoGroup, evaluateIntervalJoin, evaluateWindowJoin } from './joins.ts'
import type { EvaluateOperator, OperatorItem } from './operator-result.ts'
import { evaluateProcess } from './process.ts'

/** By the kind of their spec. */
const evaluators: ReadonlyMap<string, EvaluateOperator> = new Map([
  ['intervalJoin', evaluateIntervalJoin],
  ['windowJoin', evaluateWindowJoin],
  ['coGroup', evaluateCoGroup],
  ['process', evaluateProcess],
  ['distinctWithin', evaluateDistinctWithin],
  ['passThrough', evaluatePassThrough],
])

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
  return input.kind === 'filter' && dependsOn(input.input as OperatorNode['inputs'][number], waiting)
}

function evaluateOperator(evaluation: Evaluation, stage: Stage, node: OperatorNode): void {
  evaluation.operators.set(node.name, { arrived: anyCount, expired: anyCount })
  const giveUp = (reason: string): void => {
    evaluation.giveUp(node, reason)
    for (const name of node.definition.sides) {
      const side = evaluation.chain.sideOf(node, name)
      if (side !== undefined) evaluation.giveUp(side, reason)
    }
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
    const isInOrder = known.length === 1 && isOrdered(evaluation, stage, known[0])
    const result = evaluate(node, known, { isInOrder })
    if (result.kind === 'open') return giveUp(result.reason)
    if (result.isStale) evaluation.markStale(node)
    for (const choice of result.choices ?? []) {
      evaluation.deliver(
        node,
        choice.map(item => [wholeItem(item)]),
      )
    }
    if (deliver(evaluation, node, result.items))
      evaluation.giveUpStage(stage.name, `a function behind "${node.name}" throws`)
    for (const [name, items] of result.sides ?? []) {
      const side = evaluation.chain.sideOf(node, name)
      if (side !== undefined && deliver(evaluation, side, items)) {
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
  if (arrivals.openRows.size > 0 || arrivals.openKeys.size > 0)
    return `"${node.name}" takes rows that are not determined`
  const isRows = node.inputs[input].kind !== 'keyBy' && node.inputs[input].kind !== 'broadcast'
  if (arrivals.isStale && !isRows) return `"${node.name}" takes changes of rows, as many as there were commits`
  const messages = settled(arrivals.pieces, ({ keyText, value, time }) => textOf([keyText, value, time]))
  if (messages === undefined) return `"${node.name}" takes records of which one of several is let through`
  if (messages.some(({ time, watermark }) => time <= watermark)) return `late records come to "${node.name}"`
  return messages
}

/** Each as a unit of its own. Answers whether a function behind throws. */
function deliver(
  evaluation: Evaluation,
  node: Parameters<Evaluation['deliver']>[0],
  items: readonly OperatorItem[],
): boolean {
  let hasFailed = false
  for (const item of items) {
    if (evaluation.deliver(node, [[wholeItem(item)]]) > 0) hasFailed = true
  }
  return hasFailed
}

/** In time by the way it is made. */
const wholeItem = (item: OperatorItem): Item => ({ ...item, watermark: Number.NEGATIVE_INFINITY, isDirect: false })
