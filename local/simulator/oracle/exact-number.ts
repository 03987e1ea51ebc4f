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

/** The nearest double, ties to even. */
function doubleOf(units: bigint): number {
  const size = units < 0n ? -units : units
  const length = size.toString(2).length
  const sign = units < 0n ? -1 : 1
  // Number() rounds a big integer right; scaling by a power of two is exact, as 54 bits and more are no subnormal.
  if (length <= 64) return sign * Number(size) * 2 ** -1074
  const dropped = BigInt(length - 64)
  const rest = size & ((1n << dropped) - 1n)
  const top = (size >> dropped) | (rest === 0n ? 0n : 1n)
  return sign * Number(top) * 2 ** (length - 64 - 1074)
}
