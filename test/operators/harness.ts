import assert from 'node:assert/strict'
import { packValue, unpackValue } from '../../shared/codecs/values.ts'
import { decodePage, encodePage } from '../../shared/commit/paging.ts'
import { beginningOfTime, endOfTime } from '../../shared/model/event-time.ts'
import { type Key, type KeyRef, keyId } from '../../shared/model/key.ts'
import type { Aggregator } from '../../shared/operators/aggregator.ts'
import type { OperatorContext, StatefulOperator } from '../../shared/operators/operator.ts'
import type { StoreDelta } from '../../shared/state/store.ts'

export type MakeOperator<Op extends StatefulOperator> = (context: OperatorContext) => Op
type Cut = { readonly at: number; readonly id: string }
export type Fired = (at: number, id: string) => void

/**
 * Runs one operator on one key group as a logged stage does: records, watermarks, arrival times, commits, cuts between timers; and
 * restarts it from a page and the deltas after it. Time moves only when told.
 */
export class Harness<Op extends StatefulOperator> {
  operator: Op
  onFired: Fired = () => {}
  commits = 0
  readonly #make: MakeOperator<Op>
  readonly #context: OperatorContext
  readonly #log: StoreDelta[][] = []
  #page: { readonly version: number; readonly bytes: Buffer } | undefined
  #cut: Cut | undefined
  #lastFired: Cut | undefined

  constructor(make: MakeOperator<Op>) {
    this.#make = make
    this.#context = {
      watermarks: new Float64Array(1).fill(beginningOfTime),
      arrivalMs: 0,
      weight: 1,
      tallies: { late: 0, expired: 0 },
      firedUntil: (_operator, _group, id) => {
        const cut = this.#cut
        return cut !== undefined && cut.at > this.watermark && id <= cut.id ? cut.at : this.watermark
      },
      isDiscarding: false,
      fired: (_operator, _group, at, id) => {
        this.#lastFired = { at, id }
        this.onFired(at, id)
      },
    }
    this.operator = make(this.#context)
  }

  get eventTimer(): number {
    return this.operator.eventTimer?.(0) ?? Number.POSITIVE_INFINITY
  }

  get arrivalTimer(): number {
    return this.operator.arrivalTimer?.(0) ?? Number.POSITIVE_INFINITY
  }

  get watermark(): number {
    return this.#context.watermarks[0]
  }

  get tallies() {
    return this.#context.tallies
  }

  process(key: Key, value: unknown, time: number, input = 0): void {
    this.operator.process(refOf(key), value, time, input)
  }

  /** Arrival time passes: what is due by it happens. */
  arrive(arrivalMs: number): void {
    this.#context.arrivalMs = arrivalMs
    while (this.arrivalTimer <= arrivalMs) this.operator.fireArrivalTimer?.(0)
  }

  setArrival(arrivalMs: number): void {
    this.#context.arrivalMs = arrivalMs
  }

  /** The watermark moves. Before a timer for which `cuts` holds, the commit is cut, as in the middle of a run. */
  advance(watermark: number, cuts: () => boolean = () => false, afterCut: () => void = () => {}): void {
    if (watermark <= this.watermark) return
    this.#context.reaching = watermark
    for (let fired = 0; ; fired++) {
      assert.ok(fired < 1_000_000, 'timers must come to an end')
      const at = this.eventTimer
      if (at > watermark) break
      if (fired > 0 && cuts()) {
        if (at < endOfTime) this.#context.watermarks[0] = Math.max(this.watermark, at - 1)
        if (this.#lastFired?.at === at) this.#cut = this.#lastFired
        this.commit()
        afterCut()
        // A timer that would have found nothing to do may be gone after a restart.
        if (this.eventTimer !== at) continue
      }
      this.operator.fireEventTimer?.(0)
    }
    this.#context.watermarks[0] = watermark
    this.#cut = undefined
    this.#lastFired = undefined
  }

  commit(): void {
    this.operator.flush?.()
    const deltas = this.operator.stores.map(store => store.takeDelta()).filter(delta => delta !== undefined)
    for (const store of this.operator.stores) assert.equal(store.dirtyCount, 0)
    this.#log.push(unpackValue(packValue(deltas)) as StoreDelta[])
    this.commits++
  }

  /** As of the newest commit. */
  page(): Buffer {
    const bytes = encodePage(this.operator.stores, 0)
    this.#page = { version: this.#log.length, bytes }
    return bytes
  }

  /** Another environment goes on from the newest page and the deltas after it. Only called right after a commit. */
  restart(): void {
    const live = encodePage(this.operator.stores, 0)
    this.operator = this.#make(this.#context)
    const stores = new Map(this.operator.stores.map(store => [store.name, store]))
    const put = (
      name: string,
      ids: readonly string[],
      subs: readonly number[] | undefined,
      values: readonly unknown[],
    ) =>
      ids.forEach((id, i) => {
        stores.get(name)?.restore(0, id, subs?.[i] ?? 0, values[i])
      })
    if (this.#page !== undefined) {
      for (const { store, ids, subs, values } of decodePage(this.#page.bytes)) put(store, ids, subs, values)
    }
    for (const deltas of this.#log.slice(this.#page?.version ?? 0)) {
      for (const { store, ids, subs, values } of deltas) put(store, ids, subs, values)
    }
    assert.ok(encodePage(this.operator.stores, 0).equals(live), 'restored state has the same page bytes as live state')
  }

  get isEmpty(): boolean {
    return this.operator.stores.every(store => store.entries(0) === undefined)
  }
}

export const refOf = (key: Key): KeyRef => ({ id: keyId(key), group: 0 })

/** All values, sorted: any record lost, doubled or in the wrong window shows. Changes its first argument, as it may. */
export const collecting: Aggregator<number, number[], string> = {
  create: () => [],
  add: (list, value) => {
    list.push(value)
    return list
  },
  merge: (list, other) => {
    for (const value of other) list.push(value)
    return list
  },
  result: list => [...list].sort((a, b) => a - b).join(' '),
}
