/** Randomness of a seed: the same numbers on any machine, so only with + - * / and square roots, which are exact everywhere. */
export type Random = {
  /** A whole number from 0 to `bound` - 1, each about equally likely. `bound` is at most 2^32. */
  readonly below: (bound: number) => number
}

/** The generator sfc32 of PractRand: 128 bits of state, fast in 32-bit arithmetic. */
export function randomOf(seed: number): Random {
  let a = seed >>> 0
  let b = Math.floor(seed / 0x1_0000_0000) >>> 0
  let c = 0x9e3779b9
  let counter = 1
  const next = (): number => {
    const result = (a + b + counter) >>> 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    return result
  }
  // As its author does: the first results show the seed's bits.
  for (let i = 0; i < 15; i++) next()
  return { below: bound => Math.floor((next() / 0x1_0000_0000) * bound) }
}
