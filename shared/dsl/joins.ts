import { coGroup, intervalJoin, windowJoin } from '#operators/joins'
import type { Duration } from '../model/duration.ts'
import { ConfigurationError } from '../model/errors.ts'
import type { Loose } from '../model/loose.ts'
import type { CoGroupSpec } from '../operators/joins/cogroup.ts'
import type { IntervalJoinSpec } from '../operators/joins/interval-join.ts'
import type { JoinType, LateOutputs, PairCondition } from '../operators/joins/join-types.ts'
import type { WindowJoinSpec } from '../operators/joins/window-join.ts'
import type { KeyByNode, OperatorNode } from '../plan/graph.ts'
import { type FixedWindows, greatestSizeMs, type Window, type WindowAssigner } from '../windows/window.ts'
import { coGroupText, intervalJoinText, windowJoinText } from './join-texts.ts'
import { operatorNode } from './operator-node.ts'
import type { NotYet } from './stream.ts'

/** Joins that combine a left and a right value. */
export type PairingJoin = 'inner' | 'left' | 'right' | 'full'
/** Joins that let left values through, by whether there is a right one. */
export type FilteringJoin = 'semi' | 'anti'

/** What the combining function gets: undefined where a record may be alone. */
export type LeftOf<Type, L> = Type extends 'right' | 'full' ? L | undefined : L
export type RightOf<Type, R> = Type extends 'left' | 'full' ? R | undefined : R

/** Keys of two streams that can be equal. */
export type KeysAlike<K, Other> = [Other] extends [K]
  ? unknown
  : [K] extends [Other]
    ? unknown
    : NotYet<'Key both streams by values of one type: no two of these keys are equal'>

export type JoinSides<LeftName extends string, L, RightName extends string, R> = {
  readonly [name in LeftName]: L
} & { readonly [name in RightName]: R }

/** Bounds of event time between the two records of a pair, both included: the right one is in [left - before, left + after]. */
export type IntervalBounds<L> =
  | { readonly within: 'forever'; readonly before?: undefined; readonly after?: undefined; readonly until?: undefined }
  | {
      readonly within?: undefined
      /** How much earlier than the left record the right one may be. Default 0. */
      readonly before?: Duration
      /** How much later than the left record the right one may be. Default 0. */
      readonly after?: Duration
      readonly until?: undefined
    }
  | {
      readonly within?: undefined
      readonly before?: Duration
      readonly after?: undefined
      /** In place of `after`: the last event time of right records, by the left value; epoch milliseconds or a date. */
      readonly until: (left: L) => number | Date
    }

/** How two streams are joined by event time: within which bounds, by which further condition, and what becomes of late records. */
export type IntervalJoinOptions<L, R, LeftName extends string, RightName extends string> = IntervalBounds<L> & {
  /** A further condition of a pair: part of the join's, so a record that it leaves without a pair is alone. */
  readonly where?: (left: L, right: R) => boolean
  /** How much longer records are kept, for late ones. Default 0. */
  readonly allowedLateness?: Duration
  /** Side outputs for the expired records of each side, instead of being dropped and counted only. */
  readonly lateTo?: { readonly left?: LeftName; readonly right?: RightName }
}

/** Options as the runtime sees them. */
export type AnyIntervalJoin = {
  readonly type?: JoinType
  readonly within?: 'forever' | undefined
  readonly before?: Duration | undefined
  readonly after?: Duration | undefined
  readonly until?: Loose<[left: unknown], number | Date> | undefined
  readonly where?: PairCondition
  readonly allowedLateness?: Duration
  readonly lateTo?: { readonly left?: string; readonly right?: string }
}

export type AnyCombine = Loose<[left: unknown, right: unknown], unknown>

export function intervalJoinNode(
  name: string,
  left: KeyByNode,
  right: KeyByNode,
  options: AnyIntervalJoin,
  combine: AnyCombine | undefined,
): OperatorNode {
  const { type = 'inner', within, before, after, until, where, allowedLateness: latenessMs = 0, lateTo = {} } = options
  if (within === undefined && before === undefined && after === undefined && until === undefined) {
    throw new ConfigurationError(
      `Cannot join in "${name}": there is no bound, expected "before", "after" or "until", or within: 'forever' to keep all records for ever`,
    )
  }
  for (const length of [before, after, latenessMs]) {
    if (length !== undefined && length > greatestSizeMs) {
      throw new ConfigurationError(`Cannot join within ${length} ms in "${name}": expected at most ${greatestSizeMs}`)
    }
  }
  checkLateNames(name, lateTo)
  const spec: IntervalJoinSpec = {
    kind: 'intervalJoin',
    type,
    beforeMs: within === 'forever' ? Number.POSITIVE_INFINITY : (before ?? 0),
    afterMs: within === 'forever' ? Number.POSITIVE_INFINITY : (after ?? 0),
    until: until === undefined ? undefined : (value: unknown) => timeOf(until(value)),
    where,
    combine: combine ?? ((value: unknown) => value),
    latenessMs,
    lateTo: { ...lateTo },
  }
  return operatorNode(name, [left, right], { ...intervalJoin(spec), explain: intervalJoinText(spec) })
}

/** A bound taken from data must be a time: with anything else a record would never go. */
function timeOf(bound: number | Date): number {
  const time = Number(bound)
  if (!Number.isNaN(time)) return time
  throw new TypeError('the bound that "until" gives is no time, expected epoch milliseconds or a valid date')
}

function checkLateNames(name: string, lateTo: { readonly left?: string; readonly right?: string }): void {
  if (lateTo.left !== undefined && lateTo.left === lateTo.right) {
    throw new ConfigurationError(
      `Cannot join in "${name}": both sides' expired records would go to "${lateTo.left}", give each side output a name of its own`,
    )
  }
}

/** How two streams are joined in windows: by which further condition, and what becomes of late records of the right side. */
export type WindowJoinOptions<L, R, RightName extends string> = {
  /** A further condition of a pair: part of the join's, so a record that it leaves without a pair is alone. */
  readonly where?: (left: L, right: R) => boolean
  /** Side output for the right side's expired records; those of the left go to the windowed stream's `lateTo`. */
  readonly lateTo?: { readonly right?: RightName }
}

type WindowedSide = {
  readonly node: KeyByNode
  readonly windows: WindowAssigner
  readonly latenessMs: number
  readonly lateTo: string | undefined
}

export type AnyWindowJoin = {
  readonly type?: JoinType
  readonly where?: PairCondition
  readonly lateTo?: { readonly right?: string }
}

export type AnyWindowCombine = Loose<[left: unknown, right: unknown, window: Window], unknown>

export function windowJoinNode(
  name: string,
  left: WindowedSide,
  right: KeyByNode,
  { type = 'inner', where, lateTo }: AnyWindowJoin,
  combine: AnyWindowCombine = value => value,
): OperatorNode {
  const windows = fixed(name, left.windows)
  const { latenessMs } = left
  const late = lateOutputsOf(name, left.lateTo, lateTo?.right)
  const spec: WindowJoinSpec = { kind: 'windowJoin', type, windows, where, combine, latenessMs, lateTo: late }
  return operatorNode(name, [left.node, right], { ...windowJoin(spec), explain: windowJoinText(spec) })
}

export function coGroupNode(
  name: string,
  left: WindowedSide,
  right: KeyByNode,
  fn: CoGroupSpec['function'],
  lateTo: string | undefined,
): OperatorNode {
  const windows = fixed(name, left.windows)
  const { latenessMs } = left
  const late = lateOutputsOf(name, left.lateTo, lateTo)
  const spec: CoGroupSpec = { kind: 'coGroup', windows, function: fn, latenessMs, lateTo: late }
  return operatorNode(name, [left.node, right], { ...coGroup(spec), explain: coGroupText(spec) })
}

/** Two sides need windows that are the same for both: a time alone must decide their bounds. */
function fixed(name: string, windows: WindowAssigner): FixedWindows {
  if (windows.kind !== 'session' && windows.kind !== 'sliding' && windows.kind !== 'count') return windows
  throw new ConfigurationError(
    `Cannot join ${windows.kind} windows in "${name}": each side would have its own, expected tumbling, hopping, cumulating, daily or global windows, or an interval join`,
  )
}

function lateOutputsOf(name: string, left: string | undefined, right: string | undefined): LateOutputs {
  const lateTo = { ...(left !== undefined && { left }), ...(right !== undefined && { right }) }
  checkLateNames(name, lateTo)
  return lateTo
}
