/**
 * The sum of doubles as a fraction, rounded once: every finite double is a whole multiple of 2^-1074, so a big integer holds any sum of
 * them. Undefined where the sum is not the same in every order: the values reach beyond the greatest double on the way.
 */
export function exactSum(values: readonly number[]): number | undefined {
  let positive = 0n
  let negative = 0n
  let special = 0
  for (const value of values) {
    if (!Number.isFinite(value)) special += value
    else if (value > 0) positive += unitsOf(value)
    else negative += unitsOf(value)
  }
  if (special !== 0) return special
  if (doubleOf(positive) === Number.POSITIVE_INFINITY || doubleOf(negative) === Number.NEGATIVE_INFINITY)
    return undefined
  return doubleOf(positive + negative)
}

const bits = new DataView(new ArrayBuffer(8))

/** How many times 2^-1074: sign, exponent and fraction as IEEE 754 lays them out. */
function unitsOf(value: number): bigint {
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const exponent = (raw >> 52n) & 0x7ffn
  const fraction = raw & 0xf_ffff_ffff_ffffn
  const units = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return raw >> 63n === 0n ? units : -units
}

/**
 * The sum of the squares of the distances of finite doubles from their mean, times how many they are: n * sum(x * x) - sum(x) * sum(x)
 * as a fraction, rounded once.
 */
export function exactSquares(values: readonly number[]): number {
  const units = values.map(unitsOf)
  const sum = units.reduce((all, each) => all + each, 0n)
  const squares = units.reduce((all, each) => all + each * each, 0n)
  return doubleOf(BigInt(values.length) * squares - sum * sum, 2 * leastExponent)
}

/** Of the least double. */
const leastExponent = -1074

/** The double nearest to so many times 2 to the power of `exponent`, ties to even. */
function doubleOf(units: bigint, exponent = leastExponent): number {
  const size = units < 0n ? -units : units
  const length = size.toString(2).length
  const sign = units < 0n ? -1 : 1
  // Number() rounds a big integer right; scaling by a power of two is exact, as 54 bits and more are no subnormal.
  if (length <= 64) return sign * scaled(Number(size), exponent)
  const dropped = BigInt(length - 64)
  const rest = size & ((1n << dropped) - 1n)
  const top = (size >> dropped) | (rest === 0n ? 0n : 1n)
  return sign * scaled(Number(top), length - 64 + exponent)
}

/** Times 2 to the power of `exponent`, in steps that doubles have. */
function scaled(size: number, exponent: number): number {
  let [value, left] = [size, exponent]
  while (left < -1_000) {
    value *= 2 ** -1_000
    left += 1_000
  }
  return value * 2 ** left
}
