import type { OperatorNode } from '../../../../shared/plan/graph.ts'
import type { Item, Message } from '../arrivals.ts'

/**
 * What an operator makes of a whole input that ends, by its definition: a function of its spec and of what came to each input, in no
 * order but where one is known. Messages are in time; of rows that change only the newest states are here.
 */
export type EvaluateOperator = (
  node: OperatorNode,
  inputs: readonly (readonly Message[])[],
  known: {
    /** There is one input, and its messages are in the order in which they came. */
    readonly isInOrder: boolean
  },
) => OperatorResult

export type OperatorResult =
  | {
      readonly kind: 'items'
      readonly items: readonly OperatorItem[]
      /** Of each of these, one goes out. */
      readonly choices?: readonly (readonly OperatorItem[])[]
      readonly sides?: ReadonlyMap<string, readonly OperatorItem[]>
      /** Besides these, earlier states of rows go out, as many as the run makes of it. @default false */
      readonly isStale?: boolean
    }
  /** Depends on more than the input says. */
  | { readonly kind: 'open'; readonly reason: string }

/** With the event time that it has by definition. */
export type OperatorItem = Pick<Item, 'value' | 'time' | 'row'>

export const open = (reason: string): OperatorResult => ({ kind: 'open', reason })
