import { processDefinition } from '#operators/process'
import { type Duration, seconds } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { ProcessContext } from '../operators/process/process-context.ts'
import type { Emitted, ProcessSpec } from '../operators/process/process-function.ts'
import type { ReadOnly, StateSpecs } from '../operators/process/process-state.ts'
import type { Timer } from '../operators/process/process-timers.ts'
import type { BroadcastNode, KeyByNode, OperatorNode } from '../plan/graph.ts'
import { operatorNode } from './operator-node.ts'
import type { Declarations, Declared, HandlesOf } from './process-state.ts'
import type { SideEmitters, SideOutput } from './side-output.ts'

/** What the functions are given. Good during the call only. */
export type Context<K, S, Sides> = Omit<ProcessContext, 'key' | 'state' | 'broadcast' | 'sides'> & {
  readonly key: K
  readonly state: HandlesOf<S>
  readonly sides: SideEmitters<Sides>
}

export type WithBroadcast<B> = {
  readonly broadcast: { readonly [Name in keyof B]: ReadOnly<HandlesOf<B>[Name]> }
}

/** What `onBroadcast` is given: the state of the key group, which it alone writes. */
export type BroadcastContext<B> = Pick<ProcessContext, 'time' | 'watermark' | 'arrivalTime'> & {
  readonly broadcast: HandlesOf<B>
}

/** Results, in the order in which they go out: an array, what a generator yields, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing gives void
export type Emits<R> = Iterable<R> | undefined | void

type Declares<S, Sides> = {
  /** What is kept per key, by name: `{ last: value<Trade>(), seen: map<string, number>() }`. */
  readonly state?: S
  /** Side outputs: `{ odd: sideOutput<Trade>() }`, put to with `context.sides.odd(...)` and taken with `side('odd')`. */
  readonly sides?: Sides
  /** In a key group that gets no records a timer of event time may be this much event time late. Default 1 s; less costs messages. */
  readonly timersWithin?: Duration
}

/** State, and the functions that use it. They must be deterministic and free of effects beside their state. */
export type Processing<K, V, S, Sides, R, T, E> = Declares<S, Sides> & {
  onRecord(context: Context<K, S, Sides>, value: V): Emits<R>
  /** A timer is due. Its results are at the timer's event time. */
  onTimer?(context: Context<K, S, Sides>, timer: Timer): Emits<T>
  /** The input has ended: for each key that has state or timers left, after its timers of event time; then all is dropped. */
  onEnd?(context: Context<K, S, Sides>): Emits<E>
}

export type BroadcastProcessing<K, V, B, S, Sides, BS, R, T, E> = Declares<S, Sides> & {
  /** What is kept once per key group of what was broadcast. */
  readonly broadcastState: BS
  onBroadcast(context: BroadcastContext<BS>, value: B): void
  onRecord(context: Context<K, S, Sides> & WithBroadcast<BS>, value: V): Emits<R>
  onTimer?(context: Context<K, S, Sides> & WithBroadcast<BS>, timer: Timer): Emits<T>
  onEnd?(context: Context<K, S, Sides> & WithBroadcast<BS>): Emits<E>
}

export type Sides = Record<string, SideOutput<never>>

/** The functions as the operator calls them: their types were checked where they were given. */
type AnyProcessing = {
  readonly state?: Declarations
  readonly broadcastState?: Declarations
  readonly sides?: object
  readonly timersWithin?: Duration
  onRecord(context: never, value: never): Emitted
  onTimer?(context: never, timer: Timer): Emitted
  onEnd?(context: never): Emitted
  onBroadcast?(context: never, value: never): void
}

export function processNode(
  name: string,
  inputs: readonly [KeyByNode] | readonly [KeyByNode, BroadcastNode],
  processing: AnyProcessing,
): OperatorNode {
  const { state = {}, broadcastState = {}, sides = {}, timersWithin = seconds(1) } = processing
  const functions = processing as unknown as Pick<ProcessSpec, 'onRecord' | 'onTimer' | 'onEnd' | 'onBroadcast'>
  for (const twice of Object.keys(broadcastState)) {
    if (twice in state) {
      throw new ConfigurationError(
        `Cannot build "${name}": state "${twice}" is declared twice, give the broadcast state another name`,
      )
    }
  }
  const spec: ProcessSpec = {
    kind: 'process',
    state: specsOf(name, state),
    broadcastState: specsOf(name, broadcastState),
    sides: Object.keys(sides),
    onRecord: (context, value) => functions.onRecord(context, value),
    ...(functions.onTimer && { onTimer: (context, timer) => functions.onTimer?.(context, timer) }),
    ...(functions.onEnd && { onEnd: context => functions.onEnd?.(context) }),
    ...(functions.onBroadcast && { onBroadcast: (context, value) => functions.onBroadcast?.(context, value) }),
  }
  return operatorNode(name, inputs, processDefinition(spec, timersWithin))
}

function specsOf(operator: string, declarations: Declarations): StateSpecs {
  const specs = Object.entries(declarations).map(([name, { spec }]: [string, Declared<unknown>]) => {
    if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) {
      throw new ConfigurationError(
        `Cannot build "${operator}": state is named "${name}", expected a letter, then letters, digits, "-" or "_"`,
      )
    }
    return [name, spec]
  })
  return Object.freeze(Object.fromEntries(specs))
}
