import { counted } from '../model/counted.ts'
import { describeEmission } from '../operators/operator.ts'
import type { WindowAssigner } from '../windows/window.ts'
import { durationText, keptInWindows, windowsText } from './describe-windows.ts'
import { type AggregateNode, type ErrorPolicy, labelOf, type Node, type Sink } from './graph.ts'
import type { Edge, Plan, Stage, StatefulNode } from './plan.ts'
import { fingerprintOf } from './shape.ts'
import type { SourceNode, SourceOrigin } from './source.ts'
import { windowsOf } from './steps.ts'

/** What a plan does, in words: plain data, the same for the same program. */
export type PlanDescription = {
  readonly pipeline: string
  /** Changes with anything that state or positions depend on. */
  readonly fingerprint: string
  readonly stages: readonly StageDescription[]
}

export type StageDescription = {
  readonly name: string
  readonly kind: Stage['kind']
  readonly reads: InputDescription
  /** Functions that run on each record before anything is kept or sent, in the order in which they were written. */
  readonly steps: readonly string[]
  readonly operators: readonly OperatorDescription[]
  readonly sends: readonly { readonly stage: string; readonly stream: string }[]
  readonly sinks: readonly SinkDescription[]
  readonly onError: ErrorPolicy
  /** How what the stage does lands once, and what that costs. */
  readonly guarantee: string
}

export type InputDescription =
  | {
      readonly kind: 'source'
      readonly stream: string
      /** Where the records lie, if not in the Kinesis stream of that name. */
      readonly from?: string
      readonly codec: string
      readonly outOfOrder: string
      readonly idle: string
      readonly onMalformed: ErrorPolicy
    }
  | {
      readonly kind: 'shuffle'
      readonly stream: string
      readonly keyGroups: number
      readonly from: readonly string[]
      readonly edges: readonly { readonly key: string; readonly ships: string }[]
    }

export type OperatorDescription = {
  readonly name: string
  readonly function: string
  readonly windows: string
  readonly emits: string
  readonly lateness: string
  readonly keeps: string
}

export type SinkDescription = {
  readonly name: string
  /** `view`, `stream`, `files`, `forEach`, or that of a sink of `to`. */
  readonly kind: string
  readonly takes: string
  /** Where it goes, and as what, where that is known. */
  readonly destination?: string
  readonly guarantee: string
}

export const describe = (plan: Plan): PlanDescription => ({
  pipeline: plan.name,
  fingerprint: fingerprintOf(plan),
  stages: plan.stages.map(describeStage),
})

function describeStage(stage: Stage): StageDescription {
  const { name, kind, input, operators, shuffles, sinks, onError } = stage
  return {
    name,
    kind,
    reads: describeInput(stage),
    steps: [...stage.consumers.keys()].filter(isStep).map(stepText),
    operators: operators.map(describeOperator),
    sends: shuffles.map(shuffle => ({ stage: shuffle.stage, stream: shuffle.stream })),
    sinks: sinks.map(describeSink),
    onError,
    guarantee: isFed(input)
      ? `${guarantees[kind]}; of records with one id the first that claims it counts`
      : guarantees[kind],
  }
}

const isFed = (input: Stage['input']): boolean => input.kind === 'source' && input.source.namedBy === 'feed'

const guarantees: Readonly<Record<Stage['kind'], string>> = {
  transient: 'exactly once: commits nothing, and what a retry sends again is dropped by position',
  logged: 'exactly once: state, progress and outputs in one conditional write per invocation',
}

const sinkGuarantees: Readonly<Record<Sink['kind'], string>> = {
  view: 'once: a row is put only over an older position',
  stream: 'once where readers drop repeats: the partition key names producer and position',
  files: 'once: named by stage, shard and version, a retry writes the same bytes again',
  forEach: 'at least once: a retry repeats a batch under the same id, an idempotency key',
}

function describeInput({ input }: Stage): InputDescription {
  if (input.kind === 'source') return describeSource(input.source)
  return {
    kind: 'shuffle',
    stream: input.stream,
    keyGroups: input.groups,
    from: input.inputs.map(({ name }) => name),
    edges: input.edges.map(edge => ({ key: keyOf(edge), ships: shippedOn(edge) })),
  }
}

function describeSource({ name, from, codec, outOfOrderMs, idleMs, onMalformed }: SourceNode): InputDescription {
  return {
    kind: 'source',
    stream: name,
    ...(from && { from: originText(from) }),
    codec: codec.name,
    outOfOrder: durationText(outOfOrderMs),
    idle: idleMs === Number.POSITIVE_INFINITY ? 'never' : `after ${durationText(idleMs)}`,
    onMalformed,
  }
}

function originText(from: SourceOrigin): string {
  switch (from.kind) {
    case 'kafka':
      return `Kafka topic "${from.topic}", ${counted(from.partitions, 'partition')}`
    case 'folder':
      return `files of folder "${from.folder}"${from.format === undefined ? '' : ` (${from.format.name})`}, in the order of their names, each once`
    case 'rate':
      return `rows that count, ${from.perSecond} a second, in a local session alone`
    case 'socket':
      return `lines of ${from.host}:${from.port}, in a local session alone`
    case 'sqs':
      return `a queue of SQS, each message once: ids are kept for ${durationText(from.rememberMs)}`
    case 'dynamodb':
      return `the stream of a DynamoDB table, each change once: ids are kept for ${durationText(from.rememberMs)}`
  }
}

function keyOf({ from }: Edge): string {
  if (from.kind === 'top') return 'one for all rows'
  if (from.kind === 'broadcast') return 'every key group'
  if (from.spread === 'groups') return 'any key group, by position'
  if (from.spread !== undefined) return `${from.spread} parts of each key, by position`
  return from.property === undefined ? `${from.name}, by a function` : from.name
}

function shippedOn({ ships }: Edge): string {
  switch (ships.kind) {
    case 'nothing':
      return 'nothing but the key'
    case 'lifted':
      return `the part of the value that "${ships.by}" takes`
    case 'combined': {
      const parts = ships.parts.map(({ by }) => `the accumulator of "${by}"`)
      const slices = ships.slices === undefined ? '' : ` and ${durationText(ships.slices.sizeMs)} of event time`
      return `${['a count', ...parts].join(' and ')}, combined per key${slices}`
    }
    case 'value':
      return 'the value'
    case 'row':
      return 'the newest state of a row'
  }
}

function describeOperator(node: StatefulNode): OperatorDescription {
  if (node.kind === 'distinct') {
    return {
      name: node.name,
      function: node.by === 'key' ? 'distinct' : 'distinct by position',
      windows: 'so far',
      emits: node.by === 'key' ? 'first values' : 'each record once',
      lateness: 'none',
      keeps: node.by === 'key' ? 'one entry per key, for ever' : 'the highest position per writer',
    }
  }
  if (node.kind === 'operator') return { name: node.name, ...node.definition.explain }
  const windows = windowsOf(node)
  const lateness = node.latenessMs === 0 ? 'none' : durationText(node.latenessMs)
  return {
    name: node.name,
    function: node.kind === 'top' ? `top ${node.count}` : node.function,
    windows: windows === undefined ? 'so far' : windowsText(windows),
    emits: describeEmission(node.emission),
    lateness:
      node.kind === 'aggregate' && node.lateTo !== undefined ? `${lateness}, then to side "${node.lateTo}"` : lateness,
    keeps: node.kind === 'top' ? keptByTop(windows) : keptByAggregate(node),
  }
}

function keptByAggregate({ windows, emission }: AggregateNode): string {
  if (emission.kind === 'panes') return 'one accumulator per key and window, until the window has closed'
  return windows === undefined ? 'one accumulator per key, for ever' : keptInWindows(windows)
}

const keptByTop = (windows: WindowAssigner | undefined): string =>
  windows === undefined ? 'one row per key, for ever' : 'one row per key and window, until the window has closed'

function describeSink(sink: Sink): SinkDescription {
  const { name, kind, input } = sink
  const destination = destinationOf(sink)
  const outer = kind === 'forEach' ? sink.to : undefined
  return {
    name,
    kind: outer?.kind ?? kind,
    takes: labelOf(input),
    ...(destination !== undefined && { destination }),
    guarantee: outer?.guarantee ?? sinkGuarantees[kind],
  }
}

function destinationOf(sink: Sink): string | undefined {
  switch (sink.kind) {
    case 'view':
      return undefined
    case 'stream':
      return `stream "${sink.stream}" as ${sink.codec.name}`
    case 'files':
      return `.${sink.extension} files as ${sink.format.name}`
    case 'forEach': {
      const { destination, codec } = sink.to ?? {}
      return destination === undefined || codec === undefined ? destination : `${destination} as ${codec.name}`
    }
  }
}

/** What runs without state; unions and arms are wiring. */
const isStep = (node: Node): boolean =>
  node.kind === 'map' ||
  node.kind === 'filter' ||
  node.kind === 'mapValues' ||
  node.kind === 'flatMap' ||
  node.kind === 'peek' ||
  node.kind === 'branch' ||
  node.kind === 'lookup'

/** A lookup says what it may cost. */
function stepText(node: Node): string {
  if (node.kind !== 'lookup') return labelOf(node)
  const { name, concurrency, keysPerCall, timeoutMs, retries, cache } = node
  const calls = `${concurrency} at a time${keysPerCall === 1 ? '' : ` for ${keysPerCall} keys each`}`
  const tries = `${durationText(timeoutMs)} and ${retries} ${retries === 1 ? 'retry' : 'retries'} each`
  const kept = cache === undefined ? 'kept for the batch' : `${cache.most} kept for ${durationText(cache.ttlMs)}`
  return `lookup ${name} (calls: ${calls}, ${tries}; answers: ${kept})`
}
