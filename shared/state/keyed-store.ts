import { beginningOfTime } from '../model/event-time.ts'
import type { Store, StoreDelta, StoreEntries } from './store.ts'

/** One entry; its value may be changed in place, as long as `touch` says so. */
export type Cell<V> = {
  readonly group: number
  readonly id: string
  value: V
  isDirty: boolean
  isDeleted: boolean
  /** Latest event time of a record that changed it since the last commit: not stored. */
  time: number
}

/** (key group, key) to value. */
export class KeyedStore<V> implements Store {
  readonly name: string
  readonly #groups: (Map<string, Cell<V>> | undefined)[] = []
  #dirty: Cell<V>[] = []

  constructor(name: string) {
    this.name = name
  }

  get dirtyCount(): number {
    return this.#dirty.length
  }

  get(group: number, id: string): Cell<V> | undefined {
    return this.#groups[group]?.get(id)
  }

  put(group: number, id: string, value: V): Cell<V> {
    let cells = this.#groups[group]
    if (cells === undefined) {
      cells = new Map()
      this.#groups[group] = cells
    }
    let cell = cells.get(id)
    if (cell === undefined) {
      cell = { group, id, value, isDirty: false, isDeleted: false, time: beginningOfTime }
      cells.set(id, cell)
    } else {
      cell.value = value
    }
    this.touch(cell)
    return cell
  }

  touch(cell: Cell<V>): void {
    if (cell.isDirty) return
    cell.isDirty = true
    this.#dirty.push(cell)
  }

  delete(cell: Cell<V>): void {
    this.#groups[cell.group]?.delete(cell.id)
    cell.isDeleted = true
    this.touch(cell)
  }

  cells(group: number): Iterable<Cell<V>> {
    return this.#groups[group]?.values() ?? []
  }

  size(group: number): number {
    return this.#groups[group]?.size ?? 0
  }

  /** Cells changed since the last `takeDelta`, deleted ones included, in the order of their first change. */
  get dirty(): readonly Cell<V>[] {
    return this.#dirty
  }

  takeDelta(): StoreDelta | undefined {
    const dirty = this.#dirty
    if (dirty.length === 0) return undefined
    this.#dirty = []
    for (const cell of dirty) {
      cell.isDirty = false
      cell.time = beginningOfTime
    }
    return {
      store: this.name,
      groups: dirty.map(cell => cell.group),
      ids: dirty.map(cell => cell.id),
      values: dirty.map(cell => (cell.isDeleted ? undefined : cell.value)),
    }
  }

  entries(group: number): StoreEntries | undefined {
    const cells = this.#groups[group]
    if (cells === undefined || cells.size === 0) return undefined
    const sorted = [...cells.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    return { store: this.name, ids: sorted.map(cell => cell.id), values: sorted.map(cell => cell.value) }
  }

  restore(group: number, id: string, _sub: number, value: unknown): void {
    this.#groups[group] ??= new Map()
    if (value === undefined) this.#groups[group].delete(id)
    else
      this.#groups[group].set(id, {
        group,
        id,
        value: value as V,
        isDirty: false,
        isDeleted: false,
        time: beginningOfTime,
      })
  }
}
