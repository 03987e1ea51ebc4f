declare const brand: unique symbol
/** A length of time in whole milliseconds, 0 or more. */
export type Duration = number & { readonly [brand]: 'Duration' }

/** A length of time from milliseconds. Throws a RangeError for a negative, fractional or unsafe number. */
export function milliseconds(count: number): Duration {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`Cannot make a duration: ${count} ms is not a whole number of 0 or more`)
  }
  return count as Duration
}

/** A length of time from seconds, which may have decimals down to the millisecond. Throws as `milliseconds` does. */
export const seconds = (count: number): Duration => milliseconds(wholeNear(count * 1_000))
/** A length of time from minutes; like `seconds`. */
export const minutes = (count: number): Duration => milliseconds(wholeNear(count * 60_000))
/** A length of time from hours; like `seconds`. */
export const hours = (count: number): Duration => milliseconds(wholeNear(count * 3_600_000))
/** A length of time from days of 24 hours; like `seconds`. */
export const days = (count: number): Duration => milliseconds(wholeNear(count * 86_400_000))

/** The whole number that a product stands for: 2.01 s are 2,010 ms, although 2.01 x 1,000 is a little less in binary. */
function wholeNear(product: number): number {
  const whole = Math.round(product)
  return Math.abs(product - whole) <= Math.abs(product) * 4 * Number.EPSILON ? whole : product
}
