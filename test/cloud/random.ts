/** Random numbers of one seed: the same every time. Mulberry32. */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed
  }

  /** From 0, below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0, below `count`. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]
  }

  hashKey(): bigint {
    return BigInt(this.below(2 ** 32)) << 96n
  }
}
