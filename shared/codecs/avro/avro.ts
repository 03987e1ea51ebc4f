import { ConfigurationError, MalformedRecordError } from '../../model/errors.ts'
import type { Codec } from '../codec.ts'
import { LearnedSchemas } from '../framing/learned-schemas.ts'
import type { SchemaSource, WrittenSchema } from '../framing/schema-source.ts'
import { singleObjectFraming } from '../framing/single-object.ts'
import type { AvroLong, AvroSchema, AvroValue } from './avro-value.ts'
import { fingerprint, meaningForm } from './canonical-form.ts'
import { parseWritten } from './parse-schema.ts'
import { type AvroText, ProgramSchema } from './program-schema.ts'
import { type Read, readFunction } from './read-function.ts'
import { resolve } from './resolve.ts'
import type { SchemaNode } from './schema-node.ts'
import { ValueCoder } from './value-coder.ts'

/** What `avro` may be told beside the schema. Without `framing` and `registry` a record is the bare value: its writer's schema is the same. */
export type AvroOptions<Long extends AvroLong = AvroLong> = {
  /**
   * What a `long` is in the program. One that is no exact number makes the record malformed, unless it may be a bigint.
   * @default 'number'
   */
  readonly long?: Long
  /** Avro's single-object encoding: a record says by the fingerprint of which schema it was written. */
  readonly framing?: 'singleObject'
  /** With `framing`: older schemas whose records are read too, each by its own and resolved to this one. */
  readonly alsoReads?: readonly (AvroSchema | AvroText)[]
  /** A registry's client: a record says by an id of the registry by which schema it was written. That is resolved to this one. */
  readonly registry?: SchemaSource
  /** With `registry`: the subject under which this schema is registered, or found, before the first value is written. To read it is not needed. */
  readonly subject?: string
}

/**
 * A record in Avro's binary encoding. With a schema that is written in the program its type is inferred; with one from a file it is the type
 * parameter, taken on trust.
 *
 * Bytes that are no value of the writer's schema make the record malformed, with the path of the field, and so does a writer's schema
 * that cannot be resolved to this one. Writing a value that the schema does not have throws a RangeError with its path. A schema that is wrong
 * throws a ConfigurationError here. Decoding is a function of the bytes and the schemas alone, so a retry comes to the same value.
 *
 * @example
 * ```ts
 * const orders = avro({
 *   type: 'record',
 *   name: 'Order',
 *   fields: [
 *     { name: 'id', type: 'long' },
 *     { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
 *     { name: 'note', type: ['null', 'string'], default: null },
 *   ],
 * })
 * orders.encode({ id: 7, price: '12.50', note: null })
 * ```
 */
export function avro<const Schema extends AvroSchema, Long extends AvroLong = 'number'>(
  schema: Schema,
  options?: AvroOptions<Long>,
  // Without NoInfer the compiler looks, where a type is expected, for a schema that has it: endlessly.
): Codec<NoInfer<AvroValue<Schema, Long>>>
export function avro<T>(schema: AvroText | AvroSchema, options?: AvroOptions): Codec<T>
export function avro(schema: AvroText | AvroSchema, options: AvroOptions = {}): Codec<unknown> {
  const own = new ProgramSchema(schema, options.long)
  const { registry, subject, framing, alsoReads } = options
  if (registry !== undefined && framing !== undefined) {
    throw new ConfigurationError(
      'Cannot make an Avro codec: it has a registry and a framing, one of them would be right',
    )
  }
  if (registry === undefined && subject !== undefined) {
    throw new ConfigurationError('Cannot make an Avro codec: it has a subject and no registry, both would be right')
  }
  if (framing === undefined && alsoReads !== undefined) {
    const right = 'framing: "singleObject" too would be right, since bare values do not say their schema'
    throw new ConfigurationError(`Cannot make an Avro codec: it also reads other schemas, ${right}`)
  }
  if (registry !== undefined) return registered(own, registry, subject)
  return framing === undefined ? bare(own) : singleObject(own, alsoReads ?? [])
}

/**
 * Records of a registry, each as what its own schema says: the values' types are not known to the program. It does not write. A record
 * of an id that the registry does not have is malformed.
 *
 * @example
 * ```ts
 * const anything = avroOf({ registry: memoryRegistry() })
 * ```
 */
export function avroOf<T = unknown>({ registry, long = 'either' }: AvroOfOptions): Codec<T> {
  const coder = new ValueCoder()
  const learned = new LearnedSchemas(registry, undefined, schema => {
    const writer = writerOf(schema)
    return readFunction(resolve(writer, writer, long))
  })
  return {
    name: `avro by ${registry.name}`,
    decode: (bytes, start, end) => {
      const { id, body, start: from, end: to } = registry.framing.read(bytes, start, end)
      // The type is the user's word.
      return coder.decode(learned.meaning('avro', id), body, from, to) as T
    },
    encode: () => {
      throw new ConfigurationError(
        'Cannot write avro: avroOf() has no schema to write by, avro() with one would be right',
      )
    },
    prepare: (records, signal) => learned.prepare(records, signal),
  }
}

/** Where `avroOf` learns schemas. */
export type AvroOfOptions = {
  readonly registry: SchemaSource
  /**
   * What a `long` is in the program.
   * @default 'either'
   */
  readonly long?: AvroLong
}

function bare(own: ProgramSchema): Codec<unknown> {
  const coder = new ValueCoder()
  let read: Read | undefined
  return {
    name: 'avro',
    decode: (bytes, start, end) => {
      read ??= own.readOf()
      return coder.decode(read, bytes, start, end)
    },
    encode: value => coder.encode(own.write, value),
  }
}

function singleObject(own: ProgramSchema, others: readonly (AvroSchema | AvroText)[]): Codec<unknown> {
  const coder = new ValueCoder()
  const id = fingerprint(own.node)
  const writers = new Map([[id, own.node]])
  for (const schema of others) {
    const { node } = new ProgramSchema(schema)
    const known = writers.get(fingerprint(node))
    if (known !== undefined && meaningForm(known) !== meaningForm(node)) {
      const what = `two schemas have the fingerprint ${fingerprint(node)} and other logical types`
      throw new ConfigurationError(
        `Cannot make an Avro codec: ${what}, types or names that tell them apart would be right`,
      )
    }
    if (known === undefined) writers.set(fingerprint(node), node)
  }
  return {
    name: 'avro',
    decode: (bytes, start, end) => {
      const framed = singleObjectFraming.read(bytes, start, end)
      const writer = writers.get(String(framed.id))
      if (writer === undefined) {
        const known = [...writers.keys()].join(' or ')
        throw new MalformedRecordError(`Cannot read avro: found the fingerprint ${framed.id}, expected ${known}`)
      }
      return coder.decode(own.readOf(writer), framed.body, framed.start, framed.end)
    },
    encode: value => singleObjectFraming.write(id, coder.encode(own.write, value)),
  }
}

function registered(own: ProgramSchema, registry: SchemaSource, subject: string | undefined): Codec<unknown> {
  const { framing } = registry
  const coder = new ValueCoder()
  const written = subject === undefined ? undefined : { subject, schema: own.written }
  const learned = new LearnedSchemas(registry, written, schema => own.readOf(writerOf(schema)))
  return {
    name: `avro by ${registry.name}`,
    decode: (bytes, start, end) => {
      const framed = framing.read(bytes, start, end)
      return coder.decode(learned.meaning('avro', framed.id), framed.body, framed.start, framed.end)
    },
    encode: value => framing.write(learned.ownId('avro'), coder.encode(own.write, value)),
    prepare: (records, signal) => learned.prepare(records, signal),
  }
}

function writerOf(schema: WrittenSchema): SchemaNode {
  if (schema.type === 'AVRO') return parseWritten(schema, { isOwn: false })
  throw new ConfigurationError(`Cannot read an Avro schema: found one of type ${schema.type}, expected AVRO`)
}
