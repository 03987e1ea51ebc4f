import type { OperatorNode } from '../../../../shared/plan/graph.ts'
import type { Item, Message } from '../arrivals.ts'
import type { OracleWindow } from '../windows.ts'

/**
 * What an operator makes of a whole input that ends, by its definition: a function of its spec and of what came to each input, in no
 * order but where one is known. Messages are in time; of rows that change only the newest states are here.
 */
export type EvaluateOperator = (
  node: OperatorNode,
  inputs: readonly (readonly Message[])[],
  known: KnownInputs,
) => OperatorResult

export type KnownInputs = {
  /** There is one input, and its messages are in the order in which they came. */
  readonly isInOrder: boolean
  /** Of each input. */
  readonly rows: readonly KnownRows[]
}

export type KnownRows = {
  /** Rows, or changes of rows, that had other states before the newest ones, which are here. */
  readonly isStale: boolean
  /** Rows of which nothing is known. They are not among the messages. */
  readonly open: OpenRowNames
  /** Of each row every value that it may have had, and may be more; it may have been gone at any time. Undefined: not known. */
  readonly states: RowStates | undefined
}

/** By name of the row. */
export type OpenRowNames = ReadonlyMap<string, OracleWindow | undefined>
export type RowStates = ReadonlyMap<string, readonly unknown[]>

export type OperatorResult =
  | {
      readonly kind: 'items'
      readonly items: readonly OperatorItem[]
      /** Of each of these, the items of one alternative go out. */
      readonly choices?: readonly (readonly (readonly OperatorItem[])[])[]
      readonly sides?: ReadonlyMap<string, readonly OperatorItem[]>
      /** Besides these, earlier states of rows go out, as many as the run makes of it. @default whether an input is stale */
      readonly isStale?: boolean
      /** Rows of which nothing is known. @default none */
      readonly openRows?: OpenRowNames
      /** See KnownRows. @default not known */
      readonly states?: RowStates
    }
  /** Depends on more than the input says. */
  | { readonly kind: 'open'; readonly reason: string }

/** With the event time that it has by definition. */
export type OperatorItem = Pick<Item, 'value' | 'time' | 'row'>

export const open = (reason: string): OperatorResult => ({ kind: 'open', reason })
