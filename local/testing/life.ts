/** Whether an invocation still counts, and what has become of it. */
export class Life {
  /** Settles when the platform sees no more of the invocation, with why. */
  readonly lost: Promise<Error>
  /** Settles when the process is gone: its own promises never do. */
  readonly gone: Promise<void>
  #state: 'alive' | 'zombie' | 'dead' = 'alive'
  #lose: (why: Error) => void = () => {}
  #go: () => void = () => {}

  constructor() {
    this.gone = new Promise(resolve => {
      this.#go = resolve
    })
    this.lost = new Promise(resolve => {
      this.#lose = resolve
    })
  }

  get isAlive(): boolean {
    return this.#state === 'alive'
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  /** The process is gone: nothing that it had not asked for happens any more. */
  die(why: string): void {
    this.#state = 'dead'
    this.#go()
    this.#lose(new Error(why))
  }

  /** The platform has given up on the invocation, which goes on all the same. */
  abandon(why: string): void {
    if (this.#state === 'alive') this.#state = 'zombie'
    this.#lose(new Error(why))
  }
}

/** What an await of a dead process comes to. */
export const never = <T>(): Promise<T> => new Promise(() => {})
