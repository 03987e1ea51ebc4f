import { lookupStep } from '#runtime/lookups'
import type { Key } from '../model/key.ts'
import { type OperatorContext, type Origin, type Push, rowIdOf, type StatefulOperator } from '../operators/operator.ts'
import { type PushRanking, Top } from '../operators/top.ts'
import { wrapped } from '../operators/user-function.ts'
import {
  type AggregateNode,
  type BranchNode,
  type FlatMapNode,
  hasUpdates,
  isRowNode,
  isRowStep,
  labelOf,
  type Node,
  type OperatorNode,
  type Sink,
  type TopNode,
} from '../plan/graph.ts'
import type { Consumer, Edge, Stage } from '../plan/plan.ts'
import { windowsOf } from '../plan/steps.ts'
import { kindOf } from '../windows/window.ts'
import { aggregateTaker, distinctTaker, type EdgeTaker, operatorTaker, type Wiring } from './keyed-takers.ts'
import type { LookupAnswers } from './lookup-answers.ts'
import { rankingKey, shipper, topEntry } from './shipping.ts'
import { spreadKey } from './spread.ts'

/** Where a stage's results go: messages to shuffles, rows and values to sinks. */
export type ChainOutputs = {
  message(shuffle: number, edge: number, key: Key, value: unknown, time: number): void
  /** To every key group. */
  broadcast(shuffle: number, edge: number, value: unknown, time: number): void
  /** A number below `count`, by the position of the output that comes next: the same in each attempt. */
  place(count: number): number
  row(view: string, id: string, value: unknown): void
  /** To a sink that is no view. */
  send(sink: Sink, value: unknown, origin: Origin | undefined): void
}

/** What the runtime sets for its operators. */
export type ChainContext = OperatorContext & {
  isDiscarding: boolean
  /** What lookups go by; set before each run of a logged stage. */
  answers?: LookupAnswers
}

/** A stage's operators as nested functions: a record runs through without awaiting. */
export type Chain = {
  /** Takes a source's values. */
  readonly source: Push
  /** Takes a shuffle's messages, by edge. */
  readonly edges: readonly EdgeTaker[]
  /** In the order in which timers of one time fire: none before one whose rows it takes, else by name. */
  readonly operators: readonly StatefulOperator[]
  /** In the order in which they are flushed: none before one whose rows it takes. */
  readonly downwards: readonly StatefulOperator[]
}

export function compileChain(stage: Stage, context: ChainContext, outputs: ChainOutputs): Chain {
  const compiler = new Compiler(stage, context, outputs)
  if (stage.input.kind === 'source') {
    return { source: compiler.pushOf(stage.input.source), edges: [], operators: [], downwards: [] }
  }
  const edges = stage.input.edges.map(edge => compiler.receiver(edge))
  // What an operator sends to is compiled before it is made.
  const downwards = [...compiler.operators.values()].reverse()
  const depths = new Map([...compiler.operators].map(([node, operator]) => [operator, rowDepthOf(node)]))
  const depthOf = (operator: StatefulOperator): number => depths.get(operator) ?? 0
  const operators = downwards.toSorted((a, b) => depthOf(a) - depthOf(b) || (a.name < b.name ? -1 : 1))
  return { source: nowhere, edges, operators, downwards }
}

const nowhere: Push = () => {}

/** How many operators one after the other give the rows that an operator takes. */
function rowDepthOf(node: Node): number {
  if (isRowStep(node)) return rowDepthOf(node.input)
  if (node.kind !== 'operator') return 0
  return Math.max(...node.inputs.map(input => (isRowNode(input) ? rowDepthOf(input) + 1 : 0)))
}

class Compiler implements Wiring {
  readonly operators = new Map<Node, StatefulOperator>()
  readonly #stage: Stage
  readonly context: ChainContext
  readonly #outputs: ChainOutputs
  readonly #pushes = new Map<Node, Push>()

  constructor(stage: Stage, context: ChainContext, outputs: ChainOutputs) {
    this.#stage = stage
    this.context = context
    this.#outputs = outputs
  }

  /** What happens to values that `node` puts out. */
  pushOf(node: Node): Push {
    const known = this.#pushes.get(node)
    if (known !== undefined) return known
    const push = fanOut(this.#consumers(node).map(consumer => this.#consume(node, consumer)))
    this.#pushes.set(node, push)
    return push
  }

  receiver(edge: Edge): EdgeTaker {
    const takers = edge.from.kind === 'top' ? [this.#top(edge.from)] : this.#takersOf(edge)
    if (takers.length === 1) return takers[0]
    return (ref, value, time) => {
      for (const take of takers) take(ref, value, time)
    }
  }

  #consumers(node: Node): readonly Consumer[] {
    return this.#stage.consumers.get(node) ?? []
  }

  #takersOf(edge: Edge): EdgeTaker[] {
    return this.#consumers(edge.from).map(consumer => {
      if (consumer.kind !== 'node')
        throw new Error(`Cannot compile stage "${this.#stage.name}": a keyed stream goes to a ${consumer.kind}`)
      const { node, input } = consumer
      if (node.kind === 'aggregate') return aggregateTaker(node, edge.ships, this)
      if (node.kind === 'operator') return operatorTaker(this.#operator(node), input)
      if (node.kind === 'distinct') return distinctTaker(node, this)
      throw new Error(`Cannot compile stage "${this.#stage.name}": a keyed stream goes to a ${node.kind}`)
    })
  }

  #operator(node: OperatorNode): StatefulOperator {
    return this.stateful(node, () =>
      node.definition.create(node.name, this.context, {
        push: this.kept(this.pushOf(node)),
        side: name => this.kept(this.sidePush(node, name) ?? nowhere),
      }),
    )
  }

  #top(node: TopNode): EdgeTaker {
    const operator = this.stateful(node, () => {
      const { views, rows, others } = this.#rankingTakers(node)
      const { name, count, emission, latenessMs } = node
      const windows = windowsOf(node)
      const windowKind = windows === undefined ? 'global' : kindOf(windows)
      const spec = { name, count, emission, latenessMs, windowKind }
      return new Top(spec, this.context, (ranking, time, board) => {
        if (this.context.isDiscarding) return
        for (const view of views) this.#outputs.row(view, board.id, ranking)
        for (const row of ranking) rows(row, time, rankOrigin(row.rank, board))
        // Ranks that the ranking may have had and has no longer.
        const last = others > 0 && hasUpdates(node) ? count : 0
        for (let rank = ranking.length + 1; rank <= last; rank++) rows(undefined, time, rankOrigin(rank, board))
      })
    })
    return operatorTaker(operator, 0)
  }

  /** A view keeps a ranking in one piece; other takers see its rows one by one. */
  #rankingTakers(node: TopNode): { views: string[]; rows: Push; others: number } {
    const views: string[] = []
    const others: Push[] = []
    for (const consumer of this.#consumers(node)) {
      if (consumer.kind === 'sink' && consumer.sink.kind === 'view') views.push(consumer.sink.name)
      else others.push(this.#consume(node, consumer))
    }
    return { views, rows: fanOut(others), others: others.length }
  }

  stateful(node: Node, make: () => StatefulOperator): StatefulOperator {
    const operator = this.operators.get(node) ?? make()
    this.operators.set(node, operator)
    return operator
  }

  kept(push: Push): Push {
    const { context } = this
    return (value, time, origin) => {
      if (!context.isDiscarding) push(value, time, origin)
    }
  }

  sidePush(node: FlatMapNode | AggregateNode | OperatorNode, name: string | undefined): Push | undefined {
    if (name === undefined) return undefined
    for (const consumer of this.#consumers(node)) {
      if (consumer.kind === 'node' && consumer.node.kind === 'side' && consumer.node.name === name)
        return this.pushOf(consumer.node)
    }
    return undefined
  }

  #consume(from: Node, consumer: Consumer): Push {
    switch (consumer.kind) {
      case 'sink':
        return this.#sink(consumer.sink)
      case 'shuffle':
        return this.#shuffle(consumer.shuffle, consumer.edge)
      case 'node':
        if (consumer.node.kind === 'operator') return this.#rowTaker(consumer.node, consumer.input)
        return this.#stateless(from, consumer.node)
    }
  }

  /** An operator that takes rows keeps what it knows of each in the key group that owns the row. */
  #rowTaker(node: OperatorNode, input: number): Push {
    const operator = this.#operator(node)
    return (value, time, origin) => {
      if (origin !== undefined) operator.process({ group: origin.group, id: rowIdOf(origin) }, value, time, input)
    }
  }

  #sink(sink: Sink): Push {
    const outputs = this.#outputs
    if (sink.kind !== 'view') {
      return present((value, _time, origin) => outputs.send(sink, value, origin))
    }
    return (value, _time, origin) => {
      if (origin !== undefined) outputs.row(sink.name, rowIdOf(origin), value)
    }
  }

  #shuffle(shuffle: number, edge: Edge): Push {
    const { message, broadcast } = this.#outputs
    const { from, ships, index } = edge
    if (from.kind === 'top') {
      return (value, time, origin) => {
        if (origin !== undefined) message(shuffle, index, rankingKey, topEntry(value, origin), time)
      }
    }
    if (from.kind === 'broadcast') return present((value, time) => broadcast(shuffle, index, value, time))
    const key = spreadKey(from, this.#stage.shuffles[shuffle].groups, this.#outputs)
    const ship = shipper(ships)
    return present((value, time) => message(shuffle, index, key(value), ship(value), time))
  }

  #stateless(from: Node, node: Node): Push {
    const label = labelOf(node)
    if (node.kind === 'side') return nowhere
    if (node.kind === 'flatMap') return this.#flatMap(node, label)
    if (node.kind === 'branch') return this.#branch(node, label)
    const next = this.pushOf(node)
    switch (node.kind) {
      case 'map': {
        const fn = wrapped(label, node.fn)
        return present((value, time) => next(fn(value), time, undefined))
      }
      case 'peek': {
        const fn = wrapped(label, node.fn)
        return present((value, time, origin) => {
          fn(value)
          next(value, time, origin)
        })
      }
      case 'filter': {
        const fn = wrapped(label, node.fn)
        const takesBack = hasUpdates(node)
        return (value, time, origin) => {
          if (isGone(value, origin) || fn(value)) next(value, time, origin)
          else if (takesBack && origin !== undefined) next(undefined, time, origin)
        }
      }
      case 'mapValues': {
        const fn = wrapped(label, node.fn)
        return (value, time, origin) => next(isGone(value, origin) ? undefined : withValue(value, fn), time, origin)
      }
      case 'lookup':
        return present(lookupStep(node, this.context, next))
      case 'union':
        return present((value, time) => next(value, time, undefined))
      default:
        throw new Error(`Cannot compile stage "${this.#stage.name}": a ${from.kind} goes to a ${node.kind}`)
    }
  }

  #branch(node: BranchNode, label: string): Push {
    const arms = node.arms.map(({ name, accepts }) => ({
      accepts: wrapped(`${label}.${name}`, accepts),
      push: this.#armPush(node, name),
    }))
    return present((value, time) => {
      for (const arm of arms) if (arm.accepts(value)) return arm.push(value, time, undefined)
    })
  }

  #armPush(branch: Node, name: string): Push {
    const arms = this.#consumers(branch).flatMap(consumer =>
      consumer.kind === 'node' && consumer.node.kind === 'arm' && consumer.node.name === name ? [consumer.node] : [],
    )
    return fanOut(arms.map(arm => this.pushOf(arm)))
  }

  #flatMap(node: FlatMapNode, label: string): Push {
    const next = this.pushOf(node)
    const sides = new Map(node.sides.map(name => [name, this.sidePush(node, name) ?? nowhere]))
    return present((value, time) => {
      const toSides: [Push, unknown][] = []
      const run = wrapped(label, (input: unknown) => {
        const results = node.fn(input, (name, out) => toSides.push([sides.get(name) ?? nowhere, out]))
        return Array.isArray(results) ? results : [...results]
      })
      const results: readonly unknown[] = run(value)
      for (const result of results) next(result, time, undefined)
      for (const [push, out] of toSides) push(out, time, undefined)
    })
  }
}

const rankOrigin = (rank: number, { id, group, window }: Parameters<PushRanking>[2]): Origin => ({
  key: rank,
  id: `${id}#${rank}`,
  group,
  ...(window && { window }),
})

const withValue = (row: unknown, fn: (value: unknown, row: unknown) => unknown): unknown =>
  typeof row === 'object' && row !== null && 'value' in row ? { ...row, value: fn(row.value, row) } : row

const isGone = (value: unknown, origin: Origin | undefined): boolean => value === undefined && origin !== undefined

/** Rows that are gone go to views and tops only. */
const present =
  (push: Push): Push =>
  (value, time, origin) => {
    if (!isGone(value, origin)) push(value, time, origin)
  }

function fanOut(pushes: readonly Push[]): Push {
  if (pushes.length === 0) return nowhere
  if (pushes.length === 1) return pushes[0]
  if (pushes.length === 2) {
    const [first, second] = pushes
    return (value, time, origin) => {
      first(value, time, origin)
      second(value, time, origin)
    }
  }
  return (value, time, origin) => {
    for (let i = 0; i < pushes.length; i++) pushes[i](value, time, origin)
  }
}
