import { confluentFraming } from '../codecs/framing/confluent.ts'
import type { SchemaId } from '../codecs/framing/framing.ts'
import type { SchemaSource, WrittenReference, WrittenSchema } from '../codecs/framing/schema-source.ts'
import { ConfigurationError, StopDeploymentError } from '../model/errors.ts'
import type { SchemaReference } from './documents.ts'
import { KeptAnswers } from './kept-answers.ts'
import { type FetchLike, type RegistryAuth, RegistryCalls } from './registry-calls.ts'

export type ConfluentRegistryOptions = {
  /** Where the registry is, as `http://127.0.0.1:8081`. */
  readonly url: string
  /** A user and a password (Confluent Cloud: an API key and its secret), or a token of OAuth. @default none */
  readonly auth?: RegistryAuth
  /** Whether schemas that are written and not there are registered; otherwise the program stops. @default true */
  readonly register?: boolean
  /** @default the program's global `fetch` */
  readonly fetch?: FetchLike
}

/**
 * A client of Confluent's Schema Registry, or of what speaks its REST interface, as ours does. It asks once for each schema and keeps the
 * answers for good; a call that is refused for the moment (429, 5xx) or gets no answer is tried again, four times in all, within about
 * two seconds.
 *
 * Rejects with a RetryBatchError when the registry cannot be reached, and with a StopDeploymentError where a person must act: access is
 * denied, or a schema is not compatible with what the subject has.
 */
export const confluentRegistry = (options: ConfluentRegistryOptions): SchemaSource => new ConfluentRegistry(options)

type SchemaBody = {
  readonly schema: string
  readonly schemaType?: WrittenSchema['type']
  readonly references?: readonly SchemaReference[]
}

class ConfluentRegistry implements SchemaSource {
  readonly name: string
  readonly framing = confluentFraming
  readonly #calls: RegistryCalls
  readonly #register: boolean
  readonly #schemas = new KeptAnswers<WrittenSchema>()
  readonly #versions = new KeptAnswers<SchemaBody>()
  readonly #ids = new KeptAnswers<number>()

  constructor({ url, auth, register = true, fetch }: ConfluentRegistryOptions) {
    this.#calls = new RegistryCalls(url, auth, fetch)
    this.name = `schema registry ${this.#calls.name}`
    this.#register = register
  }

  async schemaOf(id: SchemaId, signal?: AbortSignal): Promise<WrittenSchema | undefined> {
    if (typeof id !== 'number')
      throw new ConfigurationError(`Cannot look up schema "${id}": the ids of ${this.name} are numbers`)
    const doing = `look up schema ${id}`
    const ask = async (): Promise<WrittenSchema | undefined> => {
      const body = await this.#calls.find<SchemaBody>(doing, `/schemas/ids/${id}`)
      return body && this.#written(doing, body, [])
    }
    return this.#schemas.get(String(id), ask, signal)
  }

  async idOf(subject: string, schema: WrittenSchema, signal?: AbortSignal): Promise<SchemaId> {
    const id = await this.#ids.get(`${subject}\n${textOf(schema)}`, () => this.#idOf(subject, schema, []), signal)
    if (id !== undefined) return id
    throw new StopDeploymentError(
      `Cannot find the schema of subject "${subject}": ${this.name} does not have it, register it or let the client do so`,
    )
  }

  /** What a schema refers to is registered first, under its own name. */
  async #idOf(subject: string, schema: WrittenSchema, outer: readonly WrittenSchema[]): Promise<number | undefined> {
    if (outer.includes(schema)) throw circular(`register schema of subject "${subject}"`, subject)
    const references: SchemaReference[] = []
    for (const { name, schema: other } of schema.references ?? []) {
      const id = await this.#idOf(name, other, [...outer, schema])
      if (id === undefined) return undefined
      references.push({ name, subject: name, version: await this.#versionOf(name, other, id) })
    }
    const body = { schema: schema.text, schemaType: schema.type, ...(references.length > 0 && { references }) }
    const path = `/subjects/${encodeURIComponent(subject)}`
    const doing = `${this.#register ? 'register' : 'look up'} the schema of subject "${subject}"`
    const answer = this.#register
      ? await this.#calls.post<{ readonly id: number }>(doing, `${path}/versions`, body)
      : await this.#calls.find<{ readonly id: number }>(doing, path, body)
    return answer?.id
  }

  async #versionOf(subject: string, schema: WrittenSchema, id: number): Promise<number> {
    const doing = `look up subject "${subject}"`
    const uses = await this.#calls.find<readonly { readonly subject: string; readonly version: number }[]>(
      doing,
      `/schemas/ids/${id}/versions`,
    )
    const version = uses?.findLast(use => use.subject === subject)?.version
    if (version !== undefined) return version
    throw new StopDeploymentError(`Cannot ${doing}: it has no version with schema ${id} of type ${schema.type}`)
  }

  async #written(doing: string, body: SchemaBody, outer: readonly string[]): Promise<WrittenSchema> {
    const { schema, schemaType = 'AVRO', references = [] } = body
    if (references.length === 0) return { type: schemaType, text: schema }
    const found = await Promise.all(references.map(reference => this.#referred(doing, reference, outer)))
    return { type: schemaType, text: schema, references: found }
  }

  async #referred(
    doing: string,
    { name, subject, version }: SchemaReference,
    outer: readonly string[],
  ): Promise<WrittenReference> {
    const place = `/subjects/${encodeURIComponent(subject)}/versions/${version}?deleted=true`
    if (outer.includes(place)) throw circular(doing, subject)
    const body = await this.#versions.get(place, () => this.#calls.find<SchemaBody>(doing, place))
    if (body === undefined) {
      throw new StopDeploymentError(
        `Cannot ${doing}: it refers to version ${version} of subject "${subject}", which is not there`,
      )
    }
    return { name, schema: await this.#written(doing, body, [...outer, place]) }
  }
}

const circular = (doing: string, subject: string): StopDeploymentError =>
  new StopDeploymentError(`Cannot ${doing}: its references lead around in a circle through subject "${subject}"`)

const texts = new WeakMap<WrittenSchema, string>()

/** A schema as a key. Schemas are large, and asked for with every batch. */
function textOf(schema: WrittenSchema): string {
  const known = texts.get(schema)
  if (known !== undefined) return known
  const text = JSON.stringify(schema)
  texts.set(schema, text)
  return text
}
