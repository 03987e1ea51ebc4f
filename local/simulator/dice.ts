import type { FaultKind } from './fault-kinds.ts'
import type { Random } from './random.ts'

/** A fault that the dice have chosen. */
export type Drawn<Kind extends FaultKind = FaultKind> = {
  /** Names the decision in every run of the seed: a place, and the how manieth decision there. */
  readonly id: string
  readonly kind: Kind
  /** For its details. */
  readonly random: Random
}

/** A fault that happened, for the schedule. */
export type FaultRecord = {
  readonly id: string
  readonly kind: FaultKind
  readonly step: number
  readonly ms: number
  readonly text: string
}

/**
 * Decides what goes wrong. Each place has random numbers of its own, so that a fault that is left out changes nothing about what is
 * decided elsewhere: this is what makes a schedule shrinkable.
 */
export class Dice {
  readonly #random: Random
  readonly #rates: { readonly [Kind in FaultKind]: number }
  readonly #only: ReadonlySet<string> | undefined
  readonly #places = new Map<string, { readonly random: Random; count: number }>()
  /** From now on nothing goes wrong. */
  isHealed = false

  /** With `only`, the decisions of these ids alone are carried out. */
  constructor(random: Random, rates: { readonly [Kind in FaultKind]: number }, only: ReadonlySet<string> | undefined) {
    this.#random = random
    this.#rates = rates
    this.#only = only
  }

  /** Which of `kinds` happens here and now, if any. */
  roll<Kind extends FaultKind>(place: string, kinds: readonly Kind[]): Drawn<Kind> | undefined {
    if (this.isHealed) return undefined
    let known = this.#places.get(place)
    if (known === undefined) {
      known = { random: this.#random.fork(place), count: 0 }
      this.#places.set(place, known)
    }
    known.count++
    let left = known.random.next()
    for (const kind of kinds) {
      left -= this.#rates[kind]
      if (left >= 0) continue
      const id = `${place} ${known.count}`
      if (this.#only !== undefined && !this.#only.has(id)) return undefined
      return { id, kind, random: this.#random.fork(id) }
    }
    return undefined
  }
}
