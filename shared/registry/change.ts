import {
  mostWritesInCommit,
  type RegistryKey,
  type RegistryStore,
  type RegistryWrite,
} from '../ports/registry-store.ts'
import { refusal } from './registry-error.ts'

/**
 * One change of several documents, all or none of them: what it read must still stand when it is committed. A document that was read and
 * not written is held to its version.
 */
export class Change {
  readonly #store: RegistryStore
  readonly #documents = new Map<
    string,
    { key: RegistryKey; expected: number; text: string | undefined; isNew: boolean }
  >()

  constructor(store: RegistryStore) {
    this.#store = store
  }

  /** The document as this change leaves it. */
  async read<T>(key: RegistryKey): Promise<T | undefined> {
    const name = nameOf(key)
    const held = this.#documents.get(name)
    if (held !== undefined) return parsed(held.text)
    const document = await this.#store.get(key)
    this.#documents.set(name, { key, expected: document?.version ?? 0, text: document?.text, isNew: false })
    return parsed(document?.text)
  }

  /** Replaces a document that this change has read. */
  write(key: RegistryKey, value: object): void {
    const held = this.#documents.get(nameOf(key))
    if (held === undefined) throw new Error(`Cannot write document "${key.name}": it was not read by this change`)
    held.text = JSON.stringify(value)
    held.isNew = true
  }

  async commit(): Promise<'committed' | 'conflict'> {
    const writes = [...this.#documents.values()].map(({ key, expected, text, isNew }): RegistryWrite => {
      return isNew && text !== undefined ? { key, expected, text } : { key, expected }
    })
    if (!writes.some(({ text }) => text !== undefined)) return 'committed'
    if (writes.length > mostWritesInCommit) {
      throw refusal.notPermitted(
        `The operation touches ${writes.length} subjects and schemas, at most ${mostWritesInCommit} can be changed at once`,
      )
    }
    return this.#store.commit(writes)
  }
}

/** Tries of a change that others keep coming before. Each round one of them gets through, so it is the number of rivals that counts. */
const mostAttempts = 200

/** Decides upon what is there and commits it, again from the start after each conflict. `decide` must have no other effects. */
export async function changed<T>(
  store: RegistryStore,
  doing: string,
  decide: (change: Change) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const change = new Change(store)
    const result = await decide(change)
    if ((await change.commit()) === 'committed') return result
  }
  throw refusal.timedOut(doing)
}

const nameOf = ({ part, name }: RegistryKey): string => `${part}/${name}`

const parsed = (text: string | undefined) => (text === undefined ? undefined : JSON.parse(text))
