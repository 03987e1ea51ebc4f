import { UserFunctionError } from '../model/errors.ts'
import type { Aggregator } from '../operators/aggregator.ts'

/** Names the operator in what an aggregator throws; while a timer is discarded, a result that cannot be made is no result. */
export function guarded(
  operator: string,
  aggregator: Aggregator<unknown, unknown, unknown>,
  context: { readonly isDiscarding: boolean },
): Aggregator<unknown, unknown, unknown> {
  const attempt = <R>(run: () => R): R => {
    try {
      return run()
    } catch (thrown) {
      throw new UserFunctionError(operator, thrown)
    }
  }
  const attemptOrDiscard = (run: () => unknown): unknown => {
    try {
      return run()
    } catch (thrown) {
      if (context.isDiscarding) return undefined
      throw new UserFunctionError(operator, thrown)
    }
  }
  const { subtract } = aggregator
  return {
    create: () => attempt(() => aggregator.create()),
    add: (accumulator, value, time) => {
      try {
        return aggregator.add(accumulator, value, time)
      } catch (thrown) {
        throw new UserFunctionError(operator, thrown)
      }
    },
    merge: (accumulator, other) => attemptOrDiscard(() => aggregator.merge(accumulator, other)),
    ...(subtract && {
      subtract: (accumulator: unknown, other: unknown) => attemptOrDiscard(() => subtract(accumulator, other)),
    }),
    result: accumulator => attemptOrDiscard(() => aggregator.result(accumulator)),
  }
}
