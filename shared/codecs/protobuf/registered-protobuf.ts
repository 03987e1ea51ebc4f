import { ConfigurationError, MalformedRecordError } from '../../model/errors.ts'
import type { Codec } from '../codec.ts'
import { readMessageIndexes, writeMessageIndexes } from '../framing/confluent.ts'
import type { SchemaId } from '../framing/framing.ts'
import { LearnedSchemas, type OwnSchema } from '../framing/learned-schemas.ts'
import type { SchemaSource, WrittenSchema } from '../framing/schema-source.ts'
import { indexesOf, nameAt, type ProtoFile, protoFileOf, sortedNames } from './proto-messages.ts'

/**
 * Records framed as the serializers of Confluent or AWS Glue frame them: the schema's id, then which of its messages it is, then the
 * message. The message must have the name of the one that is expected; what else differs, protobuf's own rules take care of.
 */
export type RegisteredProtobuf = {
  readonly registry: SchemaSource
  /** Under which the schema is registered when records are written. Without it and `proto` the codec only reads. */
  readonly subject?: string
  /** The .proto file that defines the message: its text, or with the files that it imports. */
  readonly proto?: string | WrittenSchema
}

export function registeredProtobuf<T>(bare: Codec<T>, typeName: string, options: RegisteredProtobuf): Codec<T> {
  const { registry } = options
  const own = ownSchema(typeName, options)
  const learned = new LearnedSchemas(registry, own?.schema, messagesOf)
  return {
    name: `protobuf by ${registry.name}`,
    prepare: (records, signal) => learned.prepare(records, signal),
    decode: (bytes, start, end) => {
      const { id, body, start: bodyStart, end: bodyEnd } = registry.framing.read(bytes, start, end)
      const messages = learned.meaning(typeName, id)
      const { name, at } = messages.read(body, bodyStart, bodyEnd)
      if (name !== typeName) {
        const what = name === undefined ? 'no message' : `message ${name}`
        throw new MalformedRecordError(`Cannot read ${typeName}: found ${what} of schema ${id}, expected ${typeName}`)
      }
      return bare.decode(body, at, bodyEnd)
    },
    encode: value => {
      const id = learned.ownId(typeName)
      return registry.framing.write(id, Buffer.concat([own?.prefix(id) ?? new Uint8Array(), bare.encode(value)]))
    },
  }
}

type Messages = {
  /** The full name of the message that a body begins by telling, and where it begins. */
  readonly read: (
    body: Uint8Array,
    start: number,
    end: number,
  ) => { readonly name: string | undefined; readonly at: number }
}

/** What a registry holds may be no .proto file: then it throws. A schema id is a number in Confluent's registry and in ours; in Glue's it is a text. */
function messagesOf({ type, text }: WrittenSchema, id: SchemaId): Messages {
  const file = type === 'PROTOBUF' ? protoFileOf(text) : undefined
  if (file === undefined) throw new Error(`it is of type ${type}, not a .proto file`)
  if (typeof id === 'number') {
    return {
      read: (body, start, end) => {
        const { indexes, start: at } = readMessageIndexes(body, start, end)
        return { name: nameAt(file, indexes), at }
      },
    }
  }
  const names = sortedNames(file)
  return {
    read: (body, start, end) => {
      const { index, at } = readIndex(body, start, end)
      return { name: names[index], at }
    },
  }
}

type Own = { readonly schema: OwnSchema; readonly prefix: (id: SchemaId) => Uint8Array }

function ownSchema(typeName: string, { subject, proto }: RegisteredProtobuf): Own | undefined {
  const refuse = (what: string): never => {
    throw new ConfigurationError(`Cannot make a codec for ${typeName}: ${what}`)
  }
  if (subject === undefined && proto === undefined) return undefined
  if (subject === undefined || proto === undefined) {
    return refuse('it has one of subject and proto, both would be right to write, neither to read only')
  }
  const schema: WrittenSchema = typeof proto === 'string' ? { type: 'PROTOBUF', text: proto } : proto
  const file = schema.type === 'PROTOBUF' ? protoFileOf(schema.text) : undefined
  const indexes = file === undefined ? undefined : indexesOf(file, typeName)
  if (file === undefined || indexes === undefined) {
    return refuse(`proto does not define it, the text of the .proto file that does would be right`)
  }
  const confluent = writeMessageIndexes(indexes)
  const glue = varint(glueIndex(file, typeName))
  return { schema: { subject, schema }, prefix: id => (typeof id === 'number' ? confluent : glue) }
}

const glueIndex = (file: ProtoFile, typeName: string): number => sortedNames(file).indexOf(typeName)

function readIndex(body: Uint8Array, start: number, end: number): { readonly index: number; readonly at: number } {
  let index = 0
  for (let at = start; at < Math.min(end, start + 4); at++) {
    index += (body[at] & 0x7f) << (7 * (at - start))
    if (body[at] < 0x80) return { index, at: at + 1 }
  }
  throw new MalformedRecordError(
    `Cannot read protobuf: found ${end - start} bytes without a message index, expected one before the message`,
  )
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Uint8Array.from([...bytes, rest])
}
