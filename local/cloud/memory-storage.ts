import { MemoryItems } from './memory-items.ts'
import { MemoryRecords } from './memory-records.ts'
import type { Storage } from './storage.ts'
import { UndoLog } from './undo-log.ts'

/** Keeps everything in this process, and nothing after it. */
export class MemoryStorage implements Storage {
  readonly #undo = new UndoLog()
  readonly records = new MemoryRecords(this.#undo)
  readonly items = new MemoryItems(this.#undo)

  transaction<T>(work: () => T): T {
    return this.#undo.transaction(work)
  }

  close(): void {}
}
