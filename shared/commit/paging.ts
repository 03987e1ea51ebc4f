import { compress, decompress, packValue, unpackValue, valueCodecVersion } from '../codecs/values.ts'
import { limits } from '../model/limits.ts'
import type { CommitLogPort, PageName, StoredPage } from '../ports/commit-log.ts'
import type { Store, StoreEntries } from '../state/store.ts'
import type { PageRef } from './commit-body.ts'

/** All entries of a key group, as bytes: a pure function of what the stores hold, so that two writers of a version write the same. */
export function encodePage(stores: readonly Store[], group: number): Buffer {
  const entries = stores.map(store => store.entries(group)).filter(held => held !== undefined)
  entries.sort((a, b) => (a.store < b.store ? -1 : 1))
  return compress(Buffer.from(packValue([valueCodecVersion, entries])), limits.writeUnitBytes)
}

export function decodePage(bytes: Uint8Array): readonly StoreEntries[] {
  const [, entries] = unpackValue(decompress(bytes)) as [number, readonly StoreEntries[]]
  return entries
}

export type PageOutcome =
  | { readonly kind: 'written'; readonly page: PageRef }
  /** A newer page is there: another writer is ahead. */
  | { readonly kind: 'stale' }
  /** The same version with other bytes: an engine with another codec wrote it. */
  | { readonly kind: 'differs' }

/** Where the next page goes: not where the one that the newest commit names lies. */
export const otherSlot = (named: PageRef | undefined): 0 | 1 => (named?.slot === 0 ? 1 : 0)

/** Puts the page of `version` into the slot that the newest commit does not name (protocol: state and pages [m]). */
export async function writePage(
  log: CommitLogPort,
  place: { readonly stage: string; readonly group: number },
  before: PageRef | undefined,
  version: number,
  bytes: Buffer,
  partBytes: number = limits.pagePartBytes,
): Promise<PageOutcome> {
  const slot = otherSlot(before)
  const name: PageName = { ...place, slot }
  const parts = Math.max(1, Math.ceil(bytes.length / partBytes))
  for (let part = 0; part < parts; part++) {
    const piece = bytes.subarray(part * partBytes, (part + 1) * partBytes)
    const outcome = await log.writePage(name, { version, part, parts, bytes: piece })
    if (outcome.kind === 'written') continue
    if (outcome.held.version > version) return { kind: 'stale' }
    if (outcome.held.parts !== parts || !piece.equals(outcome.held.bytes)) return { kind: 'differs' }
  }
  return { kind: 'written', page: { version, slot } }
}

export type Page = {
  readonly entries: readonly StoreEntries[]
  /** As stored: compressed, all parts together. */
  readonly bytes: number
}

/** The page that a commit names; undefined when its slot holds another version by now, which makes the reader stale. */
export async function readPage(
  log: CommitLogPort,
  place: { readonly stage: string; readonly group: number },
  page: PageRef,
): Promise<Page | undefined> {
  const parts = await log.readPage({ ...place, slot: page.slot })
  const named = parts.filter(part => part.version === page.version).sort((a, b) => a.part - b.part)
  if (named.length === 0 || named.length !== named[0].parts || !named.every((part, i) => part.part === i))
    return undefined
  const bytes = joined(named)
  return { entries: decodePage(bytes), bytes: bytes.length }
}

const joined = (parts: readonly StoredPage[]): Buffer => Buffer.concat(parts.map(part => part.bytes))
