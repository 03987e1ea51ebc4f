import type { RecordStore, StoredRecord } from './storage.ts'
import type { UndoLog } from './undo-log.ts'

export class MemoryRecords implements RecordStore {
  readonly #undo: UndoLog
  readonly #queues = new Map<number, RecordQueue>()

  constructor(undo: UndoLog) {
    this.#undo = undo
  }

  append(shard: number, records: readonly StoredRecord[]): void {
    const queue = this.#queue(shard)
    const end = queue.end
    queue.append(records)
    this.#undo.note(() => queue.cut(end))
  }

  read(shard: number, after: number, maxRecords: number, maxBytes: number): readonly StoredRecord[] {
    return this.#queues.get(shard)?.read(after, maxRecords, maxBytes) ?? []
  }

  trim(shard: number, through: number): void {
    const queue = this.#queues.get(shard)
    if (queue === undefined) return
    const head = queue.skip(through)
    this.#undo.note(() => queue.restore(head))
    this.#undo.afterwards(() => queue.release())
  }

  last(shard: number): number {
    return this.#queues.get(shard)?.last() ?? 0
  }

  #queue(shard: number): RecordQueue {
    let queue = this.#queues.get(shard)
    if (queue === undefined) {
      queue = new RecordQueue()
      this.#queues.set(shard, queue)
    }
    return queue
  }
}

/** Below this, moving what is left costs nothing worth saving. */
const smallQueue = 1024

/**
 * An array whose front is dropped in two steps: `skip` only moves the head, so that it can be undone, `release` lets the memory
 * go. The array moves only when more than half of it is free, so each record is moved at most once.
 */
class RecordQueue {
  #slots: (StoredRecord | undefined)[] = []
  #head = 0
  #released = 0

  get end(): number {
    return this.#slots.length
  }

  append(records: readonly StoredRecord[]): void {
    for (const record of records) this.#slots.push(record)
  }

  cut(end: number): void {
    this.#slots.length = end
  }

  read(after: number, maxRecords: number, maxBytes: number): StoredRecord[] {
    const found: StoredRecord[] = []
    let bytes = 0
    for (let i = this.#firstAbove(after); i < this.#slots.length && found.length < maxRecords; i++) {
      const record = this.#slots[i]!
      bytes += record.data.byteLength
      if (bytes > maxBytes && found.length > 0) break
      found.push(record)
    }
    return found
  }

  last(): number {
    return this.#head < this.#slots.length ? this.#slots[this.#slots.length - 1]!.offset : 0
  }

  /** Returns the head before, for `restore`. */
  skip(through: number): number {
    const head = this.#head
    this.#head = this.#firstAbove(through)
    return head
  }

  restore(head: number): void {
    this.#head = head
  }

  release(): void {
    this.#slots.fill(undefined, this.#released, this.#head)
    this.#released = this.#head
    if (this.#head < smallQueue || this.#head * 2 < this.#slots.length) return
    this.#slots = this.#slots.slice(this.#head)
    this.#head = 0
    this.#released = 0
  }

  /** Index of the first record with an offset above `offset`. Readers mostly stand at the head: looked at first. */
  #firstAbove(offset: number): number {
    let low = this.#head
    let high = this.#slots.length
    if (low === high || this.#slots[low]!.offset > offset) return low
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#slots[middle]!.offset <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
