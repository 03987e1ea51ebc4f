import { endOfTime } from '../../model/event-time.ts'
import { type Cell, KeyedStore } from '../../state/keyed-store.ts'
import { KeyTimers } from '../../time/key-timers.ts'
import { closedAt, kindOf, type WindowAssigner } from '../../windows/window.ts'
import type { WatermarkNeed } from '../definition.ts'
import { EndOfInput, emptied } from '../end-of-input.ts'
import type { OperatorContext } from '../operator.ts'

/** How the rows come that an operator takes. */
export type RowsTaken = {
  /** Whether a row may change after it came. */
  readonly updates: boolean
  /** The windows that they come in, and how long after a window's end one may still change. */
  readonly windows?: WindowAssigner
  readonly latenessMs: number
}

export const rowsNeed = ({ updates, windows, latenessMs }: RowsTaken): WatermarkNeed =>
  updates && windows !== undefined ? { kind: 'windows', windows, latenessMs } : { kind: 'none' }

/** As `explain` says it. */
export function rowsKept({ updates, windows }: RowsTaken): string {
  if (!updates) return 'nothing: no row changes'
  return windows === undefined || !isEverClosed(windows)
    ? 'the newest state of each row, for ever'
    : 'the newest state of each row, until its window has closed'
}

const isEverClosed = (windows: WindowAssigner): boolean => closedAt(kindOf(windows), 0, 0) < endOfTime

/**
 * What an operator keeps of each row that it takes, under the row's id: until the row's window has closed, as it can't change any more
 * then, and for ever where it has none. Rows that never change are not kept.
 *
 * Rows may come after the watermark has reached the end of time: those that go out with the commit. What is kept of them is kept until
 * the commit only.
 */
export class KeptRows<V> {
  readonly store: KeyedStore<V>
  readonly #rows: RowsTaken
  readonly #end: EndOfInput
  readonly #closing: (KeyTimers | undefined)[] = []
  readonly #context: OperatorContext
  /** What was kept when the end of time was reached in this commit. */
  readonly #ended = new Map<string, V>()

  constructor(name: string, rows: RowsTaken, context: OperatorContext) {
    this.store = new KeyedStore(name)
    this.#rows = rows
    this.#context = context
    this.#end = new EndOfInput(emptied(this.store, cell => this.#ended.set(endedId(cell.group, cell.id), cell.value)))
  }

  get(group: number, id: string): V | undefined {
    const value = this.store.get(group, id)?.value
    return value !== undefined || this.#ended.size === 0 ? value : this.#ended.get(endedId(group, id))
  }

  put(group: number, id: string, value: V): void {
    if (!this.#rows.updates) return
    if (this.#context.watermarks[group] >= endOfTime) {
      this.#ended.set(endedId(group, id), value)
      return
    }
    this.store.put(group, id, value)
    const closes = this.#closesAt(id)
    if (closes < endOfTime) this.#closingOf(group).schedule(id, closes)
  }

  delete(group: number, id: string): void {
    const cell = this.store.get(group, id)
    if (cell !== undefined) this.store.delete(cell)
    this.#ended.delete(endedId(group, id))
  }

  cells(group: number): Iterable<Cell<V>> {
    return this.store.cells(group)
  }

  eventTimer(group: number): number {
    return Math.min(this.#closingOf(group).earliest, this.#end.timer(group))
  }

  fireEventTimer(group: number): void {
    const timers = this.#closingOf(group)
    if (timers.size === 0 || timers.earliest > endOfTime) return this.#end.fire(group)
    const { at, id } = timers.take()
    this.#context.fired(this.store.name, group, at, id)
    const cell = this.store.get(group, id)
    if (cell !== undefined) this.store.delete(cell)
  }

  flush(): void {
    this.#ended.clear()
  }

  /** A millisecond after the window has closed: what gives the rows has its say first. */
  #closesAt(id: string): number {
    const { windows, latenessMs } = this.#rows
    if (windows === undefined || !isEverClosed(windows)) return Number.POSITIVE_INFINITY
    return closedAt(kindOf(windows), windowEndOf(id), latenessMs) + 1
  }

  #closingOf(group: number): KeyTimers {
    let timers = this.#closing[group]
    if (timers === undefined) {
      timers = new KeyTimers()
      for (const { id } of this.store.cells(group)) {
        const closes = this.#closesAt(id)
        if (closes < endOfTime) timers.schedule(id, closes)
      }
      this.#closing[group] = timers
    }
    return timers
  }
}

const endedId = (group: number, id: string): string => `${group}/${id}`

/** See `rowIdOf`. */
const windowEndOf = (rowId: string): number => Number(rowId.slice(rowId.indexOf(':') + 1, rowId.indexOf('/')))
