import type { PortCall } from '../../local/cloud/intercept-ports.ts'

/** What can happen at an await: the environment dies before the call's effect or after it, or the call's answer is lost. */
export type Blow = 'dies before' | 'dies after' | 'loses the answer of'

/** Each blow strikes once at each await of each stage: they are told apart by the call and by which one of its kind it is in its invocation. */
export class Strikes {
  readonly #struck = new Set<string>()
  readonly #mostOfAKind: number

  /** Of calls of one kind in one invocation, the first so many are awaits of their own; those behind them count as one. */
  constructor(mostOfAKind: number) {
    this.#mostOfAKind = mostOfAKind
  }

  get count(): number {
    return this.#struck.size
  }

  /** By blow and call, over all stages. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const name of this.#struck) {
      const kind = name.replace(/^\S+ | \d+$/g, '')
      counts[kind] = (counts[kind] ?? 0) + 1
    }
    return counts
  }

  /** True once for each stage, blow, call and `nth`. */
  strikes(blow: Blow, stage: string, { port, method }: PortCall, nth: number): boolean {
    if (blow === 'loses the answer of' && !losable.has(`${port}.${method}`)) return false
    const name = `${stage} ${blow} ${port}.${method} ${Math.min(nth, this.#mostOfAKind)}`
    if (this.#struck.has(name)) return false
    this.#struck.add(name)
    return true
  }
}

const losable = new Set(['streams.putRecords', 'commits.append', 'commits.writePage', 'views.put', 'deadLetters.put'])
