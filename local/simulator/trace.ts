/** One thing that happened, as text only where somebody reads it. */
export type TraceLine = { readonly step: number; readonly ms: number; readonly text: string }

/**
 * What happened in a run, as a number and, if asked for, as lines. Two runs with the same number did the same things in the same order;
 * a run without lines costs no text.
 */
export class Trace {
  readonly lines: TraceLine[] | undefined
  readonly #texts = new Map<string, number>()
  #hash = 0x811c9dc5
  #step = 0
  #ms = 0

  constructor(hasLines: boolean) {
    this.lines = hasLines ? [] : undefined
  }

  at(step: number, ms: number): void {
    this.#step = step
    this.#ms = ms
  }

  /** `place` and `what` are few; what differs from time to time goes into the numbers. */
  note(what: string, place: string, one = 0, other = 0): void {
    this.#mix(this.#step)
    this.#mix(this.#ms)
    this.#mix(this.#hashOf(what))
    this.#mix(this.#hashOf(place))
    this.#mix(one)
    this.#mix(other)
  }

  /** A line for a person: it adds nothing to the hash. */
  tell(text: () => string): void {
    this.lines?.push({ step: this.#step, ms: this.#ms, text: text() })
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  /** FNV-1a, 32 bits at a time. */
  #mix(number: number): void {
    this.#hash = Math.imul(this.#hash ^ (number | 0), 0x01000193)
    this.#hash ^= this.#hash >>> 15
  }

  #hashOf(text: string): number {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    let hash = 0x811c9dc5
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    this.#texts.set(text, hash)
    return hash
  }
}
