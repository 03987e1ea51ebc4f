import type { Storage } from './storage.ts'

/** The storage's transactions, for parts that remember things beside it: they hear when to tell and when to forget. */
export class Transactions {
  readonly #storage: Storage
  readonly #forget: (() => void)[] = []
  #afterwards: (() => void)[] | undefined

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** Runs `work` atomically. It must be synchronous: what it did after an await would be outside. */
  run<T>(work: () => T): T {
    if (this.#afterwards !== undefined) return work()
    const afterwards: (() => void)[] = []
    this.#afterwards = afterwards
    let result: T
    try {
      result = this.#storage.transaction(() => synchronous(work()))
    } catch (error) {
      this.#afterwards = undefined
      for (const forget of this.#forget) forget()
      throw error
    }
    this.#afterwards = undefined
    for (const effect of afterwards) effect()
    return result
  }

  /** Runs `effect` once the transaction that is open has been kept, never if it fails. */
  afterwards(effect: () => void): void {
    if (this.#afterwards === undefined) effect()
    else this.#afterwards.push(effect)
  }

  /** Registers what must be forgotten when a transaction has failed, because it may remember what was undone. */
  onFailure(forget: () => void): void {
    this.#forget.push(forget)
  }
}

function synchronous<T>(result: T): T {
  if (result instanceof Promise) {
    throw new TypeError('Cannot run a transaction: its function returned a promise, pass a synchronous function')
  }
  return result
}
