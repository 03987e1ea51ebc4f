import { endOfTime } from '../model/event-time.ts'
import { KeyedStore } from '../state/keyed-store.ts'
import type { Store } from '../state/store.ts'

/**
 * Rows that wait for their turn under `every`: which ones changed, and when the group is due. Both are state, so that a crash delays
 * no row for ever.
 */
export class PacedRows {
  readonly stores: readonly Store[]
  readonly #intervalMs: number
  /** Row to event time of its latest change. */
  readonly #pending: KeyedStore<number>
  /** Arrival time at which a group is due, under the empty id. */
  readonly #due: KeyedStore<number>

  constructor(operator: string, intervalMs: number) {
    this.#intervalMs = intervalMs
    this.#pending = new KeyedStore(`${operator}:pending`)
    this.#due = new KeyedStore(`${operator}:due`)
    this.stores = [this.#pending, this.#due]
  }

  changed(group: number, row: string, time: number, arrivalMs: number): void {
    const known = this.#pending.get(group, row)
    if (known === undefined || known.value < time) this.#pending.put(group, row, time)
    if (this.#due.get(group, '') === undefined) this.#due.put(group, '', arrivalMs + this.#intervalMs)
  }

  /** Least event time of a row that waits, or Infinity. */
  earliest(group: number): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const { value } of this.#pending.cells(group)) earliest = Math.min(earliest, value)
    return earliest
  }

  arrivalTimer(group: number): number {
    return this.#due.get(group, '')?.value ?? Number.POSITIVE_INFINITY
  }

  /** At the end of a bounded input nothing waits any more. */
  eventTimer(group: number): number {
    return this.#pending.size(group) > 0 ? endOfTime : Number.POSITIVE_INFINITY
  }

  /** Takes one waiting row; undefined, and the pace starts anew, when none is left. */
  take(group: number): { row: string; time: number } | undefined {
    for (const cell of this.#pending.cells(group)) {
      this.#pending.delete(cell)
      if (this.#pending.size(group) === 0) this.#restart(group)
      return { row: cell.id, time: cell.value }
    }
    this.#restart(group)
    return undefined
  }

  /** The row went out for another reason. Answers whether it was waiting. */
  settle(group: number, row: string): boolean {
    const cell = this.#pending.get(group, row)
    if (cell === undefined) return false
    this.#pending.delete(cell)
    if (this.#pending.size(group) === 0) this.#restart(group)
    return true
  }

  #restart(group: number): void {
    const due = this.#due.get(group, '')
    if (due !== undefined) this.#due.delete(due)
  }
}
