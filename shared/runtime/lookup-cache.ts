import type { LookupNode } from '../plan/graph.ts'

/** What a lookup came to for a key. A value of undefined says that there is none. */
export type Answer =
  | {
      readonly value: unknown /** It took the place of one that failed: no cache keeps it. */
      readonly standsIn?: true
    }
  | { readonly error: Error }

/** Answers that a warm environment remembers: at most so many, those used last, each for its time to live. */
export class LookupCache {
  readonly #options: LookupNode['cache']
  /** In the order of their last use. */
  readonly #entries = new Map<string, { readonly value: unknown; readonly untilMs: number }>()

  constructor(options: LookupNode['cache']) {
    this.#options = options
  }

  get(id: string, nowMs: number): Answer | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    this.#entries.delete(id)
    if (entry.untilMs <= nowMs) return undefined
    this.#entries.set(id, entry)
    return entry
  }

  set(id: string, value: unknown, nowMs: number): void {
    const options = this.#options
    if (options === undefined || (value === undefined && !options.missing)) return
    this.#entries.delete(id)
    this.#entries.set(id, { value, untilMs: nowMs + options.ttlMs })
    if (this.#entries.size <= options.most) return
    const [oldest] = this.#entries.keys()
    this.#entries.delete(oldest)
  }
}
