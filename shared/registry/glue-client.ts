import type { GlueSchemas, GlueSettings, GlueVersion } from '../aws/glue-schemas.ts'
import type { Framing, SchemaId } from '../codecs/framing/framing.ts'
import { glueFraming } from '../codecs/framing/glue.ts'
import type { SchemaSource, WrittenSchema } from '../codecs/framing/schema-source.ts'
import { ConfigurationError, RetryBatchError, StopDeploymentError } from '../model/errors.ts'
import type { CompatibilityLevel } from './compatibility.ts'
import { KeptAnswers } from './kept-answers.ts'
import { polled } from './patience.ts'

export type GlueRegistryOptions = {
  readonly registryName: string
  /** @default the environment's AWS_REGION */
  readonly region?: string
  /** Of an emulator. @default AWS */
  readonly endpoint?: string
  /** Whether schemas that are written and not there are registered; otherwise the program stops. @default true */
  readonly register?: boolean
  /** Of schemas that are made: what their next versions have to get along with. @default BACKWARD */
  readonly compatibility?: GlueCompatibility
  /** Whether bodies are written compressed. Both are read. @default 'none' */
  readonly compression?: 'none' | 'zlib'
}

/** As Glue names them: what others call transitive is `_ALL`. */
export type GlueCompatibility =
  | Extract<CompatibilityLevel, 'NONE' | 'BACKWARD' | 'FORWARD' | 'FULL'>
  | 'DISABLED'
  | 'BACKWARD_ALL'
  | 'FORWARD_ALL'
  | 'FULL_ALL'

/**
 * A client of the AWS Glue Schema Registry; a subject is the name of a schema there. It needs the permissions glue:GetSchemaVersion and
 * glue:GetSchemaByDefinition, and where it registers glue:CreateSchema and glue:RegisterSchemaVersion. The AWS client is loaded with the
 * first call. Glue knows no references between schemas: one that has some is refused.
 *
 * Rejects with a RetryBatchError when Glue cannot be reached, and with a StopDeploymentError where a person must act.
 */
export const glueRegistry = (options: GlueRegistryOptions): SchemaSource => new GlueRegistry(options)

class GlueRegistry implements SchemaSource {
  readonly name: string
  readonly framing: Framing
  readonly #settings: GlueSettings
  readonly #register: boolean
  #loading: Promise<GlueSchemas> | undefined
  readonly #schemas = new KeptAnswers<WrittenSchema>()
  readonly #ids = new KeptAnswers<string>()

  constructor({ compression = 'none', register = true, ...settings }: GlueRegistryOptions) {
    this.name = `Glue schema registry "${settings.registryName}"`
    this.framing = glueFraming({ compression })
    this.#settings = settings
    this.#register = register
  }

  async schemaOf(id: SchemaId, signal?: AbortSignal): Promise<WrittenSchema | undefined> {
    const key = String(id)
    return this.#schemas.get(key, async () => (await (await this.#glue()).version(key))?.schema, signal)
  }

  async idOf(subject: string, schema: WrittenSchema, signal?: AbortSignal): Promise<SchemaId> {
    if ((schema.references ?? []).length > 0) {
      throw new ConfigurationError(`Cannot register schema "${subject}": it refers to others, which Glue does not know`)
    }
    const id = await this.#ids.get(
      `${subject}\n${schema.type}\n${schema.text}`,
      () => this.#idOf(subject, schema),
      signal,
    )
    if (id !== undefined) return id
    throw new StopDeploymentError(
      `Cannot find schema "${subject}": ${this.name} does not have it, register it or let the client do so`,
    )
  }

  async #idOf(subject: string, schema: WrittenSchema): Promise<string | undefined> {
    const glue = await this.#glue()
    const found =
      (await glue.byText(subject, schema)) ?? (this.#register ? await added(glue, subject, schema) : undefined)
    if (found === undefined) return undefined
    const status = found.status === 'PENDING' ? await this.#statusOf(found.id, subject) : found.status
    if (status === 'AVAILABLE') return found.id
    throw new StopDeploymentError(
      `Cannot register schema "${subject}": ${this.name} says ${status} of version ${found.id}, expected a schema that gets along with the earlier ones`,
    )
  }

  async #statusOf(id: string, subject: string): Promise<GlueVersion['status']> {
    const glue = await this.#glue()
    const status = await polled(async () => {
      const version = await glue.version(id)
      return version === undefined || version.status === 'PENDING' ? undefined : version.status
    })
    if (status !== undefined) return status
    throw new RetryBatchError(
      `Cannot register schema "${subject}": version ${id} of ${this.name} is pending for too long`,
    )
  }

  #glue(): Promise<GlueSchemas> {
    this.#loading ??= import('../aws/glue-schemas.ts').then(({ GlueSchemas }) => new GlueSchemas(this.#settings))
    return this.#loading
  }
}

/** Another may create the schema between our calls, or delete it: then the other call is right. */
async function added(glue: GlueSchemas, subject: string, schema: WrittenSchema): Promise<GlueVersion | undefined> {
  const version = (await glue.addVersion(subject, schema)) ?? (await glue.create(subject, schema))
  return version ?? glue.addVersion(subject, schema)
}
