import {
  inputsOf,
  isShuffled,
  type KeyByNode,
  type LookupNode,
  labelOf,
  type Node,
  type OperatorNode,
  type ShuffledNode,
  type Sink,
} from '../../../shared/plan/graph.ts'
import type { Edge, Plan } from '../../../shared/plan/plan.ts'
import type { Item, Message } from './arrivals.ts'
import { keyText } from './keys.ts'
import type { LookupOutcome } from './lookups.ts'
import { writtenAndRead } from './written.ts'

/** Where items are gathered: a sink, the shuffle behind which another stage begins, or rows that an operator of the stage takes. */
export type Target = Sink | ShuffledNode | RowInput

/** An input of an operator that takes rows. */
export type RowInput = { readonly kind: 'rowInput'; readonly node: OperatorNode; readonly input: number }

/** Told of everything that one unit of work puts out. */
export type Take = (target: Target, message: Message) => void

/** A function of the user's threw: nothing of the unit stands. */
export class UserFailure extends Error {}

/** The stateless part of a pipeline, from any node down to where its values leave the stage. */
export class Chain {
  readonly #edges: readonly Edge[]
  readonly #takers = new Map<Node, Node[]>()
  readonly #sinks = new Map<Node, Sink[]>()
  readonly #edgeOfKeyBy = new Map<KeyByNode, Edge>()
  readonly #takersOfKeyBy = new Map<KeyByNode, Node[]>()
  readonly #outcomes = new Map<LookupNode, (key: unknown) => LookupOutcome>()
  readonly #rowInputs = new Map<OperatorNode, RowInput[]>()

  constructor(plan: Plan) {
    this.#edges = plan.stages.flatMap(({ input }) => (input.kind === 'shuffle' ? input.edges : []))
    const seen = new Set<Node>()
    const visit = (node: Node): void => {
      if (seen.has(node)) return
      seen.add(node)
      for (const input of new Set(inputsOf(node))) {
        this.#takers.set(input, [...(this.#takers.get(input) ?? []), node])
        visit(input)
      }
    }
    for (const sink of plan.graph.sinks) {
      this.#sinks.set(sink.input, [...(this.#sinks.get(sink.input) ?? []), sink])
      visit(sink.input)
    }
  }

  /** From now on a lookup comes to this. */
  answer(node: LookupNode, outcomeOf: (key: unknown) => LookupOutcome): void {
    this.#outcomes.set(node, outcomeOf)
  }

  /** What takes the messages of a keyBy; two keyBys by one property of one stream are one. */
  takersOf(shuffled: KeyByNode): readonly Node[] {
    const known = this.#takersOfKeyBy.get(shuffled)
    if (known !== undefined) return known
    const found = [...this.#takers].flatMap(([node, takers]) =>
      node.kind === 'keyBy' && this.#edgeOf(node).from === shuffled ? takers : [],
    )
    this.#takersOfKeyBy.set(shuffled, found)
    return found
  }

  /** The inputs as which an operator takes the rows of a node. */
  rowInputsOf(operator: OperatorNode, from: Node): readonly RowInput[] {
    const known =
      this.#rowInputs.get(operator) ?? operator.inputs.map((_, input) => ({ kind: 'rowInput', node: operator, input }))
    this.#rowInputs.set(operator, known)
    return known.filter(({ input }) => operator.inputs[input] === from)
  }

  /** What an input of an operator is gathered under. */
  targetOf(operator: OperatorNode, input: number): Target {
    const from = operator.inputs[input]
    if (from.kind === 'keyBy') return this.#edgeOf(from).from
    if (from.kind === 'broadcast') return from
    const found = this.rowInputsOf(operator, from).find(other => other.input === input)
    if (found === undefined) throw new Error(`Cannot evaluate "${operator.name}": it has no input ${input}`)
    return found
  }

  /** Everything outside the stage, and all operators that take rows in it, that values of a node can come to. */
  reach(node: Node): ReadonlySet<Target> {
    const targets = new Set<Target>(this.#sinks.get(node))
    for (const taker of this.#takers.get(node) ?? []) {
      if (taker.kind === 'keyBy') targets.add(this.#edgeOf(taker).from)
      else if (isShuffled(taker)) targets.add(taker)
      else if (taker.kind === 'operator') for (const each of this.rowInputsOf(taker, node)) targets.add(each)
      else if (taker.kind !== 'side' || node.kind !== 'aggregate')
        for (const each of this.reach(taker)) targets.add(each)
    }
    return targets
  }

  /** The side output of an operator, where something takes it. */
  sideOf(node: Node, name: string): Node | undefined {
    return this.#takers.get(node)?.find(taker => taker.kind === 'side' && taker.name === name)
  }

  /** Runs what comes out of a node through everything behind it in the stage. Throws a UserFailure. */
  descend(node: Node, item: Item, take: Take): void {
    for (const sink of this.#sinks.get(node) ?? []) this.#sink(sink, item, take)
    const taken = new Set<KeyByNode>()
    for (const taker of this.#takers.get(node) ?? []) {
      if (taker.kind === 'keyBy') {
        const { from, ships } = this.#edgeOf(taker)
        if (from.kind === 'keyBy' && !taken.has(from)) this.#key(from, ships.kind, item, take)
        if (from.kind === 'keyBy') taken.add(from)
      } else if (taker.kind === 'top') {
        if (item.row !== undefined) take(taker, { ...item, key: null, keyText: '', parts: noParts })
      } else if (taker.kind === 'broadcast') {
        const { row: _row, ...bare } = item
        take(taker, { ...bare, key: null, keyText: '', parts: noParts })
      } else if (taker.kind === 'operator') {
        const { row } = item
        if (row === undefined) continue
        for (const input of this.rowInputsOf(taker, node)) {
          take(input, { ...item, key: row.key, keyText: row.name, parts: noParts })
        }
      } else {
        this.#step(taker, item, take)
      }
    }
  }

  #step(node: Node, item: Item, take: Take): void {
    const { row: _row, ...bare } = item
    switch (node.kind) {
      case 'map':
        return this.descend(node, { ...bare, value: attempt(node, () => node.fn(item.value)) }, take)
      case 'filter':
        if (attempt(node, () => node.fn(item.value))) this.descend(node, item, take)
        return
      case 'mapValues': {
        const { value } = item
        const isRow = typeof value === 'object' && value !== null && 'value' in value
        const mapped = isRow ? { ...value, value: attempt(node, () => node.fn(value.value, value)) } : value
        return this.descend(node, { ...item, value: mapped }, take)
      }
      case 'peek':
        attempt(node, () => node.fn(item.value))
        return this.descend(node, item, take)
      case 'union':
        return this.descend(node, bare, take)
      case 'branch': {
        const arm = node.arms.find(({ accepts }) => attempt(node, () => accepts(item.value)))
        for (const taker of this.#takers.get(node) ?? []) {
          if (taker.kind === 'arm' && taker.name === arm?.name) this.descend(taker, bare, take)
        }
        return
      }
      case 'flatMap': {
        const sides: [name: string, value: unknown][] = []
        const values = attempt(node, () => [...node.fn(item.value, (name, value) => void sides.push([name, value]))])
        for (const value of values) this.descend(node, { ...bare, value }, take)
        for (const [name, value] of sides) {
          for (const taker of this.#takers.get(node) ?? []) {
            if (taker.kind === 'side' && taker.name === name) this.descend(taker, { ...bare, value }, take)
          }
        }
        return
      }
      case 'lookup':
        return this.#lookUp(node, bare, take)
      case 'side':
        return
      default:
        throw new Error(`Cannot evaluate: a ${node.kind} takes values that have no key`)
    }
  }

  #lookUp(node: LookupNode, item: Item, take: Take): void {
    const outcomeOf = this.#outcomes.get(node)
    // Nothing is expected of the stage.
    if (outcomeOf === undefined) return
    const key = attempt(node, () => node.key(item.value))
    const outcome = key === undefined ? { value: undefined } : outcomeOf(key)
    if ('failure' in outcome) throw outcome.failure
    const value = attempt(node, () => node.combine(item.value, outcome.value))
    this.descend(node, { ...item, value }, take)
  }

  /** The key is taken, and where the plan says so, what aggregates need of the value, before the shuffle. */
  #key(keyBy: KeyByNode, ships: Edge['ships']['kind'], item: Item, take: Take): void {
    const key = attempt(keyBy, () => keyBy.key(item.value))
    const text = attempt(keyBy, () => keyText(key))
    const parts = new Map<string, unknown>()
    if (ships === 'combined' || ships === 'lifted') {
      for (const taker of this.takersOf(keyBy)) {
        if (taker.kind !== 'aggregate') continue
        const { takes } = taker
        if (takes.kind === 'part')
          parts.set(
            taker.name,
            attempt(taker, () => takes.lift(item.value)),
          )
      }
    }
    const { row: _row, ...bare } = item
    take(keyBy, { ...bare, key, keyText: text, parts })
  }

  #sink(sink: Sink, item: Item, take: Take): void {
    const unkeyed = { key: null, keyText: '', parts: noParts }
    if (sink.kind === 'view') {
      if (item.row !== undefined) take(sink, { ...item, ...unkeyed })
    } else if (sink.kind === 'forEach') {
      attemptNamed(sink.name, () => sink.to?.check?.(item.value))
      take(sink, { ...item, ...unkeyed })
    } else {
      take(sink, { ...item, ...unkeyed, value: attemptNamed(sink.name, () => writtenAndRead(sink, item.value)) })
    }
  }

  #edgeOf(node: KeyByNode): Edge {
    const known = this.#edgeOfKeyBy.get(node)
    if (known !== undefined) return known
    const isSame = ({ from }: Edge): boolean =>
      from === node ||
      (from.kind === 'keyBy' &&
        from.property !== undefined &&
        from.property === node.property &&
        from.input === node.input &&
        from.name === node.name)
    const edge = this.#edges.find(isSame)
    if (edge === undefined) throw new Error(`Cannot evaluate: no stage takes the messages of "${node.name}"`)
    this.#edgeOfKeyBy.set(node, edge)
    return edge
  }
}

const noParts: ReadonlyMap<string, unknown> = new Map()

const attempt = <R>(node: Node, run: () => R): R => attemptNamed(labelOf(node), run)

export function attemptNamed<R>(name: string, run: () => R): R {
  try {
    return run()
  } catch (cause) {
    throw new UserFailure(`a function of "${name}" threw`, { cause })
  }
}
