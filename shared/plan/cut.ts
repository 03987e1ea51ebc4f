import { ConfigurationError } from '../model/errors.ts'
import type { InputStage } from '../time/producers.ts'
import { checkGraph } from './check.ts'
import { combinedShipping, combineSpecOf } from './combine.ts'
import {
  type AggregateNode,
  type ErrorPolicy,
  type Graph,
  inputsOf,
  isShuffled,
  type KeyByNode,
  type Node,
  type ShuffledNode,
  type Sink,
} from './graph.ts'
import type { Consumer, Edge, Plan, Shipping, ShuffleOutput, SourceInput, Stage, StatefulNode } from './plan.ts'
import { stepsOf } from './steps.ts'

/**
 * Cuts the graph into stages: a stage begins at a source, at a keyBy, a broadcast or a top, and everything up to the next of these is fused
 * into it. Stateless operators behind a union belong to every stage that feeds it. Throws a ConfigurationError for a program that
 * cannot run.
 */
export function planOf(graph: Graph): Plan {
  const nodes = reachable(graph)
  checkGraph(graph, nodes)
  const cut = new Cut(graph, nodes)
  const stages = new Map<string, Stage>()
  for (const name of cut.order().reverse()) stages.set(name, cut.stage(name, stages))
  return Object.freeze({ name: graph.name, graph, stages: [...stages.values()].reverse() })
}

function reachable(graph: Graph): Node[] {
  const seen = new Set<Node>()
  const visit = (node: Node): void => {
    if (seen.has(node)) return
    for (const input of inputsOf(node)) visit(input)
    seen.add(node)
  }
  for (const sink of graph.sinks) visit(sink.input)
  return [...seen]
}

class Cut {
  readonly #graph: Graph
  readonly #nodes: readonly Node[]
  readonly #takers = new Map<Node, Node[]>()
  readonly #stagesOf = new Map<Node, ReadonlySet<string>>()
  readonly #same = new Map<KeyByNode, KeyByNode>()

  constructor(graph: Graph, nodes: readonly Node[]) {
    this.#graph = graph
    this.#nodes = nodes
    for (const node of nodes) {
      if (node.kind === 'keyBy') this.#same.set(node, this.#firstLike(node))
      this.#stagesOf.set(node, this.#placesOf(node))
      if (node.kind === 'keyBy' && this.#canonical(node) !== node) continue
      for (const from of new Set(inputsOf(node).map(input => this.#canonical(input)))) {
        this.#takers.set(from, [...(this.#takers.get(from) ?? []), node])
      }
    }
  }

  /** Names of all stages, those that feed others first. */
  order(): string[] {
    const done: string[] = []
    const open = new Set<string>()
    const visit = (name: string): void => {
      if (done.includes(name)) return
      if (open.has(name)) {
        throw new ConfigurationError(
          `Cannot plan pipeline "${this.#graph.name}": stage "${name}" would feed itself, give its second keyBy a name of its own, as in keyBy("${name}-again", value => ...)`,
        )
      }
      open.add(name)
      for (const shuffled of this.#shuffledInto(name)) for (const from of this.#sendersOf(shuffled)) visit(from)
      open.delete(name)
      done.push(name)
    }
    for (const node of this.#nodes) {
      if (node.kind === 'source' || isShuffled(node)) visit(node.name)
    }
    return done
  }

  stage(name: string, later: ReadonlyMap<string, Stage>): Stage {
    const roots = this.#rootsOf(name)
    const shuffles = this.#shufflesFrom(name, later)
    const consumers = this.#consumersIn(name, roots, shuffles)
    const operators = [...consumers.keys()].filter(isStateful)
    const sinks = this.#graph.sinks.filter(sink => this.#stagesOf.get(sink.input)?.has(name))
    const source = roots.find(root => root.kind === 'source')
    const isLogged =
      operators.length > 0 ||
      sinks.some(sink => sink.kind === 'files' || sink.kind === 'forEach') ||
      [...consumers.keys()].some(node => node.kind === 'lookup') ||
      source?.from?.kind === 'kafka' ||
      source?.from?.kind === 'folder'
    const steps = stepsOf(operators, shuffles)
    const input: Stage['input'] =
      source === undefined
        ? {
            kind: 'shuffle',
            stream: this.#streamOf(name),
            groups: this.#groupsOf(name),
            edges: this.#edgesInto(name),
            inputs: this.#inputStages(name),
            steps,
          }
        : sourceInput(source)
    return {
      name,
      kind: isLogged ? 'logged' : 'transient',
      input,
      operators,
      shuffles,
      sinks,
      onError: this.#onError(name),
      consumers,
    }
  }

  #canonical(node: Node): Node {
    return node.kind === 'keyBy' ? (this.#same.get(node) ?? node) : node
  }

  #firstLike(node: KeyByNode): KeyByNode {
    if (node.property === undefined) return node
    for (const other of this.#same.keys()) {
      if (other.input === node.input && other.property === node.property && other.name === node.name) return other
    }
    return node
  }

  /** The stages that compute a node: of a shuffle, the one behind it. */
  #placesOf(node: Node): ReadonlySet<string> {
    if (node.kind === 'source' || isShuffled(node)) return new Set([node.name])
    const places = new Set(inputsOf(node).flatMap(input => [...(this.#stagesOf.get(input) ?? [])]))
    if (node.kind === 'operator' && places.size > 1) {
      throw new ConfigurationError(
        `Cannot plan pipeline "${this.#graph.name}": the inputs of "${node.name}" are in stages ${[...places].map(place => `"${place}"`).join(' and ')}, key them under one name, as in left.keyBy("id", ...) and right.keyBy("id", ...)`,
      )
    }
    return places
  }

  #sendersOf(shuffled: ShuffledNode): ReadonlySet<string> {
    return this.#stagesOf.get(shuffled.input) ?? new Set()
  }

  #shuffledInto(name: string): ShuffledNode[] {
    return this.#nodes.filter(
      (node): node is ShuffledNode => isShuffled(node) && node.name === name && this.#canonical(node) === node,
    )
  }

  #rootsOf(name: string): Node[] {
    const source = this.#nodes.find(node => node.kind === 'source' && node.name === name)
    return source === undefined ? this.#shuffledInto(name) : [source]
  }

  #streamOf(stage: string): string {
    return `${this.#graph.name}-${stage}`
  }

  /** A top has one key: more groups would only be told of watermarks. */
  #groupsOf(stage: string): number {
    return this.#shuffledInto(stage).every(node => node.kind === 'top') ? 1 : this.#graph.keyGroups
  }

  #edgesInto(name: string): Edge[] {
    return this.#shuffledInto(name).map((from, index) => ({ index, from, ships: this.#shippingOf(from) }))
  }

  #shippingOf(from: ShuffledNode): Shipping {
    if (from.kind === 'top') return { kind: 'row' }
    if (from.kind === 'broadcast') return { kind: 'value' }
    const takers = this.#takers.get(from) ?? []
    const combined = combinedShipping(takers)
    if (combined !== undefined) return combined
    const parts: AggregateNode[] = []
    for (const taker of takers) {
      if (taker.kind !== 'aggregate' || taker.takes.kind === 'value' || taker.lateTo !== undefined)
        return { kind: 'value' }
      if (taker.takes.kind === 'part') parts.push(taker)
    }
    if (parts.length === 0) return { kind: 'nothing' }
    const lifts = new Set(parts.map(part => (part.takes.kind === 'part' ? part.takes.lift : undefined)))
    const [{ name, takes }] = parts
    return lifts.size === 1 && takes.kind === 'part'
      ? { kind: 'lifted', by: name, lift: takes.lift }
      : { kind: 'value' }
  }

  #inputStages(name: string): InputStage[] {
    const senders = new Set(this.#shuffledInto(name).flatMap(shuffled => [...this.#sendersOf(shuffled)]))
    return [...senders].map(sender => {
      const source = this.#nodes.find(node => node.kind === 'source' && node.name === sender)
      return { name: sender, idleMs: source?.kind === 'source' ? source.idleMs : Number.POSITIVE_INFINITY }
    })
  }

  #shufflesFrom(name: string, later: ReadonlyMap<string, Stage>): ShuffleOutput[] {
    const receivers = new Set<string>()
    for (const node of this.#nodes) {
      if (isShuffled(node) && this.#sendersOf(node).has(name)) receivers.add(node.name)
    }
    return [...receivers].map(stage => {
      const input = later.get(stage)?.input
      if (input?.kind !== 'shuffle')
        throw new Error(`Cannot plan stage "${name}": its receiver "${stage}" was not planned before it`)
      const { stream, groups, steps, edges } = input
      return { stage, stream, groups, steps, combines: edges.map(edge => combineSpecOf(edge.ships)) }
    })
  }

  #consumersIn(name: string, roots: readonly Node[], shuffles: readonly ShuffleOutput[]): Map<Node, Consumer[]> {
    const consumers = new Map<Node, Consumer[]>()
    const toShuffle = (node: ShuffledNode): Consumer => {
      const edge = this.#edgesInto(node.name).find(other => other.from === node)
      const shuffle = shuffles.findIndex(other => other.stage === node.name)
      if (edge === undefined || shuffle < 0)
        throw new Error(`Cannot plan stage "${name}": it has no way to "${node.name}"`)
      return { kind: 'shuffle', shuffle, edge }
    }
    const visit = (node: Node): void => {
      if (consumers.has(node)) return
      const list: Consumer[] = []
      consumers.set(node, list)
      for (const taker of this.#takers.get(node) ?? []) {
        if (isShuffled(taker)) {
          list.push(toShuffle(taker))
        } else {
          for (const input of this.#inputNumbers(taker, node)) list.push({ kind: 'node', node: taker, input })
          visit(taker)
        }
      }
      for (const sink of this.#graph.sinks) if (sink.input === node) list.push({ kind: 'sink', sink })
    }
    for (const root of roots) visit(root)
    return consumers
  }

  /** As which inputs an operator takes a node: a stream may be joined with itself. */
  #inputNumbers(taker: Node, node: Node): number[] {
    if (taker.kind !== 'operator') return [0]
    return taker.inputs.flatMap((input, number) => (this.#canonical(input) === node ? [number] : []))
  }

  /** The strictest of the sources that reach the stage. */
  #onError(name: string): ErrorPolicy {
    const policies = new Set<ErrorPolicy>()
    const visit = (stage: string): void => {
      for (const root of this.#rootsOf(stage)) {
        if (root.kind === 'source') policies.add(root.onError)
        else if (isShuffled(root)) for (const from of this.#sendersOf(root)) visit(from)
      }
    }
    visit(name)
    return policies.has('fail') ? 'fail' : policies.has('deadLetter') ? 'deadLetter' : 'skip'
  }
}

function sourceInput(source: Node): SourceInput {
  if (source.kind !== 'source') throw new Error(`Cannot plan a source: it is a ${source.kind}`)
  return { kind: 'source', stream: source.name, source }
}

const isStateful = (node: Node): node is StatefulNode =>
  node.kind === 'aggregate' || node.kind === 'distinct' || node.kind === 'top' || node.kind === 'operator'

export const isNonIdempotent = (sink: Sink): boolean => sink.kind === 'files' || sink.kind === 'forEach'
