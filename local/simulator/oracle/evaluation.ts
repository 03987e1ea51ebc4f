import type { AggregateNode, Node } from '../../../shared/plan/graph.ts'
import type { Plan } from '../../../shared/plan/plan.ts'
import { Arrivals, type Item, type Message, type Piece } from './arrivals.ts'
import { Chain, type Target, UserFailure } from './chain.ts'
import { added, anyCount, type Count, exactly, type OperatorCounts } from './expected.ts'
import type { Panes } from './panes.ts'

/** What is known so far while the stages are evaluated one after the other. */
export class Evaluation {
  readonly plan: Plan
  readonly chain: Chain
  /** Of each stage. */
  readonly failed = new Map<string, Count>()
  /** Of each windowed aggregate. */
  readonly operators = new Map<string, OperatorCounts>()
  /** Of each aggregate with panes. */
  readonly panes = new Map<AggregateNode, Panes>()
  /** Sources with one shard for good: their watermark is known at each record. */
  readonly singleShards = new Set<string>()
  readonly #arrivals = new Map<Target, Arrivals>()

  constructor(plan: Plan) {
    this.plan = plan
    this.chain = new Chain(plan)
    for (const { name } of plan.stages) this.failed.set(name, exactly(0))
  }

  arrivalsOf(target: Target): Arrivals {
    const known = this.#arrivals.get(target) ?? new Arrivals()
    this.#arrivals.set(target, known)
    return known
  }

  countFailed(stage: string, count: Count): void {
    this.failed.set(stage, added(this.failed.get(stage) ?? exactly(0), count))
  }

  /**
   * One unit of work puts out the items of one of these alternatives at `node`. Where a function throws behind it, nothing of the unit
   * stands. Answers in how many alternatives one does.
   */
  deliver(node: Node, alternatives: Piece<Item>): number {
    const outcomes = alternatives.map(items => this.outcomeOf(node, items))
    const targets = new Set(outcomes.flatMap(outcome => (outcome === undefined ? [] : [...outcome.keys()])))
    for (const target of targets) {
      this.arrivalsOf(target).pieces.push(outcomes.map(outcome => outcome?.get(target) ?? []))
    }
    return outcomes.filter(outcome => outcome === undefined).length
  }

  /** What a unit puts out, by where it goes; undefined when a function throws. */
  outcomeOf(node: Node, items: readonly Item[]): ReadonlyMap<Target, Message[]> | undefined {
    const outcome = new Map<Target, Message[]>()
    try {
      for (const item of items) {
        this.chain.descend(node, item, (target, message) => {
          const list = outcome.get(target)
          if (list === undefined) outcome.set(target, [message])
          else list.push(message)
        })
      }
    } catch (thrown) {
      if (thrown instanceof UserFailure) return undefined
      throw thrown
    }
    return outcome
  }

  /** Nothing can be said of what comes out of a node, by its side outputs too. */
  giveUp(node: Node, reason: string): void {
    for (const target of this.chain.reach(node)) this.arrivalsOf(target).undetermined ??= reason
    const late =
      node.kind === 'aggregate' && node.lateTo !== undefined ? this.chain.sideOf(node, node.lateTo) : undefined
    if (late !== undefined) this.giveUp(late, reason)
  }

  /** A function threw where the runtime takes a message's effects back: nothing can be said of the whole stage. */
  giveUpStage(name: string, reason: string): void {
    const stage = this.plan.stages.find(other => other.name === name)
    for (const operator of stage?.operators ?? []) this.giveUp(operator, reason)
    this.countFailed(name, anyCount)
  }

  /** What comes out of a node is the newest state of rows that had others before. */
  markStale(node: Node): void {
    for (const target of this.chain.reach(node)) this.arrivalsOf(target).isStale = true
  }
}
