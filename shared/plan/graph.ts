import type { Codec } from '../codecs/codec.ts'
import type { FileFormat } from '../codecs/files/file-format.ts'
import type { Key } from '../model/key.ts'
import type { Loose } from '../model/loose.ts'
import type { Aggregator } from '../operators/aggregator.ts'
import type { OperatorDefinition } from '../operators/definition.ts'
import type { Emission } from '../operators/operator.ts'
import type { Sink as OuterSink } from '../sinks/sink.ts'
import type { WindowAssigner } from '../windows/window.ts'
import type { SourceNode } from './source.ts'

export type { Loose }

/** What happens to a record that a codec or a user's function cannot deal with. */
export type ErrorPolicy = 'deadLetter' | 'skip' | 'fail'

/**
 * The program as data: frozen nodes that name their inputs. Nodes are compared by identity: a stream used twice is one node.
 */
export type Node =
  | SourceNode
  | MapNode
  | FilterNode
  | MapValuesNode
  | FlatMapNode
  | PeekNode
  | BranchNode
  | ArmNode
  | UnionNode
  | SideNode
  | KeyByNode
  | AggregateNode
  | DistinctNode
  | TopNode
  | BroadcastNode
  | OperatorNode
  | LookupNode

/** Nodes that give rows: the newest states of something, each under an id of its own. */
export type RowNode = AggregateNode | FilterNode | MapValuesNode | TopNode | OperatorNode

/** Behind these another stage begins. */
export type ShuffledNode = KeyByNode | TopNode | BroadcastNode

export type MapNode = {
  readonly kind: 'map'
  readonly input: Node
  readonly label: string
  readonly fn: Loose<[unknown], unknown>
}
export type FilterNode = {
  readonly kind: 'filter'
  readonly input: Node
  readonly label: string
  readonly fn: Loose<[unknown], boolean>
}
/** Rows with other values: the same rows, under the same ids. */
export type MapValuesNode = {
  readonly kind: 'mapValues'
  readonly input: RowNode
  readonly label: string
  readonly fn: Loose<[value: unknown, row: unknown], unknown>
}
export type FlatMapNode = {
  readonly kind: 'flatMap'
  readonly input: Node
  readonly label: string
  readonly fn: Loose<[value: unknown, side: Loose<[name: string, value: unknown], void>], Iterable<unknown>>
  readonly sides: readonly string[]
}
export type PeekNode = {
  readonly kind: 'peek'
  readonly input: Node
  readonly label: string
  readonly fn: Loose<[unknown], void>
}

/**
 * Something outside the pipeline is asked about each value, by key. What is answered may be another on the next attempt, so the stage logs
 * what came of it.
 */
export type LookupNode = {
  readonly kind: 'lookup'
  readonly input: Node
  readonly name: string
  /** Undefined: nothing is asked about the value, as if nothing had been found. */
  readonly key: Loose<[unknown], Key | undefined>
  /** Answers a Map by key, or an array in the order of the keys; undefined in it says that there is nothing. */
  readonly fetch: Loose<[keys: readonly Key[], signal: AbortSignal], unknown>
  readonly keysPerCall: number
  /** Calls at a time, of one invocation. */
  readonly concurrency: number
  /** Of one call. */
  readonly timeoutMs: number
  /** Times that a call is repeated after the first. */
  readonly retries: number
  /** What a warm environment keeps, at most so many answers; `missing`: also that there is nothing. */
  readonly cache?: { readonly most: number; readonly ttlMs: number; readonly missing: boolean }
  /** Stands in for an answer when all tries have failed. */
  readonly orElse?: Loose<[key: Key, error: Error], unknown>
  readonly combine: Loose<[value: unknown, answer: unknown], unknown>
}

/** Each value goes to the first arm whose predicate holds; the rest goes nowhere. */
export type BranchNode = {
  readonly kind: 'branch'
  readonly input: Node
  readonly label: string
  readonly arms: readonly { readonly name: string; readonly accepts: Loose<[unknown], boolean> }[]
}
export type ArmNode = { readonly kind: 'arm'; readonly input: BranchNode; readonly name: string }
export type UnionNode = { readonly kind: 'union'; readonly inputs: readonly Node[] }
/** A side output of an operator. */
export type SideNode = {
  readonly kind: 'side'
  readonly input: FlatMapNode | AggregateNode | OperatorNode
  readonly name: string
}

export type KeyByNode = {
  readonly kind: 'keyBy'
  readonly input: Node
  /** Also the name of the stage behind it. */
  readonly name: string
  readonly key: Loose<[unknown], Key>
  /** Set when the key is a property of the value: two such nodes on one stream are one. */
  readonly property?: string
  /** Chosen by a record's position too: any key group, or one of so many parts of its key. */
  readonly spread?: 'groups' | number
}

export type AggregateNode = {
  readonly kind: 'aggregate'
  readonly input: KeyByNode
  readonly name: string
  /** `count`, `sum`, ...: part of what its state means. */
  readonly function: string
  readonly aggregator: Aggregator<unknown, unknown, unknown>
  readonly takes: Taking
  /** What it computes, where the functions of `aggregator` alone do not say it. */
  readonly spec?: AggregateSpec
  /** Whether records may be put together before the shuffle. */
  readonly combines: boolean
  readonly windows?: WindowAssigner
  readonly emission: Emission
  readonly latenessMs: number
  readonly lateTo?: string
}

/** An aggregate by its definition: plain data and the user's functions. */
export type AggregateSpec =
  | { readonly kind: 'count' }
  | {
      readonly kind: 'sum' | 'average' | 'min' | 'max' | 'first' | 'last' | 'countDistinct' | 'collectSet'
      readonly of: Loose<[value: unknown], unknown>
    }
  | { readonly kind: 'minBy' | 'maxBy'; readonly by: Loose<[value: unknown], unknown> }
  | { readonly kind: 'topN'; readonly by: Loose<[value: unknown], unknown>; readonly n: number }
  | { readonly kind: 'collect'; readonly limit: number }
  | {
      readonly kind: 'approxCountDistinct'
      readonly of: Loose<[value: unknown], unknown>
      readonly precision: number
    }
  | {
      readonly kind: 'quantiles'
      readonly of: Loose<[value: unknown], unknown>
      readonly shares: readonly number[]
      readonly error: number
    }
  | {
      readonly kind: 'variance' | 'stddev'
      readonly of: Loose<[value: unknown], unknown>
      readonly spread: 'sample' | 'population'
    }
  | {
      readonly kind: 'own'
      readonly aggregator: Aggregator<unknown, unknown, unknown>
      /** The result of no value, where only some are let through. */
      readonly whenEmpty: () => unknown
    }
  | { readonly kind: 'where'; readonly accepts: Loose<[value: unknown], boolean>; readonly of: AggregateSpec }
  | { readonly kind: 'several'; readonly members: Readonly<Record<string, AggregateSpec>> }

/** What an aggregate needs of a value. */
export type Taking =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'part'; readonly lift: Loose<[unknown], unknown> }
  | { readonly kind: 'value' }

export type DistinctNode = {
  readonly kind: 'distinct'
  readonly input: KeyByNode
  readonly name: string
  /** The first value of each key; or, of records that a pipeline wrote, each position of a writer once. */
  readonly by: 'key' | 'position'
}

export type TopNode = {
  readonly kind: 'top'
  readonly input: Exclude<RowNode, { kind: 'top' }>
  readonly name: string
  readonly count: number
  readonly emission: { readonly kind: 'final' } | { readonly kind: 'updates' }
  readonly latenessMs: number
}

/** Every key group of the stage behind it gets each value (Storm: all grouping; Flink: broadcast stream). */
export type BroadcastNode = {
  readonly kind: 'broadcast'
  readonly input: Node
  /** Name of the stage behind it: that of the keyed streams that it meets there. */
  readonly name: string
}

/**
 * An operator with state that is no aggregate: a join, a process function, a table. Its inputs are keyed streams and broadcasts that meet
 * in one stage, or rows of that stage; the definition says what it does with them.
 */
export type OperatorNode = {
  readonly kind: 'operator'
  readonly inputs: readonly OperatorInput[]
  readonly name: string
  readonly definition: OperatorDefinition
}

export type OperatorInput = KeyByNode | BroadcastNode | RowNode

/** Where results leave the pipeline, by the name under which the pipeline returns them. */
export type Sink =
  | { readonly kind: 'view'; readonly name: string; readonly input: RowNode }
  | {
      readonly kind: 'stream'
      readonly name: string
      readonly input: Node
      readonly codec: Codec<unknown>
      readonly stream: string
    }
  | {
      readonly kind: 'files'
      readonly name: string
      readonly input: Node
      readonly format: FileFormat<unknown>
      readonly extension: string
    }
  | {
      readonly kind: 'forEach'
      readonly name: string
      readonly input: Node
      readonly fn: Loose<[batch: readonly unknown[], id: string], Promise<void> | void>
      /** The sink that `fn` writes to, where it is one. */
      readonly to?: OuterSink<unknown>
    }

export type Graph = { readonly name: string; readonly keyGroups: number; readonly sinks: readonly Sink[] }

/** A codec, or a format of files, as far as it may have something to learn before a batch. */
export type Learner = Pick<Codec<unknown>, 'name' | 'prepare'>

/** What writes a sink's records, if anything does. */
export function writtenWith(sink: Sink): Learner | undefined {
  switch (sink.kind) {
    case 'view':
      return undefined
    case 'stream':
      return sink.codec
    case 'files':
      return sink.format
    case 'forEach':
      return sink.to?.codec
  }
}

/** The nodes that feed a node. */
export function inputsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'source':
      return []
    case 'union':
    case 'operator':
      return node.inputs
    default:
      return [node.input]
  }
}

/** As error messages and `explain` name a node. */
export function labelOf(node: Node): string {
  switch (node.kind) {
    case 'map':
    case 'filter':
    case 'mapValues':
    case 'flatMap':
    case 'peek':
    case 'branch':
      return node.label
    case 'arm':
    case 'side':
      return `${labelOf(node.input)}.${node.name}`
    case 'union':
      return 'union'
    default:
      return node.name
  }
}

/** Whether readers of its rows see each row change, rather than each row once. */
export function hasUpdates(node: RowNode): boolean {
  if (node.kind === 'operator') return node.definition.rows === 'updates'
  if (!isRowStep(node)) return node.emission.kind !== 'final' || node.latenessMs > 0
  return isRowNode(node.input) && hasUpdates(node.input)
}

/** How long after a window's end its row may still change. */
export function latenessOf(node: RowNode): number {
  if (node.kind === 'operator') return node.definition.latenessMs ?? 0
  if (!isRowStep(node)) return node.latenessMs
  return isRowNode(node.input) ? latenessOf(node.input) : 0
}

/** Whether what a node gives may be rows: of a filter, where those that it filters are. */
export const isRowNode = (node: Node): node is RowNode =>
  node.kind === 'aggregate' || isRowStep(node) || node.kind === 'top' || node.kind === 'operator'

/** What lets rows through that others made. */
export const isRowStep = (node: Node): node is FilterNode | MapValuesNode =>
  node.kind === 'filter' || node.kind === 'mapValues'

export const isShuffled = (node: Node): node is ShuffledNode =>
  node.kind === 'keyBy' || node.kind === 'top' || node.kind === 'broadcast'
