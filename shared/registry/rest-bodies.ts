import type { SchemaDocument, SchemaReference } from './documents.ts'
import type { GivenSchema } from './given-schema.ts'
import type { RegisteredVersion } from './registry.ts'
import { RegistryError, refusal } from './registry-error.ts'
import { schemaTypes } from './schema-format.ts'

/** The schema of a request's body. Without a type it is Avro's, as Confluent's registry began with Avro alone. */
export function givenIn(body: unknown): GivenSchema {
  const { schema, schemaType = 'AVRO', references } = objectIn(body)
  if (typeof schema !== 'string') throw refusal.invalidSchema('Empty schema')
  const type = schemaTypes.find(each => each === schemaType)
  if (type === undefined) {
    throw refusal.invalidSchema(`Invalid schema type ${schemaType}, expected one of ${schemaTypes.join(', ')}`)
  }
  return { type, text: schema, references: referencesIn(references) }
}

function referencesIn(references: unknown): readonly SchemaReference[] {
  if (references === undefined || references === null) return []
  if (!Array.isArray(references)) throw refusal.invalidSchema('References are no list')
  return references.map((each: unknown) => {
    const { name, subject, version } = objectIn(each)
    if (typeof name !== 'string' || typeof subject !== 'string' || typeof version !== 'number') {
      throw refusal.invalidSchema(
        `Invalid reference ${JSON.stringify(each)}, expected a "name", a "subject" and a "version"`,
      )
    }
    return { name, subject, version }
  })
}

/** An Avro schema is written without its type, and no references are written as nothing. */
export const schemaBody = ({ type, text, references = [] }: SchemaDocument): object => ({
  ...(type !== 'AVRO' && { schemaType: type }),
  ...(references.length > 0 && { references }),
  schema: text,
})

export const registeredBody = ({ subject, version, id, deleted, schema }: RegisteredVersion): object => ({
  subject,
  version,
  id,
  ...(deleted && { deleted }),
  ...schemaBody(schema),
})

export function idOf({ params }: { readonly params: Readonly<Record<string, string>> }): number {
  const id = Number(params.id)
  if (!/^\d+$/.test(params.id ?? '') || id > 2 ** 31 - 1) throw new RegistryError(404, 'HTTP 404 Not Found')
  return id
}

export function objectIn(body: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(body)) throw new RegistryError(400, 'The body is no JSON object')
  return body
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
