import { UsageError } from './command-line.ts'

/** For an option that may be given once: a second value would silently replace the first. */
export function once(option: string): (value: string, before: string | undefined) => string {
  return (value, before) => {
    if (before !== undefined) {
      throw new UsageError(`Cannot read ${option} "${value}": it was given already as "${before}", give it once`)
    }
    return value
  }
}

/** For an option that may be given again and again. */
export const collected = (value: string, before: readonly string[]): readonly string[] => [...before, value]

/** The whole number from `least` to `most` in `digits`, all or a part of an option's value. Throws a UsageError. */
export function numberIn(option: string, text: string, least: number, most: number, digits = text): number {
  const number = /^-?\d{1,16}$/.test(digits) ? Number(digits) : Number.NaN
  if (Number.isSafeInteger(number) && number >= least && number <= most) return number
  throw new UsageError(`Cannot read ${option} "${text}": expected a whole number from ${least} to ${most}`)
}
