import type { Key } from '../../model/key.ts'

/**
 * The join of a left table with a right one by a key that the left row names goes through three stages, as positions of different
 * shards cannot be compared:
 *
 * 1. where the left rows are, each gets a subscription of its own whenever the key that it names changes. The subscription's number tells
 *    it from all others that the row ever had. The stage of the right rows, keyed by what left rows name, is told of it and of its end;
 *    the stage where they are put together, keyed as the left rows are, is told of each left row with the number that it has now
 * 2. the stage of the right rows answers a subscription at once, and again whenever the right row changes, and says when it has ended
 * 3. a left row is put together with the answer of the same number: answers to older ones are dropped
 *
 * Kafka Streams does the same by a hash of the left row (KIP-213).
 */

/** What the stage of the right rows is told by the left rows: a subscription, or, without a number before it, its end. */
export type Subscription = {
  /** What the left row names: the key in the stage. */
  readonly on: Key
  readonly left: Key
  readonly number: number
  readonly isEnd: boolean
}

/** A right row, by its key; without a value it is gone. */
export type RightRow = { readonly key: Key; readonly row?: readonly [value: unknown] }

/** What a left row's key is told of it: the newest row and the number that it has; without a row it is gone. */
export type LeftRow = {
  readonly left: Key
  readonly number: number
  readonly row?: readonly [value: unknown]
  /** It names no key: no answer will come. */
  readonly isAlone?: boolean
}

/** What a left row's key is answered: the right row, or that there is none; or that the subscription has ended. */
export type Answer = {
  readonly left: Key
  readonly number: number
  readonly row?: readonly [value: unknown]
  readonly isEnd?: boolean
}

/** Where subscriptions go: left rows go to the stage where rows are put together. */
export const subscriptionsSide = 'subscriptions'
