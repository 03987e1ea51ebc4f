import type { StoredCommit, StoredPage } from '../../shared/ports/commit-log.ts'
import type { PutOutcome } from '../../shared/ports/streams.ts'
import type { EmbeddedCloud } from '../cloud/embedded-cloud.ts'
import type { Operation } from '../testing/faults.ts'
import type { Invocation } from './invocation.ts'
import type { RuntimeCall } from './observation.ts'
import type { Random } from './random.ts'

/** What a call is made of, as the watchers hear of it when it takes effect. */
export type Effect = { readonly call: RuntimeCall; readonly result: unknown }

export type ParkedOptions = {
  readonly number: number
  readonly cloud: EmbeddedCloud
  readonly invocation: Invocation
  readonly operation: Operation
  readonly call: RuntimeCall
  readonly effect: () => Promise<unknown>
  readonly onEffect: (effect: Effect) => void
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** A call of the runtime that waits for its turn. Calls of several items can take effect item by item. */
export class ParkedCall {
  readonly number: number
  readonly invocation: Invocation
  readonly operation: Operation
  readonly call: RuntimeCall
  /** Not before this step, unless nothing else is left to do. */
  notBefore = 0
  /** The request arrives once more before it is answered. */
  arrivesAgain = false
  /** It has been looked at for faults: it goes on without. */
  isDecided = false
  /** It has taken effect, and this is what it will be answered. */
  answer: { readonly value: unknown } | { readonly error: Error } | undefined
  readonly #options: ParkedOptions
  /** Items that have not taken effect, of a call that is made of several. */
  #left: number[]
  readonly #outcomes: (PutOutcome | boolean)[] = []
  #before: unknown

  constructor(options: ParkedOptions) {
    this.#options = options
    this.number = options.number
    this.invocation = options.invocation
    this.operation = options.operation
    this.call = options.call
    this.#left = Array.from({ length: itemsOf(options.call).length }, (_, i) => i)
  }

  /** How many items have not taken effect; 0 of a call that cannot be divided. */
  get divisible(): number {
    return this.#left.length
  }

  /** Bytes that the call carries, for the trace. */
  get weight(): number {
    const { call } = this
    if (call.method === 'append') return call.args[1].body.length
    if (call.method === 'writePage') return call.args[1].bytes.length
    if (call.method === 'putRecords') return call.args[1].reduce((sum, { data }) => sum + data.byteLength, 0)
    return itemsOf(call).length
  }

  /** Takes effect, or what is left of it, and becomes the answer. In another order where `disorder` says so. */
  async perform(disorder?: Random): Promise<void> {
    try {
      this.answer = { value: await this.#whole(disorder) }
    } catch (error) {
      this.answer = { error: error instanceof Error ? error : new Error(String(error)) }
    }
  }

  /** Some of its items take effect, chosen at random; at least one is left. */
  async performSome(random: Random): Promise<void> {
    const now = shuffled(this.#left, random).slice(0, random.below(this.#left.length))
    await this.#items(now)
  }

  /** Some records of a put are accepted, the others refused. */
  async acceptSome(random: Random): Promise<void> {
    await this.performSome(random)
    for (const i of this.#left)
      this.#outcomes[i] = { kind: 'refused', reason: 'ProvisionedThroughputExceededException' }
    this.#left = []
    this.answer = { value: this.#outcomes }
  }

  /** A query is read, and what is found may be part of the answer: the rest is read when it is performed. */
  async readBefore(): Promise<void> {
    this.#before = await this.#options.effect()
  }

  /** The request arrives once more: the same again, and nobody hears what it comes to. */
  async again(): Promise<void> {
    this.#left = itemsOf(this.call).map((_, i) => i)
    await this.perform()
  }

  resolve(value: unknown): void {
    this.#options.resolve(value)
  }

  reject(error: Error): void {
    this.#options.reject(error)
  }

  async #whole(disorder: Random | undefined): Promise<unknown> {
    if (this.#left.length > 0) {
      await this.#items(disorder === undefined ? this.#left : shuffled(this.#left, disorder))
      return this.call.method === 'putRecords' || this.call.method === 'claim' ? this.#outcomes : undefined
    }
    const { effect, onEffect, call } = this.#options
    const result = this.#before === undefined ? await effect() : mixed(this.#before, await effect(), this.number)
    onEffect({ call, result })
    return result
  }

  async #items(now: readonly number[]): Promise<void> {
    const { cloud, call, onEffect } = this.#options
    this.#left = this.#left.filter(i => !now.includes(i))
    if (now.length === 0) return
    if (call.method === 'putRecords') {
      const [stream, records] = call.args
      const part = now.map(i => records[i])
      const outcomes = await cloud.ports.streams.putRecords(stream, part)
      for (const [at, i] of now.entries()) this.#outcomes[i] = outcomes[at]
      onEffect({ call: { ...call, args: [stream, part] }, result: outcomes })
    } else if (call.port === 'claims') {
      const [source, claims, keptMs] = call.args
      const part = now.map(i => claims[i])
      const answers = await cloud.ports.claims.claim(source, part, keptMs)
      for (const [at, i] of now.entries()) this.#outcomes[i] = answers[at]
      onEffect({ call: { ...call, args: [source, part, keptMs] }, result: answers })
    } else if (call.port === 'views' && call.method === 'put') {
      const [view, rows] = call.args
      const part = now.map(i => rows[i])
      await cloud.ports.views.put(view, part)
      onEffect({ call: { ...call, args: [view, part] }, result: undefined })
    } else if (call.port === 'deadLetters' && call.method === 'put') {
      const [pipeline, letters] = call.args
      const part = now.map(i => letters[i])
      await cloud.ports.deadLetters.put(pipeline, part)
      onEffect({ call: { ...call, args: [pipeline, part] }, result: undefined })
    }
  }
}

/** What the port lets take effect one by one. */
function itemsOf(call: RuntimeCall): readonly unknown[] {
  return call.method === 'putRecords' || call.method === 'put' || call.method === 'claim' ? call.args[1] : []
}

/**
 * A query that ran while others wrote: of each place what was there before or what is there after, whichever it came to. `salt` decides,
 * so that nothing is drawn.
 */
function mixed(before: unknown, after: unknown, salt: number): unknown {
  if (!Array.isArray(before) || !Array.isArray(after)) return after
  const places = new Map<number, readonly unknown[]>()
  for (const [side, items] of [before, after].entries()) {
    for (const item of items as readonly (StoredCommit | StoredPage)[]) {
      const place = 'ring' in item ? item.version % item.ring : item.part
      const both = [...(places.get(place) ?? [undefined, undefined])]
      both[side] = item
      places.set(place, both)
    }
  }
  return [...places].flatMap(([place, both]) => {
    const item = both[Math.imul(Math.imul(place + 1, 0x9e3779b1), salt * 2 + 1) >>> 31]
    return item === undefined ? [] : [item]
  })
}

export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[copy[i], copy[j]] = [copy[j], copy[i]]
  }
  return copy
}
