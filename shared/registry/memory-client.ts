import type { SchemaSource } from '../codecs/framing/schema-source.ts'
import type { CompatibilityLevel } from './compatibility.ts'
import { confluentRegistry } from './confluent-client.ts'
import { MemoryRegistryStore } from './memory-store.ts'
import { SchemaRegistry } from './registry.ts'
import type { FetchLike } from './registry-calls.ts'
import { registryRest } from './rest.ts'

/** A registry in this process, with its client. */
export type MemoryRegistry = SchemaSource & {
  /** The registry's REST interface as a `fetch`, for other clients of the same registry. */
  readonly fetch: FetchLike
}

export type MemoryRegistryOptions = {
  /** What a new version has to get along with. @default BACKWARD */
  readonly compatibility?: CompatibilityLevel
}

/** The schema registry in this process, for tests and examples: it begins empty, and nothing of it stays. */
export function memoryRegistry({ compatibility }: MemoryRegistryOptions = {}): MemoryRegistry {
  const registry = new SchemaRegistry(new MemoryRegistryStore())
  const rest = registryRest(registry)
  const ready = compatibility === undefined ? undefined : registry.settings.set(undefined, { compatibility })
  const fetch: FetchLike = async (url, { method, body }) => {
    await ready
    const { pathname, searchParams } = new URL(url)
    const query = Object.fromEntries(searchParams)
    const answer = await rest({ method, path: pathname, query, ...(body !== undefined && { body }) })
    return { status: answer.status, text: async () => answer.body }
  }
  const client = confluentRegistry({ url: 'http://memory', fetch })
  return {
    name: 'a schema registry in memory',
    framing: client.framing,
    schemaOf: (id, signal) => client.schemaOf(id, signal),
    idOf: (subject, schema, signal) => client.idOf(subject, schema, signal),
    fetch,
  }
}
