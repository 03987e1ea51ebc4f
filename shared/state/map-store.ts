import type { Store, StoreDelta, StoreEntries } from './store.ts'

export type MapCell<V> = {
  readonly owner: MapOwner<V>
  readonly sub: number
  value: V
  isDirty: boolean
  isDeleted: boolean
}

/** All entries of one key. The last one used is at hand: records of a key come in about the order of their time. */
export type MapOwner<V> = {
  readonly group: number
  readonly id: string
  readonly cells: Map<number, MapCell<V>>
  last: MapCell<V> | undefined
}

/** (key group, key, number) to value: slices of windows, by their start. */
export class MapStore<V> implements Store {
  readonly name: string
  readonly #groups: (Map<string, MapOwner<V>> | undefined)[] = []
  #dirty: MapCell<V>[] = []

  constructor(name: string) {
    this.name = name
  }

  get dirtyCount(): number {
    return this.#dirty.length
  }

  /** The owner of a key's entries, made when there is none; an owner without entries is forgotten. */
  owner(group: number, id: string): MapOwner<V> {
    let owners = this.#groups[group]
    if (owners === undefined) {
      owners = new Map()
      this.#groups[group] = owners
    }
    let owner = owners.get(id)
    if (owner === undefined) {
      owner = { group, id, cells: new Map(), last: undefined }
      owners.set(id, owner)
    }
    return owner
  }

  find(group: number, id: string): MapOwner<V> | undefined {
    return this.#groups[group]?.get(id)
  }

  owners(group: number): Iterable<MapOwner<V>> {
    return this.#groups[group]?.values() ?? []
  }

  get(owner: MapOwner<V>, sub: number): MapCell<V> | undefined {
    const last = owner.last
    if (last !== undefined && last.sub === sub) return last
    const cell = owner.cells.get(sub)
    if (cell !== undefined) owner.last = cell
    return cell
  }

  put(owner: MapOwner<V>, sub: number, value: V): MapCell<V> {
    const cell = { owner, sub, value, isDirty: false, isDeleted: false }
    owner.cells.set(sub, cell)
    owner.last = cell
    this.touch(cell)
    return cell
  }

  touch(cell: MapCell<V>): void {
    if (cell.isDirty) return
    cell.isDirty = true
    this.#dirty.push(cell)
  }

  delete(cell: MapCell<V>): void {
    this.#forget(cell.owner, cell.sub)
    cell.isDeleted = true
    this.touch(cell)
  }

  /** Cells changed since the last `takeDelta`, deleted ones included, in the order of their first change. */
  get dirty(): readonly MapCell<V>[] {
    return this.#dirty
  }

  takeDelta(): StoreDelta | undefined {
    const dirty = this.#dirty
    if (dirty.length === 0) return undefined
    this.#dirty = []
    for (const cell of dirty) cell.isDirty = false
    return {
      store: this.name,
      groups: dirty.map(cell => cell.owner.group),
      ids: dirty.map(cell => cell.owner.id),
      subs: dirty.map(cell => cell.sub),
      values: dirty.map(cell => (cell.isDeleted ? undefined : cell.value)),
    }
  }

  entries(group: number): StoreEntries | undefined {
    const cells = [...this.owners(group)].flatMap(owner => [...owner.cells.values()])
    if (cells.length === 0) return undefined
    cells.sort((a, b) => (a.owner.id < b.owner.id ? -1 : a.owner.id > b.owner.id ? 1 : a.sub - b.sub))
    return {
      store: this.name,
      ids: cells.map(cell => cell.owner.id),
      subs: cells.map(cell => cell.sub),
      values: cells.map(cell => cell.value),
    }
  }

  restore(group: number, id: string, sub: number, value: unknown): void {
    const owner = this.owner(group, id)
    if (value === undefined) this.#forget(owner, sub)
    else owner.cells.set(sub, { owner, sub, value: value as V, isDirty: false, isDeleted: false })
  }

  #forget(owner: MapOwner<V>, sub: number): void {
    owner.cells.delete(sub)
    if (owner.last?.sub === sub) owner.last = undefined
    if (owner.cells.size === 0) this.#groups[owner.group]?.delete(owner.id)
  }
}
