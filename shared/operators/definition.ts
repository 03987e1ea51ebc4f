import type { WindowAssigner } from '../windows/window.ts'
import type { OperatorContext, Push, StatefulOperator } from './operator.ts'

/**
 * What a stateful operator is, for the plan, for `explain` and for the runtime. Frozen; each operator has a function that makes its own.
 */
export type OperatorDefinition = {
  /** Which operator it is and everything that its results depend on: plain data and the user's functions. */
  readonly spec: OperatorSpec
  /** What its state means: an edit under the same name that changes this is refused. Says nothing of functions, which may change. */
  readonly meaning: string
  /** What parts of its state mean, by their names, where an edit may add and drop some: one that stays must mean the same. */
  readonly states?: Readonly<Record<string, string>>
  /** Inputs by their names, in the order of their numbers, as errors and `explain` call them. */
  readonly inputs: readonly string[]
  readonly explain: OperatorText
  readonly watermarks: WatermarkNeed
  /** Whether it gives rows, each under an id of its own, and whether one may change after it went out. */
  readonly rows: 'none' | 'final' | 'updates'
  /** The windows that its rows come in, and how long after a window's end one may still change. */
  readonly windows?: WindowAssigner
  readonly latenessMs?: number
  /** Side outputs. */
  readonly sides: readonly string[]
  create(name: string, context: OperatorContext, outputs: OperatorOutputs): StatefulOperator
}

/** `kind` tells operators apart; the rest is the operator's own. */
export type OperatorSpec = { readonly kind: string }

/** As `explain` has it. */
export type OperatorText = {
  readonly function: string
  readonly windows: string
  readonly emits: string
  readonly lateness: string
  readonly keeps: string
}

/**
 * How closely an operator follows the watermark:
 *
 * - `none`: not at all
 * - `windows`: where these windows fire and close
 * - `any`: at every millisecond; a key group without records is told at least each `silentMs` of event time
 */
export type WatermarkNeed =
  | { readonly kind: 'none' }
  | { readonly kind: 'windows'; readonly windows: WindowAssigner; readonly latenessMs: number }
  | { readonly kind: 'any'; readonly silentMs: number }

export type OperatorOutputs = {
  readonly push: Push
  /** Of a side output that nobody takes it does nothing. */
  side(name: string): Push
}
