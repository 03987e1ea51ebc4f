import type { Item, ItemStore } from './storage.ts'
import type { UndoLog } from './undo-log.ts'

export class MemoryItems implements ItemStore {
  readonly #undo: UndoLog
  readonly #partitions = new Map<string, Map<string, Item>>()
  #expiring: { readonly partition: string; readonly sort: string; readonly item: Item }[] = []

  constructor(undo: UndoLog) {
    this.#undo = undo
  }

  get(partition: string, sort: string): Item | undefined {
    return this.#partitions.get(partition)?.get(sort)
  }

  put(partition: string, sort: string, item: Item): void {
    const before = this.get(partition, sort)
    this.#set(partition, sort, item)
    if (item.expiresMs !== undefined) this.#expiring.push({ partition, sort, item })
    this.#undo.note(() => this.#set(partition, sort, before))
  }

  delete(partition: string, sort: string): void {
    const before = this.get(partition, sort)
    if (before === undefined) return
    this.#set(partition, sort, undefined)
    this.#undo.note(() => this.#set(partition, sort, before))
  }

  list(partition: string): readonly (readonly [string, Item])[] {
    return [...(this.#partitions.get(partition) ?? [])]
  }

  partitions(prefix: string): readonly string[] {
    return [...this.#partitions.keys()].filter(name => name.startsWith(prefix)).sort()
  }

  /** Items come with a fixed time to live, so the oldest stand first. One that was put again since is another item, and stays. */
  sweep(nowMs: number): void {
    const alive = this.#expiring.findIndex(({ item }) => item.expiresMs! > nowMs)
    const due = this.#expiring.splice(0, alive === -1 ? this.#expiring.length : alive)
    this.#undo.note(() => this.#expiring.unshift(...due))
    for (const { partition, sort, item } of due) {
      if (this.get(partition, sort) === item) this.delete(partition, sort)
    }
  }

  #set(partition: string, sort: string, item: Item | undefined): void {
    let items = this.#partitions.get(partition)
    if (item === undefined) {
      items?.delete(sort)
      if (items?.size === 0) this.#partitions.delete(partition)
      return
    }
    if (items === undefined) {
      items = new Map()
      this.#partitions.set(partition, items)
    }
    items.set(sort, item)
  }
}
