import { UserFunctionError } from '../model/errors.ts'

/** Names the operator in what its function throws. */
export function wrapped<Arguments extends readonly unknown[], R>(
  label: string,
  fn: (...values: Arguments) => R,
): (...values: Arguments) => R {
  return (...values) => {
    try {
      return fn(...values)
    } catch (thrown) {
      throw thrown instanceof UserFunctionError ? thrown : new UserFunctionError(label, thrown)
    }
  }
}

/**
 * The same for what a timer calls: while a timer that failed for good is let go, what throws answers undefined, so that its state can
 * move on; nothing that it puts out goes anywhere then.
 */
export function wrappedTimer<Arguments extends readonly unknown[], R>(
  label: string,
  fn: (...values: Arguments) => R,
  context: { readonly isDiscarding: boolean },
): (...values: Arguments) => R | undefined {
  const call = wrapped(label, fn)
  return (...values) => {
    try {
      return call(...values)
    } catch (thrown) {
      if (context.isDiscarding) return undefined
      throw thrown
    }
  }
}
