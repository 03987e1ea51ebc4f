import type { Await, CrashPoint, Fault, Operation } from './faults.ts'
import { type Life, never } from './life.ts'

/** Where, when and how `crash` strikes. */
export type CrashOptions<StageName extends string = string> = {
  /** Only in this stage. @default any */
  readonly stage?: StageName
  /** The how manieth time that the runtime reaches the point from now on. @default 1 */
  readonly occurrence?: number
  /**
   * `dies`: the invocation ends there and its environment is lost. `rejects`: the call fails, before its effect (the request was
   * lost) or after it (the answer was lost), and the invocation goes on with the error.
   * @default 'dies'
   */
  readonly how?: 'dies' | 'rejects'
}

/** A crash that has happened. */
export type Crash = { readonly point: CrashPoint; readonly at: Await }

type Plan = { readonly point: CrashPoint; readonly options: CrashOptions; left: number }

/** Something that waits until the runtime has come to so many awaits. */
type Later = { readonly due: number; readonly go: () => void }

/** Every await of the runtime goes through here: it is numbered, and what is to go wrong there does. */
export class Awaits {
  readonly log: Await[] = []
  readonly crashes: Crash[] = []
  readonly #faultAt: (at: Await) => Fault | undefined
  #plans: Plan[] = []
  #later: Later[] = []

  constructor(faultAt: ((at: Await) => Fault | undefined) | undefined) {
    this.#faultAt = faultAt ?? (() => undefined)
  }

  plan(point: CrashPoint, options: CrashOptions): void {
    this.#plans.push({ point, options, left: options.occurrence ?? 1 })
  }

  get hasDelayed(): boolean {
    return this.#later.length > 0
  }

  /** What was delayed happens now. */
  releaseAll(): void {
    const later = this.#later
    this.#later = []
    for (const { go } of later) go()
  }

  async pass<T>(life: Life, stage: string, operation: Operation, effect: () => Promise<T>): Promise<T> {
    if (life.isDead) return never()
    const at: Await = { number: this.log.length + 1, stage, operation, isZombie: !life.isAlive }
    this.log.push(at)
    this.#release()
    const fault = this.#planned(at) ?? this.#faultAt(at)
    const result = await (fault === undefined ? effect() : this.#suffer(fault, at, life, effect))
    return life.isDead ? never() : result
  }

  async #suffer<T>(fault: Fault, at: Await, life: Life, effect: () => Promise<T>): Promise<T> {
    const place = `${at.operation} of stage "${at.stage}", await ${at.number}`
    switch (fault.kind) {
      case 'crash':
        if (fault.when === 'after') await effect()
        life.die(`The invocation died ${fault.when} ${place}`)
        return never()
      case 'lost':
        if (fault.what === 'answer') await effect()
        throw new Error(`The ${fault.what} was lost: ${place}`)
      case 'late':
        life.die(`The invocation died in ${place}`)
        void this.#after(fault.awaits)
          .then(effect)
          .catch(() => undefined)
        return never()
      case 'zombie': {
        life.abandon(`The invocation took too long: ${fault.when} ${place}`)
        if (fault.when === 'before') await this.#after(fault.awaits)
        const result = await effect()
        if (fault.when === 'after') await this.#after(fault.awaits)
        return result
      }
    }
  }

  #after(awaits: number): Promise<void> {
    return new Promise(resolve => this.#later.push({ due: this.log.length + awaits, go: resolve }))
  }

  #release(): void {
    const due = this.#later.filter(later => later.due <= this.log.length)
    if (due.length === 0) return
    this.#later = this.#later.filter(later => !due.includes(later))
    for (const { go } of due) go()
  }

  #planned(at: Await): Fault | undefined {
    if (at.isZombie) return undefined
    for (const plan of this.#plans) {
      const { point, options } = plan
      if (options.stage !== undefined && options.stage !== at.stage) continue
      const when = point.startsWith('before') ? 'before' : 'after'
      if (point !== `${when}Any` && point !== `${when}${at.operation}`) continue
      if (--plan.left > 0) continue
      this.#plans = this.#plans.filter(other => other !== plan)
      this.crashes.push({ point, at })
      if (options.how !== 'rejects') return { kind: 'crash', when }
      return { kind: 'lost', what: when === 'before' ? 'request' : 'answer' }
    }
    return undefined
  }
}
