import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import { type EmbeddedCloud, memoryCloud, openCloud } from '../../local/cloud/embedded-cloud.ts'
import { MemoryStorage } from '../../local/cloud/memory-storage.ts'
import { SqliteStorage } from '../../local/cloud/sqlite-storage.ts'
import type { Storage } from '../../local/cloud/storage.ts'

/** A clock that stands still until it is told. */
export class ManualClock {
  ms = 1_500_000_000_000
  readonly slept: number[] = []
  readonly now = (): number => this.ms
  readonly sleep = async (ms: number): Promise<void> => {
    this.slept.push(ms)
  }
}

/** A folder that is gone when the tests of this file are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Declares the same tests on every storage. */
export function onEveryStorage(name: string, tests: (make: () => Storage) => void): void {
  describe(`${name} in memory`, () => tests(() => new MemoryStorage()))
  describe(`${name} on SQLite`, () => tests(closedAfter(() => new SqliteStorage(temporaryFolder()))))
}

/** Likewise on every cloud. */
export function onEveryCloud(name: string, tests: (make: (clock?: ManualClock) => EmbeddedCloud) => void): void {
  describe(`${name} in memory`, () => tests((clock = new ManualClock()) => memoryCloud(clock)))
  describe(`${name} in a data folder`, () =>
    tests(clock => closedAfter(() => openCloud(temporaryFolder(), clock ?? new ManualClock()))()))
}

function closedAfter<T extends { close(): void }>(make: () => T): () => T {
  return () => {
    const made = make()
    after(() => made.close())
    return made
  }
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array): string => new TextDecoder().decode(data)
