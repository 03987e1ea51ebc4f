import { paneAggregate } from '#operators/panes'
import type { KeyRef } from '../model/key.ts'
import { Distinct } from '../operators/distinct.ts'
import { merging } from '../operators/merging.ts'
import type { Push, StatefulOperator } from '../operators/operator.ts'
import { RunningAggregate } from '../operators/running-aggregate.ts'
import { wrapped } from '../operators/user-function.ts'
import { windowedOperator } from '../operators/windows/windowed-operator.ts'
import { WrittenOnce } from '../operators/written-once.ts'
import type { AggregateNode, DistinctNode, FlatMapNode, Node, OperatorNode } from '../plan/graph.ts'
import type { Shipping } from '../plan/plan.ts'
import type { ChainContext } from './chain.ts'
import { guarded } from './guarded-aggregator.ts'

/** Takes the messages of an edge. */
export type EdgeTaker = (ref: KeyRef, value: unknown, time: number) => void

/** How an operator is connected to what is behind it. */
export interface Wiring {
  readonly context: ChainContext
  pushOf(node: Node): Push
  /** Undefined where nobody takes the side output. */
  sidePush(node: FlatMapNode | AggregateNode | OperatorNode, name: string | undefined): Push | undefined
  /** Puts out nothing while a timer is discarded. */
  kept(push: Push): Push
  /** An operator that several edges feed is made once. */
  stateful(node: Node, make: () => StatefulOperator): StatefulOperator
}

export const operatorTaker =
  (operator: StatefulOperator, input: number): EdgeTaker =>
  (ref, value, time) =>
    operator.process(ref, value, time, input)

export function distinctTaker(node: DistinctNode, wiring: Wiring): EdgeTaker {
  const Operator = node.by === 'key' ? Distinct : WrittenOnce
  const make = () => new Operator(node.name, wiring.context, wiring.kept(wiring.pushOf(node)))
  return operatorTaker(wiring.stateful(node, make), 0)
}

export function aggregateTaker(node: AggregateNode, ships: Shipping, wiring: Wiring): EdgeTaker {
  const current: { value: unknown } = { value: undefined }
  const side = wiring.sidePush(node, node.lateTo)
  // What goes to the side output is the record, whatever the aggregate takes of it.
  const expired = side && ((_part: unknown, time: number) => side(current.value, time, undefined))
  const operator = wiring.stateful(node, () => aggregateOperator(node, ships.kind === 'combined', expired, wiring))
  if (ships.kind === 'combined') return partialsTaker(node, ships, operator, wiring)
  const { takes } = node
  if (side !== undefined) {
    const lift = takes.kind === 'part' ? wrapped(node.name, takes.lift) : (value: unknown) => value
    return (ref, value, time) => {
      current.value = value
      operator.process(ref, lift(value), time, 0)
    }
  }
  if (takes.kind === 'part' && ships.kind === 'value') {
    const lift = wrapped(node.name, takes.lift)
    return (ref, value, time) => operator.process(ref, lift(value), time, 0)
  }
  return operatorTaker(operator, 0)
}

/** Accumulators that were made before the shuffle; of a count, how many records a message stands for. */
function partialsTaker(
  node: AggregateNode,
  { parts }: Extract<Shipping, { kind: 'combined' }>,
  operator: StatefulOperator,
  { context }: Wiring,
): EdgeTaker {
  const part = parts.findIndex(other => other.by === node.name)
  if (part < 0) return (ref, _value, time) => operator.process(ref, context.weight, time, 0)
  if (parts.length === 1) return operatorTaker(operator, 0)
  return (ref, value, time) => operator.process(ref, Array.isArray(value) ? value[part] : undefined, time, 0)
}

function aggregateOperator(
  node: AggregateNode,
  isCombined: boolean,
  expired: Push | undefined,
  wiring: Wiring,
): StatefulOperator {
  const { context } = wiring
  const push = wiring.kept(wiring.pushOf(node))
  const whole = isCombined ? merging(node.aggregator, context) : node.aggregator
  const aggregator = hasUserCode(node) ? guarded(node.name, whole, context) : whole
  const { name, emission, latenessMs, windows } = node
  if (emission.kind === 'panes') {
    if (windows === undefined || windows.kind === 'sliding' || windows.kind === 'count') {
      throw new Error(`Cannot compile operator "${name}": panes of ${windows?.kind ?? 'no'} windows`)
    }
    return paneAggregate({ name, aggregator, windows, emission, latenessMs }, context, push, expired)
  }
  if (windows === undefined) return new RunningAggregate({ name, aggregator, emission }, context, push)
  return windowedOperator({ name, aggregator, windows, emission, latenessMs }, context, push, expired)
}

/** The others are our own, and get only what their `lift` let through. */
const hasUserCode = (node: AggregateNode): boolean => node.takes.kind === 'value'
