/** Makes changes to plain objects atomic: each change says how to undo it, a failed transaction undoes them backwards. */
export class UndoLog {
  #open: Open | undefined

  transaction<T>(work: () => T): T {
    if (this.#open !== undefined) return work()
    const open: Open = { undos: [], afterwards: [] }
    this.#open = open
    let result: T
    try {
      result = work()
    } catch (error) {
      this.#open = undefined
      for (const undo of open.undos.reverse()) undo()
      throw error
    }
    this.#open = undefined
    for (const effect of open.afterwards) effect()
    return result
  }

  /** Notes how to undo the change just made. Outside a transaction there is nothing to undo. */
  note(undo: () => void): void {
    this.#open?.undos.push(undo)
  }

  /** Runs `effect`, which cannot be undone, once the transaction has succeeded: at once outside of one. */
  afterwards(effect: () => void): void {
    if (this.#open === undefined) effect()
    else this.#open.afterwards.push(effect)
  }
}

type Open = { readonly undos: (() => void)[]; readonly afterwards: (() => void)[] }
