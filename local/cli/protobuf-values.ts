import type { DescMessage, FileRegistry, Message } from '@bufbuild/protobuf'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { Codec } from '../../shared/codecs/codec.ts'
import { readMessageIndexes } from '../../shared/codecs/framing/confluent.ts'
import type { Framed } from '../../shared/codecs/framing/framing.ts'
import { LearnedSchemas } from '../../shared/codecs/framing/learned-schemas.ts'
import type { SchemaSource, WrittenSchema } from '../../shared/codecs/framing/schema-source.ts'
import { protobuf } from '../../shared/codecs/protobuf/index.ts'
import { nameAt, type ProtoFile, protoFileOf, sortedNames } from '../../shared/codecs/protobuf/proto-messages.ts'
import { MalformedRecordError } from '../../shared/model/errors.ts'
import { UsageError } from './command-line.ts'
import { messageOfFile } from './proto-file.ts'
import { typesOfProto } from './proto-types.ts'
import { jsonOfMessage } from './protobuf-json.ts'
import type { RecordValues } from './record-values.ts'
import { jsonText } from './value-text.ts'

export type ProtobufValuesOptions = {
  /** The .proto file. Without one each record is read by its own, which the registry has. */
  readonly schema?: string | undefined
  readonly message?: string | undefined
}

/** Protobuf messages as JSON, as the options say. Throws a sentence when the schema cannot be used. */
export async function protobufValues(
  { schema: file, message: name }: ProtobufValuesOptions,
  registry: SchemaSource | undefined,
): Promise<RecordValues> {
  if (file === undefined) {
    if (registry !== undefined) return anyValues(registry)
    throw new UsageError('Cannot read protobuf records: there is no schema, add --schema FILE or --registry PLACE')
  }
  const { message, types } = await messageOfFile(file, name)
  const codec = protobuf(message, registry === undefined ? {} : { registry })
  return {
    prepare: (data, signal) => codec.prepare?.([data], signal),
    valueOf: data => jsonOfMessage(message, codec.decode(data, 0, data.length), types),
    textOf: jsonText,
  }
}

/** Each record as the message that it says it is, of the file that it was written by. */
function anyValues(registry: SchemaSource): RecordValues {
  const learned = new LearnedSchemas(registry, undefined, writtenTypes)
  return {
    prepare: (data, signal) => learned.prepare([data], signal),
    valueOf: data => {
      const framed = registry.framing.read(data, 0, data.length)
      const written = learned.meaning('protobuf', framed.id)
      const { name, start } = messageName(written.file, framed)
      const { desc, codec } = written.messageNamed(name)
      return jsonOfMessage(desc, codec.decode(framed.body, start, framed.end), written.types)
    },
    textOf: jsonText,
  }
}

type NamedMessage = { readonly desc: DescMessage; readonly codec: Codec<Message> }

type WrittenTypes = {
  readonly file: ProtoFile
  readonly types: FileRegistry
  /** Throws a MalformedRecordError. */
  messageNamed(name: string | undefined): NamedMessage
}

function writtenTypes(schema: WrittenSchema): WrittenTypes {
  const file = schema.type === 'PROTOBUF' ? protoFileOf(schema.text) : undefined
  if (file === undefined) throw new Error(`it is of type ${schema.type}, not a .proto file`)
  const { registry: types } = typesOfProto(schema)
  const known = new Map<string, NamedMessage>()
  const messageNamed = (name = ''): NamedMessage => {
    const before = known.get(name)
    if (before !== undefined) return before
    const desc = types.getMessage(name)
    if (desc === undefined) {
      throw new MalformedRecordError('Cannot read protobuf: found the indexes of no message, expected those of one')
    }
    const made = { desc, codec: protobuf(desc) }
    known.set(name, made)
    return made
  }
  return { file, types, messageNamed }
}

/** Which message a body begins by telling, and where it begins. Confluent's registry has ids that are numbers, and Glue's texts. */
function messageName(file: ProtoFile, { id, body, start, end }: Framed) {
  if (typeof id === 'number') {
    const { indexes, start: at } = readMessageIndexes(body, start, end)
    return { name: nameAt(file, indexes), start: at }
  }
  const reader = new BinaryReader(body.subarray(start, end))
  try {
    return { name: sortedNames(file)[reader.uint32()], start: start + reader.pos }
  } catch (cause) {
    throw new MalformedRecordError('Cannot read protobuf: found no message index, expected one before the message', {
      cause,
    })
  }
}
