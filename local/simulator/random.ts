/**
 * Random numbers of a seed: the same everywhere, for good, as a seed that failed is kept as a test. Doug Lea's and Guy Steele's SplitMix
 * in its 32-bit form: a counter that steps by the golden ratio, mixed by murmur3's finisher. All arithmetic is on 32-bit integers.
 *
 * Not for secrets; a period of 2^32 is plenty for one run.
 */
export class Random {
  readonly #seed: number
  #state: number

  /** Any safe integer; its 53 bits all count. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`Cannot seed: found ${seed}, expected a whole number`)
    this.#seed = (seed ^ mixed(Math.floor(seed / 2 ** 32))) >>> 0
    this.#state = mixed(this.#seed)
  }

  /** From 0, below 1, in steps of 2^-32. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    return mixed(this.#state) / 2 ** 32
  }

  /** A whole number from 0, below `count`, which is at most 2^32. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True in this share of cases. */
  chance(share: number): boolean {
    return this.next() < share
  }

  /** Throws a RangeError when there is nothing to pick. */
  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new RangeError('Cannot pick: there is nothing to pick from')
    return choices[this.below(choices.length)]
  }

  /**
   * Numbers of their own for a part of the run: they depend on the seed and the name alone, not on what was drawn before, so a change
   * in one part leaves the others as they are.
   */
  fork(name: string): Random {
    let hash = this.#seed
    for (let i = 0; i < name.length; i++) hash = mixed((Math.imul(hash, 31) + name.charCodeAt(i)) | 0)
    return new Random(hash)
  }
}

/** Murmur3's finisher: every bit of the result depends on every bit of the number. */
function mixed(number: number): number {
  let h = number | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
