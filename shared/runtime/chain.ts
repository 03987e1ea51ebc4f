import type { Key, KeyRef } from '../model/key.ts'
import { Distinct } from '../operators/distinct.ts'
import { merging } from '../operators/merging.ts'
import type { OperatorContext, Origin, Push, StatefulOperator } from '../operators/operator.ts'
import { RunningAggregate } from '../operators/running-aggregate.ts'
import { SessionAggregate } from '../operators/session-aggregate.ts'
import { Top, type TopRow } from '../operators/top.ts'
import { WindowAggregate } from '../operators/window-aggregate.ts'
import { WrittenOnce } from '../operators/written-once.ts'
import {
  type AggregateNode,
  type BranchNode,
  type FlatMapNode,
  hasUpdates,
  labelOf,
  type Node,
  type Sink,
  type TopNode,
} from '../plan/graph.ts'
import type { Consumer, Edge, Shipping, Stage } from '../plan/plan.ts'
import { windowsOf } from '../plan/steps.ts'
import { guarded } from './guarded-aggregator.ts'
import { rankingKey, shipper, topEntry, usableKey } from './shipping.ts'
import { wrapped } from './user-function.ts'

/** Where a stage's results go: messages to shuffles, rows and values to sinks. */
export type ChainOutputs = {
  message(shuffle: number, edge: number, key: Key, value: unknown, time: number): void
  row(view: string, id: string, value: unknown): void
  /** To a sink that is no view. */
  send(sink: Sink, value: unknown, origin: Origin | undefined): void
}

/** What the chain needs to know of the run beyond what operators do. */
export type ChainContext = OperatorContext & {
  /** A timer whose function failed for good is let go: its state changes, its results do not go out. */
  isDiscarding: boolean
}

/** A stage's operators as nested functions: a record runs through without awaiting. */
export type Chain = {
  /** Takes a source's values. */
  readonly source: Push
  /** Takes a shuffle's messages, by edge. */
  readonly edges: readonly ((ref: KeyRef, value: unknown, time: number) => void)[]
  /** In the order in which timers of one time fire: by name. */
  readonly operators: readonly StatefulOperator[]
}

export function compileChain(stage: Stage, context: ChainContext, outputs: ChainOutputs): Chain {
  const compiler = new Compiler(stage, context, outputs)
  if (stage.input.kind === 'source') return { source: compiler.pushOf(stage.input.source), edges: [], operators: [] }
  const edges = stage.input.edges.map(edge => compiler.receiver(edge))
  const operators = [...compiler.operators.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { source: nowhere, edges, operators }
}

const nowhere: Push = () => {}

class Compiler {
  readonly operators = new Map<Node, StatefulOperator>()
  readonly #stage: Stage
  readonly #context: ChainContext
  readonly #outputs: ChainOutputs
  readonly #pushes = new Map<Node, Push>()

  constructor(stage: Stage, context: ChainContext, outputs: ChainOutputs) {
    this.#stage = stage
    this.#context = context
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

  receiver(edge: Edge): Chain['edges'][number] {
    const takers = edge.from.kind === 'top' ? [this.#top(edge.from)] : this.#takersOf(edge)
    if (takers.length === 1) return takers[0]
    return (ref, value, time) => {
      for (const take of takers) take(ref, value, time)
    }
  }

  #consumers(node: Node): readonly Consumer[] {
    return this.#stage.consumers.get(node) ?? []
  }

  #takersOf(edge: Edge): Chain['edges'][number][] {
    return this.#consumers(edge.from).map(consumer => {
      if (consumer.kind !== 'node')
        throw new Error(`Cannot compile stage "${this.#stage.name}": a keyed stream goes to a ${consumer.kind}`)
      const { node } = consumer
      if (node.kind === 'aggregate') return this.#aggregate(node, edge.ships)
      if (node.kind !== 'distinct')
        throw new Error(`Cannot compile stage "${this.#stage.name}": a keyed stream goes to a ${node.kind}`)
      const Operator = node.by === 'key' ? Distinct : WrittenOnce
      const operator = this.#stateful(node, () => new Operator(node.name, this.#context, this.#kept(this.pushOf(node))))
      return (ref, value, time) => operator.process(ref, value, time)
    })
  }

  #aggregate(node: AggregateNode, ships: Shipping): Chain['edges'][number] {
    const current: { value: unknown } = { value: undefined }
    const side = this.#sidePush(node, node.lateTo)
    // What goes to the side output is the record, whatever the aggregate takes of it.
    const expired = side && ((_part: unknown, time: number) => side(current.value, time, undefined))
    const operator = this.#stateful(node, () => this.#aggregateOperator(node, ships.kind === 'combined', expired))
    if (ships.kind === 'combined') return this.#partials(node, ships, operator)
    const { takes } = node
    if (side !== undefined) {
      const lift = takes.kind === 'part' ? wrapped(node.name, takes.lift) : (value: unknown) => value
      return (ref, value, time) => {
        current.value = value
        operator.process(ref, lift(value), time)
      }
    }
    if (takes.kind === 'part' && ships.kind === 'value') {
      const lift = wrapped(node.name, takes.lift)
      return (ref, value, time) => operator.process(ref, lift(value), time)
    }
    return (ref, value, time) => operator.process(ref, value, time)
  }

  /** Accumulators that were made before the shuffle; of a count, how many records a message stands for. */
  #partials(
    node: AggregateNode,
    { parts }: Extract<Shipping, { kind: 'combined' }>,
    operator: StatefulOperator,
  ): Chain['edges'][number] {
    const context = this.#context
    const part = parts.findIndex(other => other.by === node.name)
    if (part < 0) return (ref, _value, time) => operator.process(ref, context.weight, time)
    if (parts.length === 1) return (ref, value, time) => operator.process(ref, value, time)
    return (ref, value, time) => operator.process(ref, Array.isArray(value) ? value[part] : undefined, time)
  }

  #aggregateOperator(node: AggregateNode, isCombined: boolean, expired: Push | undefined): StatefulOperator {
    const push = this.#kept(this.pushOf(node))
    const whole = isCombined ? merging(node.aggregator) : node.aggregator
    const aggregator = hasUserCode(node) ? guarded(node.name, whole, this.#context) : whole
    const { name, emission, latenessMs, windows } = node
    if (windows === undefined) return new RunningAggregate({ name, aggregator, emission }, this.#context, push)
    if (windows.kind !== 'session') {
      return new WindowAggregate({ name, aggregator, windows, emission, latenessMs }, this.#context, push, expired)
    }
    if (emission.kind === 'every' || emission.kind === 'complete') {
      throw new Error(`Cannot compile operator "${name}": session windows are emitted by "${emission.kind}"`)
    }
    return new SessionAggregate(
      { name, aggregator, gapMs: windows.gapMs, emission, latenessMs },
      this.#context,
      push,
      expired,
    )
  }

  #top(node: TopNode): Chain['edges'][number] {
    const operator = this.#stateful(node, () => {
      const { views, rows } = this.#rankingTakers(node)
      const { name, count, emission, latenessMs } = node
      const windowKind = windowsOf(node)?.kind ?? 'global'
      const spec = { name, count, emission, latenessMs, windowKind }
      return new Top(spec, this.#context, (ranking, time, id, window) => {
        if (this.#context.isDiscarding) return
        for (const view of views) this.#outputs.row(view, id, ranking)
        for (const row of ranking) rows(row, time, rankOrigin(row, id, window))
      })
    })
    return (ref, value, time) => operator.process(ref, value, time)
  }

  /** A view keeps a ranking in one piece; other takers see its rows one by one. */
  #rankingTakers(node: TopNode): { views: string[]; rows: Push } {
    const views: string[] = []
    const others: Push[] = []
    for (const consumer of this.#consumers(node)) {
      if (consumer.kind === 'sink' && consumer.sink.kind === 'view') views.push(consumer.sink.name)
      else others.push(this.#consume(node, consumer))
    }
    return { views, rows: fanOut(others) }
  }

  #stateful(node: Node, make: () => StatefulOperator): StatefulOperator {
    const operator = this.operators.get(node) ?? make()
    this.operators.set(node, operator)
    return operator
  }

  #kept(push: Push): Push {
    const context = this.#context
    return (value, time, origin) => {
      if (!context.isDiscarding) push(value, time, origin)
    }
  }

  #sidePush(node: FlatMapNode | AggregateNode, name: string | undefined): Push | undefined {
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
        return this.#stateless(from, consumer.node)
    }
  }

  #sink(sink: Sink): Push {
    const outputs = this.#outputs
    if (sink.kind !== 'view') {
      return present((value, _time, origin) => outputs.send(sink, value, origin))
    }
    return (value, _time, origin) => {
      if (origin !== undefined) outputs.row(sink.name, rowId(origin), value)
    }
  }

  #shuffle(shuffle: number, edge: Edge): Push {
    const { message } = this.#outputs
    const { from, ships, index } = edge
    if (from.kind === 'top') {
      return (value, time, origin) => {
        if (origin !== undefined) message(shuffle, index, rankingKey, topEntry(value, origin), time)
      }
    }
    const key = wrapped(from.name, (value: unknown): Key => usableKey(from.key(value)))
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
    const sides = new Map(node.sides.map(name => [name, this.#sidePush(node, name) ?? nowhere]))
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

const rankOrigin = (row: TopRow, id: string, window: Origin['window']): Origin => ({
  key: row.rank,
  id: `${id}#${row.rank}`,
  ...(window && { window }),
})

/** The item of a view that a row is kept in. */
const rowId = ({ id, window }: Origin): string => (window === undefined ? id : `${window.start}:${window.end}/${id}`)

const isGone = (value: unknown, origin: Origin | undefined): boolean => value === undefined && origin !== undefined

/** Rows that are gone go to views and tops only. */
const present =
  (push: Push): Push =>
  (value, time, origin) => {
    if (!isGone(value, origin)) push(value, time, origin)
  }

/** The others are our own, and get only what their `lift` let through. */
const hasUserCode = (node: AggregateNode): boolean => node.function === 'reduce' || node.function === 'aggregate'

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
