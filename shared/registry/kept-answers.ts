/**
 * Answers that never change: each is asked for once, also by several at the same time, and then kept for as long as the process lives.
 * Neither failures nor `undefined` are kept.
 */
export class KeptAnswers<T> {
  readonly #answers = new Map<string, T>()
  readonly #asked = new Map<string, Promise<T | undefined>>()

  /** The signal ends the wait, not the call: others may wait for it too. */
  async get(key: string, ask: () => Promise<T | undefined>, signal?: AbortSignal): Promise<T | undefined> {
    const kept = this.#answers.get(key)
    if (kept !== undefined) return kept
    const asked = this.#asked.get(key) ?? this.#ask(key, ask)
    return signal === undefined ? asked : untilAborted(asked, signal)
  }

  #ask(key: string, ask: () => Promise<T | undefined>): Promise<T | undefined> {
    const asked = ask()
      .then(answer => {
        if (answer !== undefined) this.#answers.set(key, answer)
        return answer
      })
      .finally(() => this.#asked.delete(key))
    this.#asked.set(key, asked)
    return asked
  }
}

function untilAborted<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    asked.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
