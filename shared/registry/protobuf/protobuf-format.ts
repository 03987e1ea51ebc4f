import type { WrittenReference } from '../../codecs/framing/schema-source.ts'
import { changeText, type ParsedSchema, type SchemaFormat, type SideNames } from '../schema-format.ts'
import { isHarmless } from './proto-change-kinds.ts'
import { type ProtoSide, protoChanges } from './proto-changes.ts'
import { descriptorIn, textOfDescriptor } from './proto-descriptor.ts'
import type { ProtoFile, ProtoMessage, ProtoType } from './proto-file.ts'
import { parseProto } from './proto-parser.ts'
import { protoText } from './proto-text.ts'
import { ProtoTypes } from './proto-types.ts'
import { serializedProto } from './serialized-proto.ts'

/** .proto files, as text or as a compiled descriptor in base64, which becomes text. What a file imports is a reference of the import's name; those of Google's own files need none. */
export const protobufFormat: SchemaFormat = {
  parse: (given, references) => {
    const descriptor = descriptorIn(given)
    const text = descriptor === undefined ? given : textOfDescriptor(descriptor)
    const file = parseProto(text)
    const types = new ProtoTypes()
    addAll(types, references, new Set())
    types.add(file)
    checkImports(file, references)
    checkTypes(file, types)
    return new ParsedProto(protoText(text), { file, types })
  },
}

const isWellKnown = (name: string): boolean => /^(google\/(protobuf|type|api)|confluent)\//.test(name)

function addAll(types: ProtoTypes, references: readonly WrittenReference[], done: Set<string>): void {
  for (const { name, schema } of references) {
    if (done.has(name)) continue
    done.add(name)
    types.add(parseProto(schema.text), name)
    addAll(types, schema.references ?? [], done)
  }
}

function checkImports({ imports }: ProtoFile, references: readonly WrittenReference[]): void {
  for (const name of imports) {
    if (isWellKnown(name) || references.some(reference => reference.name === name)) continue
    throw new Error(`import "${name}" leads nowhere, expected it among the schema's references`)
  }
}

const scalars = new Set(
  'double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'.split(' '),
)

function checkTypes({ types: own, packageName, imports }: ProtoFile, types: ProtoTypes): void {
  const hasWellKnown = imports.some(isWellKnown)
  const check = (type: ProtoType, scope: string): void => {
    if (type.kind === 'enum') return
    const inside = scope === '' ? type.name : `${scope}.${type.name}`
    for (const field of type.fields) checkField(field, type, inside)
    for (const each of type.types) check(each, inside)
  }
  const checkField = ({ name, type }: ProtoMessage['fields'][number], message: ProtoMessage, scope: string): void => {
    if (scalars.has(type) || types.resolve(type, scope) !== undefined) return
    if (hasWellKnown && /^\.?(google|confluent)\./.test(type)) return
    throw new Error(`field "${name}" of message "${message.name}" has type "${type}", which is nowhere`)
  }
  for (const each of own) check(each, packageName)
}

class ParsedProto implements ParsedSchema {
  readonly type = 'PROTOBUF'
  readonly canonical: string
  readonly #side: ProtoSide

  constructor(canonical: string, side: ProtoSide) {
    this.canonical = canonical
    this.#side = side
  }

  normalized(): string {
    return this.canonical
  }

  serialized(): string {
    return serializedProto(this.#side.file, this.#side.types)
  }

  problemsReading(written: ParsedSchema, names: SideNames): readonly string[] {
    if (!(written instanceof ParsedProto)) throw new Error('Cannot compare schemas: they are of different types')
    return protoChanges(written.#side, this.#side)
      .filter(change => !isHarmless(change))
      .map(change => changeText(change, names))
  }
}
