/** Random numbers from a seed (mulberry32): the same seed gives the same test, on every machine. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number in `[0, limit)`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }

  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  /** A number in `[0, 1)`, of 32 random bits. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }

  textOf(alphabet: readonly string[], longest: number): string {
    return Array.from({ length: this.below(longest + 1) }, () => this.pick(alphabet)).join('')
  }
}
