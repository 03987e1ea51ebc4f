import { ConfigurationError } from '../../model/errors.ts'
import type { Codec } from '../codec.ts'
import { LearnedSchemas, type OwnSchema } from './learned-schemas.ts'
import type { SchemaSource, WrittenSchema } from './schema-source.ts'

/** What `registeredJson` is told. */
export type RegisteredJson = {
  readonly registry: SchemaSource
  /** Under which the schema is registered when records are written. Without it and `jsonSchema` the codec only reads. */
  readonly subject?: string
  /** The JSON Schema: an object, its text, or with the schemas that it refers to. */
  readonly jsonSchema?: object | string | WrittenSchema
}

/**
 * JSON records framed as the JSON Schema serializers of Confluent or AWS Glue frame them: the schema's id, then the JSON. What a record must
 * be, the codec inside says: a record whose writer's schema is another is read all the same if the codec takes it. The id must be that of a
 * JSON Schema.
 *
 * ```ts
 * const orders = registeredJson(json<{ id: number }>(), {
 *   registry: memoryRegistry(),
 *   subject: 'orders-value',
 *   jsonSchema: { type: 'object', properties: { id: { type: 'integer' } } },
 * })
 * ```
 */
export function registeredJson<T>(codec: Codec<T>, options: RegisteredJson): Codec<T> {
  const { registry } = options
  const learned = new LearnedSchemas(registry, ownSchema(options), refuseOthers)
  return {
    name: `${codec.name} by ${registry.name}`,
    prepare: (records, signal) => learned.prepare(records, signal),
    decode: (bytes, start, end) => {
      const { id, body, start: bodyStart, end: bodyEnd } = registry.framing.read(bytes, start, end)
      learned.meaning('JSON', id)
      return codec.decode(body, bodyStart, bodyEnd)
    },
    encode: value => registry.framing.write(learned.ownId('JSON'), codec.encode(value)),
  }
}

function refuseOthers({ type }: WrittenSchema): 'json' {
  if (type === 'JSON') return 'json'
  throw new Error(`it is of type ${type}, not a JSON Schema`)
}

function ownSchema({ subject, jsonSchema }: RegisteredJson): OwnSchema | undefined {
  if (subject === undefined && jsonSchema === undefined) return undefined
  if (subject === undefined || jsonSchema === undefined) {
    throw new ConfigurationError(
      'Cannot make a JSON codec: it has one of subject and jsonSchema, both would be right to write, neither to read only',
    )
  }
  if (isWritten(jsonSchema)) return { subject, schema: jsonSchema }
  const text = typeof jsonSchema === 'string' ? jsonSchema : JSON.stringify(jsonSchema)
  return { subject, schema: { type: 'JSON', text } }
}

/** A JSON Schema may have `type` too, but in small letters. */
const isWritten = (given: object | string): given is WrittenSchema =>
  typeof given === 'object' && 'text' in given && 'type' in given && given.type === 'JSON'
