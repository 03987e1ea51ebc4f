import {
  type Compatibility,
  CreateSchemaCommand,
  GetSchemaByDefinitionCommand,
  GetSchemaVersionCommand,
  GlueClient,
  RegisterSchemaVersionCommand,
} from '@aws-sdk/client-glue'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { WrittenSchema } from '../codecs/framing/schema-source.ts'
import { callService, nameOf } from './calls.ts'
import { clientConfig, timeouts } from './clients.ts'

export type GlueSettings = {
  readonly registryName: string
  readonly region?: string
  readonly endpoint?: string
  readonly compatibility?: Compatibility
}

/** A version of a schema. Glue compares it with the others after it answered: until then it is pending. */
export type GlueVersion = { readonly id: string; readonly status: 'AVAILABLE' | 'PENDING' | 'FAILURE' | 'DELETING' }

/** One call takes effect while it is answered: there is no deadline of an invocation to keep. */
const host = { sleep: async () => {} }

/** The schemas of a registry in AWS Glue. What is expected is an outcome, all else a sentence. */
export class GlueSchemas {
  readonly #client: GlueClient
  readonly #settings: GlueSettings

  constructor(settings: GlueSettings) {
    this.#settings = settings
    this.#client = new GlueClient({ ...clientConfig(settings), requestHandler: new NodeHttpHandler(timeouts) })
  }

  /** A version by its id; undefined where there is none. */
  async version(id: string): Promise<(GlueVersion & { readonly schema: WrittenSchema }) | undefined> {
    const found = await this.#call(
      `look up schema version "${id}"`,
      () => this.#client.send(new GetSchemaVersionCommand({ SchemaVersionId: id })),
      // Of text that is no UUID it says that the input is invalid.
      ['EntityNotFoundException', 'InvalidInputException'],
    )
    if (typeof found === 'string' || found.SchemaDefinition === undefined) return undefined
    const type = found.DataFormat ?? 'AVRO'
    return { id, status: found.Status ?? 'AVAILABLE', schema: { type, text: found.SchemaDefinition } }
  }

  /** The version of a schema that has this text. */
  async byText(name: string, { text }: WrittenSchema): Promise<GlueVersion | undefined> {
    const input = { SchemaId: this.#schemaId(name), SchemaDefinition: text }
    const found = await this.#call(
      `look up schema "${name}"`,
      () => this.#client.send(new GetSchemaByDefinitionCommand(input)),
      ['EntityNotFoundException'],
    )
    return typeof found === 'string' ? undefined : versionOf(found)
  }

  /** A further version; undefined where there is no schema of the name. */
  async addVersion(name: string, { text }: WrittenSchema): Promise<GlueVersion | undefined> {
    const input = { SchemaId: this.#schemaId(name), SchemaDefinition: text }
    const found = await this.#call(
      `register a version of schema "${name}"`,
      () => this.#client.send(new RegisterSchemaVersionCommand(input)),
      ['EntityNotFoundException'],
    )
    return typeof found === 'string' ? undefined : versionOf(found)
  }

  /** A schema with its first version; undefined where there is one already. */
  async create(name: string, { type, text }: WrittenSchema): Promise<GlueVersion | undefined> {
    const { registryName, compatibility = 'BACKWARD' } = this.#settings
    const input = {
      RegistryId: { RegistryName: registryName },
      SchemaName: name,
      DataFormat: type,
      Compatibility: compatibility,
      SchemaDefinition: text,
    }
    const found = await this.#call(`create schema "${name}"`, () => this.#client.send(new CreateSchemaCommand(input)), [
      'AlreadyExistsException',
    ])
    return typeof found === 'string'
      ? undefined
      : versionOf({ SchemaVersionId: found.SchemaVersionId, Status: found.SchemaVersionStatus })
  }

  #schemaId(name: string) {
    return { RegistryName: this.#settings.registryName, SchemaName: name }
  }

  async #call<T>(doing: string, send: () => Promise<T>, expected: readonly string[]): Promise<T | string> {
    const isExpected = (error: unknown) => expected.includes(nameOf(error))
    const resource = `Glue schema registry "${this.#settings.registryName}"`
    return callService(host, doing, resource, send, isExpected).catch(error => {
      if (isExpected(error)) return nameOf(error)
      throw error
    })
  }
}

type Answer = { readonly SchemaVersionId?: string | undefined; readonly Status?: GlueVersion['status'] | undefined }

function versionOf({ SchemaVersionId: id, Status: status = 'PENDING' }: Answer): GlueVersion | undefined {
  return id === undefined ? undefined : { id, status }
}
