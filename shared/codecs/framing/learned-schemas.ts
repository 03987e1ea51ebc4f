import { describeThrown, MalformedRecordError } from '../../model/errors.ts'
import type { SchemaId } from './framing.ts'
import type { SchemaSource, WrittenSchema } from './schema-source.ts'

/** What a codec writes by: registered, or found, under the subject. */
export type OwnSchema = { readonly subject: string; readonly schema: WrittenSchema }

type Learned<Meaning> =
  | { readonly kind: 'usable'; readonly meaning: Meaning }
  | { readonly kind: 'unusable'; readonly reason: string }

/**
 * What a codec has made of a registry's schemas, by id, and the id of the schema that it writes by. Each is asked for once: an id never
 * changes.
 */
export class LearnedSchemas<Meaning> {
  readonly #source: SchemaSource
  readonly #own: OwnSchema | undefined
  readonly #make: (schema: WrittenSchema, id: SchemaId) => Meaning
  readonly #learned = new Map<SchemaId, Learned<Meaning>>()
  /** Of the last batch, those that the registry does not have. */
  readonly #unknown = new Set<SchemaId>()
  #ownId: SchemaId | undefined

  /** `own` is undefined for a codec that only reads. What `make` throws makes the records of that schema malformed. */
  constructor(
    source: SchemaSource,
    own: OwnSchema | undefined,
    make: (schema: WrittenSchema, id: SchemaId) => Meaning,
  ) {
    this.#source = source
    this.#own = own
    this.#make = make
  }

  /** As `Codec.prepare`. An id that the registry does not have is asked for again by each batch that holds it: it may come. */
  prepare(records: readonly Uint8Array[], signal: AbortSignal): Promise<void> | undefined {
    if (records.length === 0) {
      const own = this.#ownId === undefined ? this.#own : undefined
      return own && this.#learnOwn(own, signal)
    }
    const missing = new Set<SchemaId>()
    for (const record of records) {
      const id = this.#idOf(record)
      if (id !== undefined && !this.#learned.has(id)) missing.add(id)
    }
    this.#unknown.clear()
    return missing.size === 0 ? undefined : this.#learn([...missing], signal)
  }

  /** What was made of the schema with this id. Throws a MalformedRecordError that begins with `Cannot read <what>`. */
  meaning(what: string, id: SchemaId): Meaning {
    const learned = this.#learned.get(id)
    if (learned?.kind === 'usable') return learned.meaning
    const { name } = this.#source
    const reason =
      learned?.reason ?? (this.#unknown.has(id) ? `which ${name} does not have` : `which ${name} was not asked for`)
    throw new MalformedRecordError(
      `Cannot read ${what}: found the schema id ${JSON.stringify(id)}, ${reason}, expected that of a schema for it`,
    )
  }

  /** The id of the codec's own schema. Throws a RangeError where the codec only reads, or is not prepared. */
  ownId(what: string): SchemaId {
    if (this.#ownId !== undefined) return this.#ownId
    const reason =
      this.#own === undefined
        ? 'found no subject, expected the one under which its schema is registered'
        : 'found no schema id, expected prepare() to have learned it'
    throw new RangeError(`Cannot write ${what}: ${reason}`)
  }

  async #learnOwn({ subject, schema }: OwnSchema, signal: AbortSignal): Promise<void> {
    const id = await this.#source.idOf(subject, schema, signal)
    // What the codec writes itself it can read.
    if (!this.#learned.has(id)) this.#learned.set(id, this.#made(schema, id))
    this.#ownId = id
  }

  async #learn(ids: readonly SchemaId[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      ids.map(async id => {
        const schema = await this.#source.schemaOf(id, signal)
        if (schema === undefined) this.#unknown.add(id)
        else this.#learned.set(id, this.#made(schema, id))
      }),
    )
  }

  #made(schema: WrittenSchema, id: SchemaId): Learned<Meaning> {
    try {
      return { kind: 'usable', meaning: this.#make(schema, id) }
    } catch (error) {
      return { kind: 'unusable', reason: `whose schema cannot be used (${describeThrown(error)})` }
    }
  }

  #idOf(record: Uint8Array): SchemaId | undefined {
    try {
      const { framing } = this.#source
      return framing.idOf?.(record, 0, record.length) ?? framing.read(record, 0, record.length).id
    } catch (error) {
      // Decoding it says so.
      if (error instanceof MalformedRecordError) return undefined
      throw error
    }
  }
}
