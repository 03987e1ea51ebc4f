import type { Store, StoreDelta, StoreEntries } from './store.ts'

export type EntryCell<V> = {
  readonly owner: EntryOwner<V>
  readonly sub: string
  value: V
  isDirty: boolean
  isDeleted: boolean
}

/** All entries of one key, in the order in which they came; after a load in the order of their names. */
export type EntryOwner<V> = {
  readonly group: number
  readonly id: string
  readonly cells: Map<string, EntryCell<V>>
  /** Greatest name among the entries, where it is known. */
  last: string | undefined
}

/** (key group, key, name) to value: maps and lists of a key, entry by entry. Only the entries that change are written. */
export class EntryStore<V> implements Store {
  readonly name: string
  readonly #groups: (Map<string, EntryOwner<V>> | undefined)[] = []
  #dirty: EntryCell<V>[] = []

  constructor(name: string) {
    this.name = name
  }

  get dirtyCount(): number {
    return this.#dirty.length
  }

  find(group: number, id: string): EntryOwner<V> | undefined {
    return this.#groups[group]?.get(id)
  }

  get(group: number, id: string, sub: string): EntryCell<V> | undefined {
    return this.find(group, id)?.cells.get(sub)
  }

  /** Greatest name among a key's entries. */
  last(group: number, id: string): string | undefined {
    const owner = this.find(group, id)
    if (owner !== undefined) owner.last ??= greatest(owner.cells.keys())
    return owner?.last
  }

  owners(group: number): Iterable<EntryOwner<V>> {
    return this.#groups[group]?.values() ?? []
  }

  /** How many keys have entries. */
  size(group: number): number {
    return this.#groups[group]?.size ?? 0
  }

  put(group: number, id: string, sub: string, value: V): EntryCell<V> {
    const owner = this.#owner(group, id)
    let cell = owner.cells.get(sub)
    if (cell === undefined) cell = insert(owner, sub, value)
    else cell.value = value
    this.touch(cell)
    return cell
  }

  touch(cell: EntryCell<V>): void {
    if (cell.isDirty) return
    cell.isDirty = true
    this.#dirty.push(cell)
  }

  delete(cell: EntryCell<V>): void {
    this.#forget(cell.owner, cell.sub)
    cell.isDeleted = true
    this.touch(cell)
  }

  takeDelta(): StoreDelta | undefined {
    const dirty = this.#dirty
    if (dirty.length === 0) return undefined
    this.#dirty = []
    for (const cell of dirty) cell.isDirty = false
    return {
      store: this.name,
      groups: dirty.map(cell => cell.owner.group),
      ids: dirty.map(idOf),
      values: dirty.map(cell => (cell.isDeleted ? undefined : cell.value)),
    }
  }

  entries(group: number): StoreEntries | undefined {
    const cells = [...this.owners(group)].flatMap(owner => [...owner.cells.values()])
    if (cells.length === 0) return undefined
    const sorted = cells.map(cell => ({ id: idOf(cell), value: cell.value })).sort((a, b) => (a.id < b.id ? -1 : 1))
    return { store: this.name, ids: sorted.map(({ id }) => id), values: sorted.map(({ value }) => value) }
  }

  restore(group: number, text: string, _sub: number, value: unknown): void {
    const { id, sub } = placeOf(text)
    const owner = this.#owner(group, id)
    if (value === undefined) this.#forget(owner, sub)
    else insert(owner, sub, value as V)
  }

  #owner(group: number, id: string): EntryOwner<V> {
    this.#groups[group] ??= new Map()
    const owners = this.#groups[group]
    let owner = owners.get(id)
    if (owner === undefined) {
      owner = { group, id, cells: new Map(), last: '' }
      owners.set(id, owner)
    }
    return owner
  }

  #forget(owner: EntryOwner<V>, sub: string): void {
    owner.cells.delete(sub)
    if (owner.cells.size === 0) this.#groups[owner.group]?.delete(owner.id)
    // Looked for when it is asked for: whoever deletes from the greatest down would look through all entries for each.
    else if (owner.last === sub) owner.last = undefined
  }
}

/** One text for a key and a name: the key's length tells them apart. */
export const entryId = (id: string, sub: string): string => `${id.length}:${id}${sub}`

/** The inverse of `entryId`. */
export function placeOf(text: string): { readonly id: string; readonly sub: string } {
  const colon = text.indexOf(':')
  const end = colon + 1 + Number(text.slice(0, colon))
  return { id: text.slice(colon + 1, end), sub: text.slice(end) }
}

const idOf = ({ owner, sub }: EntryCell<unknown>): string => entryId(owner.id, sub)

function insert<V>(owner: EntryOwner<V>, sub: string, value: V): EntryCell<V> {
  const cell = { owner, sub, value, isDirty: false, isDeleted: false }
  owner.cells.set(sub, cell)
  if (owner.last !== undefined && sub > owner.last) owner.last = sub
  return cell
}

function greatest(subs: Iterable<string>): string {
  let last = ''
  for (const sub of subs) if (sub > last) last = sub
  return last
}
