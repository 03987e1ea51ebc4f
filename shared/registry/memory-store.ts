import type {
  RegistryDocument,
  RegistryKey,
  RegistryPart,
  RegistryStore,
  RegistryWrite,
} from '../ports/registry-store.ts'

/** A registry's documents in this process: gone with it. */
export class MemoryRegistryStore implements RegistryStore {
  readonly #parts = new Map<RegistryPart, Map<string, RegistryDocument>>()
  readonly #counters = new Map<string, number>()

  async get({ part, name }: RegistryKey): Promise<RegistryDocument | undefined> {
    return this.#parts.get(part)?.get(name)
  }

  async list(part: RegistryPart, prefix = ''): Promise<readonly RegistryDocument[]> {
    return [...(this.#parts.get(part)?.values() ?? [])]
      .filter(({ name }) => name.startsWith(prefix))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async commit(writes: readonly RegistryWrite[]): Promise<'committed' | 'conflict'> {
    const versionOf = ({ part, name }: RegistryKey) => this.#parts.get(part)?.get(name)?.version ?? 0
    if (writes.some(({ key, expected }) => versionOf(key) !== expected)) return 'conflict'
    for (const { key, expected, text } of writes) if (text !== undefined) this.#put(key, text, expected + 1)
    return 'committed'
  }

  async increment(counter: string): Promise<number> {
    const next = (this.#counters.get(counter) ?? 0) + 1
    this.#counters.set(counter, next)
    return next
  }

  async raise(counter: string, least: number): Promise<void> {
    this.#counters.set(counter, Math.max(least, this.#counters.get(counter) ?? 0))
  }

  #put({ part, name }: RegistryKey, text: string, version: number): void {
    const documents = this.#parts.get(part) ?? new Map<string, RegistryDocument>()
    documents.set(name, { name, text, version })
    this.#parts.set(part, documents)
  }
}
