import { EntryStore, entryId, placeOf } from '../../state/entry-store.ts'
import { KeyedStore } from '../../state/keyed-store.ts'
import type { Store } from '../../state/store.ts'
import type { OperatorContext } from '../operator.ts'
import { type Cursor, Lifetime, type Mortals, type Timed } from './process-lifetime.ts'
import type { Ttl } from './process-state.ts'

/** State of one name, for all keys. */
export interface KeptState {
  readonly store: Store
  readonly lifetime: Lifetime | undefined
  /** Texts of the keys that have some in a group. */
  keys(group: number): Iterable<string>
  isEmpty(group: number): boolean
  /** Drops what the cursor's key has. */
  clear(): void
}

/** One value per key; with a time to live as `[value, until]`. */
export class SingleState implements KeptState, Mortals {
  readonly store: KeyedStore<unknown>
  readonly lifetime: Lifetime | undefined
  readonly #cursor: Cursor

  constructor(name: string, ttl: Ttl | undefined, context: OperatorContext, cursor: Cursor) {
    this.store = new KeyedStore(name)
    this.lifetime = ttl && new Lifetime(ttl, context, cursor, this)
    this.#cursor = cursor
  }

  /** Of the cursor's key; undefined when there is none, or it has expired. */
  read(): unknown {
    const { lifetime } = this
    const cell = this.store.get(this.#cursor.group, this.#cursor.id)
    if (cell === undefined || lifetime === undefined) return cell?.value
    const timed = cell.value as Timed
    if (lifetime.isOver(timed)) return undefined
    if (lifetime.ttl.renewOn === 'read') {
      const renewed = lifetime.timed(timed[0], timed)
      if (renewed[1] !== timed[1]) {
        cell.value = renewed
        this.store.touch(cell)
      }
    }
    return timed[0]
  }

  write(value: unknown): void {
    const { lifetime } = this
    const { group, id } = this.#cursor
    if (lifetime === undefined) {
      this.store.put(group, id, value)
      return
    }
    const timed = lifetime.timed(value, liveOf(lifetime, this.store.get(group, id)?.value))
    this.store.put(group, id, timed)
    lifetime.watch(group, id, timed[1])
  }

  clear(): void {
    this.drop(this.#cursor.group, this.#cursor.id)
  }

  *keys(group: number): Iterable<string> {
    for (const cell of this.store.cells(group)) yield cell.id
  }

  isEmpty(group: number): boolean {
    return this.store.size(group) === 0
  }

  drop(group: number, id: string): void {
    const cell = this.store.get(group, id)
    if (cell !== undefined) this.store.delete(cell)
  }

  untilOf(group: number, id: string): number | undefined {
    return (this.store.get(group, id)?.value as Timed | undefined)?.[1]
  }

  *untils(group: number): Iterable<readonly [string, number]> {
    for (const cell of this.store.cells(group)) yield [cell.id, (cell.value as Timed)[1]]
  }
}

/** Any number of named entries per key; with a time to live each as `[value, until]`. */
export class ManyState implements KeptState, Mortals {
  readonly store: EntryStore<unknown>
  readonly lifetime: Lifetime | undefined
  readonly #cursor: Cursor

  constructor(name: string, ttl: Ttl | undefined, context: OperatorContext, cursor: Cursor) {
    this.store = new EntryStore(name)
    this.lifetime = ttl && new Lifetime(ttl, context, cursor, this)
    this.#cursor = cursor
  }

  read(sub: string): unknown {
    const cell = this.store.get(this.#cursor.group, this.#cursor.id, sub)
    return cell && this.#see(cell)
  }

  /** What has not expired, in the order in which it is kept. */
  *entries(): Iterable<readonly [sub: string, value: unknown]> {
    const owner = this.store.find(this.#cursor.group, this.#cursor.id)
    if (owner === undefined) return
    for (const cell of owner.cells.values()) {
      const value = this.#see(cell)
      if (value !== undefined) yield [cell.sub, value]
    }
  }

  get size(): number {
    if (this.lifetime === undefined) return this.store.find(this.#cursor.group, this.#cursor.id)?.cells.size ?? 0
    return [...this.entries()].length
  }

  write(sub: string, value: unknown): void {
    const { lifetime } = this
    const { group, id } = this.#cursor
    if (lifetime === undefined) {
      this.store.put(group, id, sub, value)
      return
    }
    const timed = lifetime.timed(value, liveOf(lifetime, this.store.get(group, id, sub)?.value))
    this.store.put(group, id, sub, timed)
    lifetime.watch(group, entryId(id, sub), timed[1])
  }

  delete(sub: string): void {
    const cell = this.store.get(this.#cursor.group, this.#cursor.id, sub)
    if (cell !== undefined) this.store.delete(cell)
  }

  /** Greatest name among the key's entries, expired ones included. */
  get last(): string | undefined {
    return this.store.last(this.#cursor.group, this.#cursor.id)
  }

  clear(): void {
    const { group, id } = this.#cursor
    for (const cell of [...(this.store.find(group, id)?.cells.values() ?? [])]) this.store.delete(cell)
  }

  *keys(group: number): Iterable<string> {
    for (const owner of this.store.owners(group)) yield owner.id
  }

  isEmpty(group: number): boolean {
    return this.store.size(group) === 0
  }

  untilOf(group: number, text: string): number | undefined {
    const { id, sub } = placeOf(text)
    return (this.store.get(group, id, sub)?.value as Timed | undefined)?.[1]
  }

  drop(group: number, text: string): void {
    const { id, sub } = placeOf(text)
    const cell = this.store.get(group, id, sub)
    if (cell !== undefined) this.store.delete(cell)
  }

  *untils(group: number): Iterable<readonly [string, number]> {
    for (const { id, cells } of this.store.owners(group)) {
      for (const cell of cells.values()) yield [entryId(id, cell.sub), (cell.value as Timed)[1]]
    }
  }

  #see(cell: { value: unknown; readonly sub: string }): unknown {
    const { lifetime } = this
    if (lifetime === undefined) return cell.value
    const timed = cell.value as Timed
    if (lifetime.isOver(timed)) return undefined
    if (lifetime.ttl.renewOn === 'read' && lifetime.timed(timed[0], timed)[1] !== timed[1])
      this.write(cell.sub, timed[0])
    return timed[0]
  }
}

/** Of an entry that has not expired. */
function liveOf(lifetime: Lifetime, value: unknown): Timed | undefined {
  const timed = value as Timed | undefined
  return timed === undefined || lifetime.isOver(timed) ? undefined : timed
}
