import { limits } from '../../shared/model/limits.ts'
import type {
  CommitLogPort,
  PageName,
  StoredCommit,
  StoredPage,
  WritePageOutcome,
} from '../../shared/ports/commit-log.ts'
import { checkItemSize } from '../../shared/ports/refusals.ts'
import type { Item, Storage } from './storage.ts'
import type { Transactions } from './transactions.ts'

/** The commit log on a table of items. Reads, decides and puts without an await in between: that is what makes it linearizable. */
export class CommitLog implements CommitLogPort {
  readonly #storage: Storage
  readonly #transactions: Transactions
  readonly #now: () => number

  constructor(storage: Storage, transactions: Transactions, now: () => number) {
    this.#storage = storage
    this.#transactions = transactions
    this.#now = now
  }

  async append(log: string, commit: StoredCommit): Promise<'committed' | 'stale'> {
    const { version, start, ring, body } = commit
    checkItemSize(`commit ${version} to log "${log}"`, body.byteLength)
    return this.#transactions.run(() => {
      const slot = String(version % ring)
      const held = this.#storage.items.get(commits(log), slot)
      const isNext = held === undefined ? version < start + ring : Number(held.mark) === version - ring
      if (!isNext) return 'stale'
      this.#storage.items.put(commits(log), slot, {
        mark: String(version),
        text: JSON.stringify({ start, ring }),
        bytes: body,
      })
      return 'committed'
    })
  }

  async readRing(log: string): Promise<readonly StoredCommit[]> {
    return this.#storage.items.list(commits(log)).map(([, item]) => commitFrom(item))
  }

  async writePage(page: PageName, part: StoredPage): Promise<WritePageOutcome> {
    checkItemSize(`page of key group ${page.group} of "${page.stage}"`, part.bytes.byteLength)
    return this.#transactions.run(() => {
      const held = this.#storage.items.get(pages(page), String(part.part))
      if (held !== undefined && Number(held.mark) >= part.version) return { kind: 'refused', held: pageFrom(held) }
      const text = JSON.stringify({ part: part.part, parts: part.parts })
      this.#storage.items.put(pages(page), String(part.part), { mark: String(part.version), text, bytes: part.bytes })
      return { kind: 'written' }
    })
  }

  async readPage(page: PageName): Promise<readonly StoredPage[]> {
    return this.#storage.items.list(pages(page)).map(([, item]) => pageFrom(item))
  }

  async expire(log: string, keep: number): Promise<void> {
    this.#transactions.run(() => {
      const nowMs = this.#now()
      for (const [slot, item] of this.#storage.items.list(commits(log))) {
        if (Number(item.mark) === keep || item.expiresMs !== undefined) continue
        this.#storage.items.put(commits(log), slot, { ...item, expiresMs: nowMs + limits.retiredMs })
      }
      this.#storage.items.sweep(nowMs)
    })
  }
}

const commits = (log: string): string => `commits/${log}`
const pages = ({ stage, group, slot }: PageName): string => `pages/${stage}/${group}/${slot}`

function commitFrom(item: Item): StoredCommit {
  const { start, ring }: { start: number; ring: number } = JSON.parse(item.text)
  return { version: Number(item.mark), start, ring, body: bytesOf(item) }
}

function pageFrom(item: Item): StoredPage {
  const { part, parts }: { part: number; parts: number } = JSON.parse(item.text)
  return { version: Number(item.mark), part, parts, bytes: bytesOf(item) }
}

function bytesOf(item: Item): Uint8Array {
  if (item.bytes === undefined) throw new Error('Cannot read an item: it was stored without bytes')
  return item.bytes
}
