import type { CombineSpec } from '../emit/combiner.ts'
import type { WatermarkSteps } from '../emit/shuffle-writer.ts'
import type { InputStage } from '../time/producers.ts'
import type {
  AggregateNode,
  DistinctNode,
  ErrorPolicy,
  Graph,
  Loose,
  Node,
  OperatorNode,
  ShuffledNode,
  Sink,
  TopNode,
} from './graph.ts'
import type { SourceNode } from './source.ts'

/** A pipeline cut into stages, in an order in which every stage comes after those that feed it. */
export type Plan = {
  readonly name: string
  readonly graph: Graph
  readonly stages: readonly Stage[]
}

export type Stage = {
  readonly name: string
  /** `transient` keeps nothing; `logged` commits state, progress and outputs: see protocol.md. */
  readonly kind: 'transient' | 'logged'
  readonly input: SourceInput | ShuffleInput
  /** Stateful operators, in the order in which their timers fire when due at one time. */
  readonly operators: readonly StatefulNode[]
  readonly shuffles: readonly ShuffleOutput[]
  readonly sinks: readonly Sink[]
  readonly onError: ErrorPolicy
  /** Which nodes take a node's values within this stage. */
  readonly consumers: ReadonlyMap<Node, readonly Consumer[]>
}

export type StatefulNode = AggregateNode | DistinctNode | TopNode | OperatorNode

export type SourceInput = { readonly kind: 'source'; readonly stream: string; readonly source: SourceNode }

export type ShuffleInput = {
  readonly kind: 'shuffle'
  readonly stream: string
  readonly groups: number
  readonly edges: readonly Edge[]
  readonly inputs: readonly InputStage[]
  readonly steps: WatermarkSteps
}

/** Messages of one keyBy or broadcast, or of the rows that go into one top: what they carry depends on who takes them. */
export type Edge = {
  readonly index: number
  readonly from: ShuffledNode
  readonly ships: Shipping
}

/**
 * What an edge carries: only what its takers need, as the functions that look into a value run before the shuffle.
 *
 * - `combined`: they are associative: records are put together before the shuffle, as accumulators of these parts and a count
 * - `nothing`: they count
 * - `lifted`: they all take one and the same part of the value, made by this node's `lift`
 * - `value`: the value itself
 * - `row`: the newest state of a row, for a top
 */
export type Shipping =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'combined'; readonly parts: readonly CombinedPart[]; readonly slices: CombineSpec['slices'] }
  | { readonly kind: 'lifted'; readonly by: string; readonly lift: Loose<[unknown], unknown> }
  | { readonly kind: 'value' }
  | { readonly kind: 'row' }

/** An aggregate on an edge that combines; counts need no part, as each message says how many records it stands for. */
export type CombinedPart = {
  readonly by: string
  readonly lift: Loose<[unknown], unknown>
  readonly aggregator: AggregateNode['aggregator']
}

export type ShuffleOutput = {
  /** Receiving stage. */
  readonly stage: string
  readonly stream: string
  readonly groups: number
  readonly steps: WatermarkSteps
  /** By edge of the receiver. */
  readonly combines: readonly (CombineSpec | undefined)[]
}

export type Consumer =
  /** Of an operator with several inputs, `input` says which one this is; 0 for all others. */
  | { readonly kind: 'node'; readonly node: Node; readonly input: number }
  | { readonly kind: 'sink'; readonly sink: Sink }
  /** To output `shuffle` of the stage, on edge `edge` of the receiver. */
  | { readonly kind: 'shuffle'; readonly shuffle: number; readonly edge: Edge }

/** A stage by name. Throws a RangeError that lists the names when there is none. */
export function stageNamed(plan: Plan, name: string): Stage {
  const stage = plan.stages.find(other => other.name === name)
  if (stage === undefined) {
    throw new RangeError(
      `Cannot find stage "${name}": pipeline "${plan.name}" has ${plan.stages.map(other => `"${other.name}"`).join(', ')}`,
    )
  }
  return stage
}
