import { UserFunctionError } from '../model/errors.ts'

/** Names the operator in what its function throws. */
export function wrapped<A, R>(label: string, fn: (value: A) => R): (value: A) => R {
  return value => {
    try {
      return fn(value)
    } catch (thrown) {
      throw thrown instanceof UserFunctionError ? thrown : new UserFunctionError(label, thrown)
    }
  }
}
